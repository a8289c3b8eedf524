/**
 * The Internet checksum (RFC 1071): the one's complement of the one's
 * complement sum of 16-bit big-endian words.
 *
 * Sums are numbers that {@linkcode fold} brings into 16 bits; a sum taken over
 * one stretch of bytes is the `initial` of the next. Every stretch but the last
 * must have an even length.
 *
 * Meant for many stretches of the same array, such as a burst's arena: for each
 * new array a small view is made.
 *
 * @module
 */

const WORD_MASK = 0xffff;
const WORD_BITS = 16;
const UNROLLED_BYTES = 16;
/** Shorter stretches are not worth a view. */
const MIN_VIEWED_BYTES = 64;

const SOURCE4_OFFSET = 12;
const ADDRESSES4_BYTES = 8;
const SOURCE6_OFFSET = 8;
const ADDRESSES6_BYTES = 32;

/**
 * Adds up the 16-bit words of a stretch of bytes. An odd last byte counts as a
 * word whose second byte is zero.
 *
 * @param bytes Holds the stretch.
 * @param offset Of its first byte; may be odd.
 * @param length In bytes, at most 128 KiB.
 * @param initial What to add to: 0, or a sum.
 * @returns A sum, from 0 to 0xffff; 0 only if everything was zero.
 */
export function sum(
  bytes: Uint8Array,
  offset: number,
  length: number,
  initial: number,
): number {
  const end = offset + length;
  let at = offset;
  let total = fold(initial);
  if (length >= MIN_VIEWED_BYTES) {
    at = end - length % UNROLLED_BYTES;
    total += sumUnrolled(viewOf(bytes), offset, at);
  }
  for (; at + 1 < end; at += 2) total += (bytes[at] << 8) | bytes[at + 1];
  if (at < end) total += bytes[at] << 8;
  return fold(total);
}

/**
 * Sum from one offset to another, a multiple of 16 bytes away. Reading 32 bits
 * at a time takes 190 ns for 1398 bytes, reading single bytes 650 ns. The
 * upper and the lower halves are summed up apart, so that both sums stay below
 * 2^31: beyond, V8 would go over to floating point.
 */
function sumUnrolled(view: DataView, offset: number, end: number): number {
  let upper = 0;
  let lower = 0;
  for (let at = offset; at < end; at += UNROLLED_BYTES) {
    const first = view.getUint32(at);
    const second = view.getUint32(at + 4);
    const third = view.getUint32(at + 8);
    const fourth = view.getUint32(at + 12);
    upper += (first >>> WORD_BITS) + (second >>> WORD_BITS) +
      (third >>> WORD_BITS) + (fourth >>> WORD_BITS);
    lower += (first & WORD_MASK) + (second & WORD_MASK) +
      (third & WORD_MASK) + (fourth & WORD_MASK);
  }
  return fold(upper) + fold(lower);
}

let viewed: Uint8Array | undefined;
let lastView: DataView = new DataView(new ArrayBuffer(0));

/** A view of the array, made anew only when it is not the same one as before. */
function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    viewed = bytes;
  }
  return lastView;
}

/**
 * Brings a sum into 16 bits, each carry added back in.
 *
 * @param sum Below 2^32.
 * @returns 0 to 0xffff. Over data that holds its own checksum, 0xffff says
 * that it is right.
 */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > WORD_MASK) folded = (folded & WORD_MASK) + (folded >>> 16);
  return folded;
}

/**
 * The checksum of a stretch of bytes, as it is written into a header whose
 * checksum field was zero.
 *
 * @param bytes Holds the stretch.
 * @param offset Of its first byte; may be odd.
 * @param length In bytes, at most 128 KiB.
 * @param initial 0, or a sum to go on from, e.g. a pseudo-header's.
 * @returns 0 to 0xffff. A UDP header takes 0xffff in place of 0, which means no
 * checksum there (RFC 768).
 */
export function checksum(
  bytes: Uint8Array,
  offset: number,
  length: number,
  initial: number = 0,
): number {
  return ~fold(sum(bytes, offset, length, initial)) & WORD_MASK;
}

/**
 * Sum of the IPv4 pseudo-header (RFC 9293 section 3.1, RFC 768).
 *
 * @param bytes Holds the packet, its header at least.
 * @param ipOffset Of the IPv4 header's first byte.
 * @param protocol That is being summed up: its number in IPv4.
 * @param length Of its header and data, in bytes.
 */
export function pseudoHeaderSum4(
  bytes: Uint8Array,
  ipOffset: number,
  protocol: number,
  length: number,
): number {
  return sum(
    bytes,
    ipOffset + SOURCE4_OFFSET,
    ADDRESSES4_BYTES,
    protocol + length,
  );
}

/**
 * Sum of the IPv6 pseudo-header (RFC 8200 section 8.1).
 *
 * @param bytes Holds the packet, its header at least.
 * @param ipOffset Of the IPv6 header's first byte.
 * @param protocol That is being summed up: its number as a next header.
 * @param length Of its header and data, in bytes.
 */
export function pseudoHeaderSum6(
  bytes: Uint8Array,
  ipOffset: number,
  protocol: number,
  length: number,
): number {
  return sum(
    bytes,
    ipOffset + SOURCE6_OFFSET,
    ADDRESSES6_BYTES,
    protocol + length,
  );
}
