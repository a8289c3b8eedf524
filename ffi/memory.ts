/**
 * Addresses and scatter lists: `struct iovec` (sys/uio.h).
 *
 * @module
 */

/** Size of `struct iovec`: a 64-bit address, a 64-bit length. */
export const IOVEC_BYTES = 16;

const IOVEC_WORDS = IOVEC_BYTES / 4;
const WORD = 0x1_0000_0000;

/**
 * Address of an array's first byte, as a number: user addresses are below
 * 2^47. The array must have at least one byte, and the caller keeps it alive
 * while C may use the address.
 */
export function addressOf(view: ArrayBufferView<ArrayBufferLike>): number {
  const pointer = Deno.UnsafePointer.of(view as ArrayBufferView<ArrayBuffer>);
  if (pointer === null) {
    throw new TypeError("Cannot take the address of an array: it is empty");
  }
  return Number(Deno.UnsafePointer.value(pointer));
}

/**
 * Writes a 64-bit address or length as two 32-bit halves, low half first.
 *
 * @param words Where to write, as 32-bit words.
 * @param index Index of the low half.
 * @param value Below 2^53.
 */
export function putWord64(
  words: Uint32Array,
  index: number,
  value: number,
): void {
  words[index] = value;
  words[index + 1] = value / WORD;
}

/** The base of addresses that are whole already. */
export const ABSOLUTE = 0;

/** Bases of a table, {@linkcode ABSOLUTE} included. */
const MAX_BASES = 8;

/**
 * Where arrays stand, by small numbers.
 *
 * An address does not fit a small integer, and V8 would allocate a box for each
 * one that is handed from function to function. So a frame path hands on the
 * number of a base and an offset.
 */
export class Bases {
  /** Address of each base. */
  readonly addresses: Float64Array<ArrayBuffer> = new Float64Array(MAX_BASES);
  readonly #arrays: (Uint8Array | undefined)[] = Array(MAX_BASES).fill(
    undefined,
  );

  /**
   * Makes a base of an array's first byte; keeps the array alive until another
   * takes its place. Cheap when it is the same one again.
   *
   * @param base 1 to 7.
   * @param array Not empty.
   */
  point(base: number, array: Uint8Array): void {
    if (array === this.#arrays[base]) return;
    this.addresses[base] = addressOf(array);
    this.#arrays[base] = array;
  }
}

/** A table of `struct iovec`, written for each call and handed to the kernel. */
export class Iovecs {
  /** The table: pass it to `readv`, `writev`. Host byte order. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Its address, for `msg_iov`. */
  readonly address: number;
  /** What its entries are relative to. */
  readonly bases: Bases = new Bases();
  readonly #addresses = this.bases.addresses;

  /** @param capacity Number of entries. */
  constructor(readonly capacity: number) {
    this.words = new Uint32Array(capacity * IOVEC_WORDS);
    this.address = addressOf(this.words);
  }

  /**
   * Writes one entry. Allocates nothing.
   *
   * @param index Below `capacity`.
   * @param base That the memory is relative to.
   * @param offset In bytes; with {@linkcode ABSOLUTE}, the address.
   * @param length In bytes, below 2^32.
   */
  set(index: number, base: number, offset: number, length: number): void {
    const at = index * IOVEC_WORDS;
    const address = this.#addresses[base] + offset;
    this.words[at] = address;
    this.words[at + 1] = address / WORD;
    this.words[at + 2] = length;
  }
}
