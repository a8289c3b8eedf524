/**
 * Internet checksums by 128-bit vectors: a WebAssembly module, compiled from
 * `kernel/checksum.as.ts`, that works on a memory which it is given.
 *
 * @module
 */

import { CHECKSUM_WASM } from "./kernel/checksum_wasm.ts";

/** What the module does. Offsets are in its memory, which it does not check them against. */
export interface ChecksumKernel {
  /**
   * Sum of a stretch of bytes as 16-bit big-endian words, each carry added
   * back in; an odd last byte counts as a word whose second byte is zero. Reads
   * up to 15 bytes before and behind the stretch.
   *
   * @param offset Of the stretch's first byte; may be odd.
   * @param length In bytes, at most 1 MiB.
   * @returns 0 to 0xffff; 0 only if everything was zero.
   */
  sum(offset: number, length: number): number;

  /**
   * Sums of the pieces that a stretch is cut into.
   *
   * @param offset Of the stretch's first byte; may be odd.
   * @param length In bytes, at most 1 MiB.
   * @param pieceBytes Length of every piece but the last: at least 1, and may be odd.
   * @param table Where to write one sum a piece: 16 bits, little-endian.
   */
  sumPieces(
    offset: number,
    length: number,
    pieceBytes: number,
    table: number,
  ): void;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Instantiates the module on a memory.
 *
 * @throws {WebAssembly.CompileError} Where the processor has no 128-bit vectors.
 */
export function bindChecksumKernel(memory: WebAssembly.Memory): ChecksumKernel {
  compiled ??= new WebAssembly.Module(decode(CHECKSUM_WASM));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return exports as unknown as ChecksumKernel; // as kernel/checksum.as.ts exports them
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (digit) => digit.charCodeAt(0));
}
