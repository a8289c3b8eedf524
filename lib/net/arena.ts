/**
 * Arenas: the bytes that a burst's frames stand in, with the sums over them
 * that checksums are made of.
 *
 * A {@linkcode SimdArena} sums up a segment of 1398 bytes in 40 ns, a
 * {@linkcode PlainArena} in 250 (Deno 2.9.6, a Xeon at 2.7 GHz, idle otherwise;
 * tests/lib/net/segmenter_bench.ts).
 *
 * @module
 */

import { bindChecksumKernel, type ChecksumKernel } from "./checksum_kernel.ts";
import { sum } from "./checksum.ts";

/** As many pieces as the longest packet has bytes. */
const MAX_PIECES = 65536;

const SUM_BYTES = 2;
const PAGE_BYTES = 65536;
/** Unit of an arena's size: whole vectors, so that the kernel never reads past the bytes. */
const ALIGN_BYTES = 64;
/** Copied in one round: four words of 32 bits. */
const COPIED_BYTES = 16;

/** Bytes with a fixed address, and sums over them. */
export interface Arena {
  /** The bytes. Their address never changes. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  /** The same bytes, for words that stand anywhere. */
  readonly view: DataView<ArrayBuffer>;

  /** What `sumPieces` wrote last: 65,536 cells, in host order. */
  readonly pieceSums: Uint16Array<ArrayBuffer>;

  /**
   * Adds up a stretch of the bytes as 16-bit big-endian words, each carry
   * added back in: what `sum` of checksum.ts returns. Offsets are not checked.
   *
   * @param offset Of the stretch's first byte; may be odd.
   * @param length In bytes, at most 128 KiB; an odd last byte counts as a word
   * whose second byte is zero.
   * @returns 0 to 0xffff; 0 only if everything was zero.
   */
  sum(offset: number, length: number): number;

  /**
   * Cuts a stretch of the bytes into pieces and writes the sum of each to
   * `pieceSums`, from its first cell on. Offsets are not checked.
   *
   * @param offset Of the stretch's first byte; may be odd.
   * @param length In bytes, at most 65,536.
   * @param pieceBytes Length of every piece but the last: at least 1, and may be odd.
   */
  sumPieces(offset: number, length: number, pieceBytes: number): void;
}

/** An arena in a WebAssembly memory of its own, summed up there by vectors. */
export class SimdArena implements Arena {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly pieceSums: Uint16Array<ArrayBuffer>;
  readonly #kernel: ChecksumKernel;
  readonly #table: number;

  /**
   * Makes an arena of zeros, which take memory only once they are written to.
   *
   * @param sizeBytes Rounded up to a multiple of 64.
   * @throws {WebAssembly.CompileError} Where the processor has no 128-bit vectors.
   */
  constructor(sizeBytes: number) {
    const size = roundUp(sizeBytes);
    const pages = Math.ceil((size + MAX_PIECES * SUM_BYTES) / PAGE_BYTES);
    // Not to grow: growing would detach the buffer, and with it every view.
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const buffer = memory.buffer as ArrayBuffer; // not a shared memory
    this.bytes = new Uint8Array(buffer, 0, size);
    this.view = new DataView(buffer, 0, size);
    this.pieceSums = new Uint16Array(buffer, size, MAX_PIECES);
    this.#kernel = bindChecksumKernel(memory);
    this.#table = size;
  }

  sum(offset: number, length: number): number {
    return this.#kernel.sum(offset, length);
  }

  sumPieces(offset: number, length: number, pieceBytes: number): void {
    this.#kernel.sumPieces(offset, length, pieceBytes, this.#table);
  }
}

/** An arena in an ordinary buffer, summed up in TypeScript. */
export class PlainArena implements Arena {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly pieceSums: Uint16Array<ArrayBuffer> = new Uint16Array(MAX_PIECES);

  /**
   * Makes an arena of zeros.
   *
   * @param sizeBytes Rounded up to a multiple of 64.
   */
  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(roundUp(sizeBytes));
    this.view = new DataView(this.bytes.buffer);
  }

  sum(offset: number, length: number): number {
    return sum(this.bytes, offset, length, 0);
  }

  sumPieces(offset: number, length: number, pieceBytes: number): void {
    const end = offset + length;
    let index = 0;
    for (let at = offset; at < end; at += pieceBytes) {
      const left = end - at;
      this.pieceSums[index++] = sum(
        this.bytes,
        at,
        left < pieceBytes ? left : pieceBytes,
        0,
      );
    }
  }
}

/**
 * Makes the fastest arena that this machine allows: a {@linkcode SimdArena},
 * or a {@linkcode PlainArena} where V8 runs no WebAssembly (`--jitless`) or the
 * processor has no vectors.
 *
 * @param sizeBytes Rounded up to a multiple of 64.
 */
export function makeArena(sizeBytes: number): Arena {
  if (typeof WebAssembly === "undefined") return new PlainArena(sizeBytes);
  try {
    return new SimdArena(sizeBytes);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    return new PlainArena(sizeBytes);
  }
}

/**
 * Copies bytes from one arena to another without making a view of either:
 * nothing is allocated. 1448 bytes take 320 ns, where `set` takes 70 and leaves
 * a view behind to be collected (measured as above). Not for stretches of one arena that overlap. Offsets
 * must be in range.
 *
 * @param from Offset of the first byte in `source`.
 * @param to Offset of the first byte in `sink`.
 * @param length In bytes.
 */
export function copyBetween(
  source: Arena,
  from: number,
  sink: Arena,
  to: number,
  length: number,
): void {
  const words = length & ~(COPIED_BYTES - 1);
  copyWords(source.view, from, sink.view, to, words);
  for (let at = words; at < length; at++) {
    sink.bytes[to + at] = source.bytes[from + at];
  }
}

/** Apart from the loop over bytes: with both in one function, it takes 420 ns instead of 320. */
function copyWords(
  read: DataView,
  from: number,
  write: DataView,
  to: number,
  length: number,
): void {
  for (let at = 0; at < length; at += COPIED_BYTES) {
    write.setInt32(to + at, read.getInt32(from + at, true), true);
    write.setInt32(to + at + 4, read.getInt32(from + at + 4, true), true);
    write.setInt32(to + at + 8, read.getInt32(from + at + 8, true), true);
    write.setInt32(to + at + 12, read.getInt32(from + at + 12, true), true);
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}
