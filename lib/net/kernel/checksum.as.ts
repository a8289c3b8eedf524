// deno-lint-ignore-file
// @ts-nocheck The types are AssemblyScript's: `.ci/build_kernel` compiles this file, Deno never runs it.
/**
 * The Internet checksum's sum (RFC 1071) with 128-bit vectors, over the memory
 * that the module imports. Written in AssemblyScript; `.ci/build_kernel`
 * compiles it into `checksum_wasm.ts`.
 *
 * Vectors are loaded at multiples of 16 bytes only, and what they hold outside
 * of the stretch is masked off: there is no loop over single bytes, and no load
 * crosses a cache line. The memory must therefore reach from the multiple of 16
 * before a stretch to the one behind it.
 *
 * Words are added up as the machine has them, least significant byte first.
 * The sum is the same with the bytes of all words swapped (RFC 1071 section 2),
 * so that one swap at the end suffices; and none where the stretch begins at an
 * odd address, since its words' bytes then stand swapped in the vectors.
 *
 * For each vector, one addition takes the 32-bit lanes as they are, modulo
 * 2^32, and one their upper halves. What the lower halves come to is the
 * difference: three instructions for 16 bytes.
 */

const VECTOR_BYTES: usize = 16;
const UNROLLED_BYTES: usize = 64;

/**
 * Sum of a stretch of bytes as 16-bit big-endian words, each carry added back
 * in. An odd last byte counts as a word whose second byte is zero.
 *
 * @param offset Of its first byte.
 * @param length In bytes, at most 2^20.
 * @returns 0 to 0xffff; 0 only if everything was zero.
 */
export function sum(offset: usize, length: usize): u32 {
  return length == 0 ? 0 : sumOne(offset, length);
}

/**
 * Sums of the pieces that a stretch is cut into, one after the other.
 *
 * @param offset Of the stretch's first byte.
 * @param length Of the stretch, in bytes.
 * @param pieceBytes Length of every piece but the last, which is what is left; at least 1.
 * @param table Where the sums are written to: 16 bits each, little-endian.
 */
export function sumPieces(
  offset: usize,
  length: usize,
  pieceBytes: usize,
  table: usize,
): void {
  const end = offset + length;
  while (offset < end) {
    store<u16>(table, sumOne(offset, min(pieceBytes, end - offset)));
    offset += pieceBytes;
    table += 2;
  }
}

/** As `sum`, of at least one byte. */
function sumOne(offset: usize, length: usize): u32 {
  const end = offset + length;
  let at = offset & ~(VECTOR_BYTES - 1);
  const last = end & ~(VECTOR_BYTES - 1);
  const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const from = i8x16.ge_u(lanes, i8x16.splat(<i8> (offset - at)));
  const until = i8x16.lt_u(lanes, i8x16.splat(<i8> (end - last)));
  let words = v128.and(v128.load(at), from);
  if (at == last) {
    words = v128.and(words, until);
    return finish(words, i32x4.shr_u(words, 16), offset);
  }
  let upper = i32x4.shr_u(words, 16);
  at += VECTOR_BYTES;
  while (at + UNROLLED_BYTES <= last) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    words = i32x4.add(words, i32x4.add(i32x4.add(a, b), i32x4.add(c, d)));
    upper = i32x4.add(
      upper,
      i32x4.add(
        i32x4.add(i32x4.shr_u(a, 16), i32x4.shr_u(b, 16)),
        i32x4.add(i32x4.shr_u(c, 16), i32x4.shr_u(d, 16)),
      ),
    );
    at += UNROLLED_BYTES;
  }
  while (at < last) {
    const a = v128.load(at);
    words = i32x4.add(words, a);
    upper = i32x4.add(upper, i32x4.shr_u(a, 16));
    at += VECTOR_BYTES;
  }
  if (end != last) {
    const a = v128.and(v128.load(at), until);
    words = i32x4.add(words, a);
    upper = i32x4.add(upper, i32x4.shr_u(a, 16));
  }
  return finish(words, upper, offset);
}

/** Brings the lanes together: `words` and `upper` as the head of this file says. */
function finish(words: v128, upper: v128, offset: usize): u32 {
  const lower = i32x4.sub(words, i32x4.shl(upper, 16));
  // each lane is below 2^32: 64 bits for their sum
  const low = i64x2.add(
    i64x2.extend_low_i32x4_u(lower),
    i64x2.extend_high_i32x4_u(lower),
  );
  const high = i64x2.add(
    i64x2.extend_low_i32x4_u(upper),
    i64x2.extend_high_i32x4_u(upper),
  );
  const both = i64x2.add(low, high);
  let total = i64x2.extract_lane(both, 0) + i64x2.extract_lane(both, 1);
  total = (total & 0xffff_ffff) + (total >> 32);
  total = (total & 0xffff) + (total >> 16);
  total = (total & 0xffff) + (total >> 16);
  total = (total & 0xffff) + (total >> 16);
  const sum = <u32> total;
  return offset & 1 ? sum : (sum >> 8) | ((sum & 0xff) << 8);
}
