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

/** A table of `struct iovec`, written for each call and handed to the kernel. */
export class Iovecs {
  /** The table: pass it to `readv`, `writev`. Host byte order. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Its address, for `msg_iov`. */
  readonly address: number;

  /** @param capacity Number of entries. */
  constructor(readonly capacity: number) {
    this.words = new Uint32Array(capacity * IOVEC_WORDS);
    this.address = addressOf(this.words);
  }

  /**
   * Writes one entry.
   *
   * @param index Below `capacity`.
   * @param address From {@linkcode addressOf}, plus an offset.
   * @param length In bytes, below 2^32.
   */
  set(index: number, address: number, length: number): void {
    const at = index * IOVEC_WORDS;
    this.words[at] = address;
    this.words[at + 1] = address / WORD;
    this.words[at + 2] = length;
  }
}

/** Remembers where an array stands: asking costs a call, and a plug sees the same burst again and again. */
export class AddressCache {
  #array: Uint8Array | undefined;
  #address = 0;

  /** Address of `array`'s first byte; it is kept alive until the next array comes. */
  of(array: Uint8Array): number {
    if (array !== this.#array) {
      this.#address = addressOf(array);
      this.#array = array;
    }
    return this.#address;
  }
}
