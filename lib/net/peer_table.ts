/**
 * Peers: socket addresses as the kernel writes them, numbered so that a
 * {@linkcode MacTable} can name them as owners.
 *
 * An address stands in its slot as it is handed back to the kernel
 * (`msg_name`). `struct sockaddr_in` (netinet/in.h, 16 bytes): family 2 in host
 * order, port and address in network order, 8 bytes of padding.
 * `struct sockaddr_in6` (28 bytes): family 10, port, flow information, 16 bytes
 * of address, scope id in host order. Host order is little-endian: x86-64 and
 * arm64 Linux.
 *
 * Two addresses are the same peer when family, port and address agree, and for
 * IPv6 the scope. Flow information and padding say nothing about the peer, and
 * are kept as zeros.
 *
 * @module
 */

import { hashKeys } from "./hash_keys.ts";

/** Distance from one slot's address to the next. */
export const PEER_SLOT_BYTES = 32;

/** `struct sockaddr_in`. */
export const SOCKADDR_IN_BYTES = 16;

/** `struct sockaddr_in6`. */
export const SOCKADDR_IN6_BYTES = 28;

/** Most peers that a {@linkcode PeerTable} can be made for. */
export const MAX_PEER_TABLE_CAPACITY = 0x1_0000;

const AF_INET = 2;
const AF_INET6 = 10;
/** Family and port, in both structs. */
const HEAD_BYTES = 4;
/** Family, port and address of a `struct sockaddr_in`: what is compared. */
const IDENTITY4_BYTES = 8;
/** Where a `struct sockaddr_in6` goes on behind the flow information. */
const ADDRESS6_OFFSET = 8;
/** Its address and scope. */
const ADDRESS6_BYTES: number = SOCKADDR_IN6_BYTES - ADDRESS6_OFFSET;

/** Keys for the head: one that is added, one for each 16-bit word. */
const HEAD_KEYS = 1 + HEAD_BYTES / 2;
/** Keys for the longer struct: those and the same for the address. */
const KEYS = HEAD_KEYS + 1 + ADDRESS6_BYTES / 2;

const NONE = -1;
/** Numbers for socket addresses. Not shared between threads. */
export class PeerTable {
  /** Most peers held at a time. */
  readonly capacity: number;

  /**
   * The addresses: slot n's first byte is at n times
   * {@linkcode PEER_SLOT_BYTES}. For the kernel to read; its address never
   * changes. A slot that is not in use holds zeros.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;

  readonly #keys: Int32Array;
  readonly #shift: number;
  /** First slot of each bucket's chain. */
  readonly #buckets: Int32Array;
  /** Of each slot: the next one of its chain, or of the free slots. */
  readonly #next: Int32Array;
  /** Of each slot. */
  readonly #hashes: Int32Array;
  #free = NONE;
  #size = 0;

  /**
   * Makes an empty table.
   *
   * @param capacity 1 to {@linkcode MAX_PEER_TABLE_CAPACITY}.
   * @param seed Makes the hash repeatable, for tests; random unless given.
   * @throws {RangeError} If the capacity is out of range.
   */
  constructor(capacity: number, seed?: number) {
    if (
      !Number.isInteger(capacity) || capacity < 1 ||
      capacity > MAX_PEER_TABLE_CAPACITY
    ) {
      throw new RangeError(
        `Cannot make a peer table as capacity must be 1 to ${MAX_PEER_TABLE_CAPACITY}: received ${capacity}`,
      );
    }
    // Twice as many buckets as slots: chains stay short.
    const bits = 33 - Math.clz32(capacity - 1);
    this.capacity = capacity;
    this.bytes = new Uint8Array(capacity * PEER_SLOT_BYTES);
    this.#keys = hashKeys(KEYS, seed);
    this.#shift = 32 - bits;
    this.#buckets = new Int32Array(1 << bits).fill(NONE);
    this.#next = new Int32Array(capacity);
    this.#hashes = new Int32Array(capacity);
    for (let slot = capacity - 1; slot >= 0; slot--) this.#release(slot);
  }

  /** Peers held. */
  get size(): number {
    return this.#size;
  }

  /** Length of the address in a slot, for `msg_namelen`; 0 when not in use. */
  lengthOf(slot: number): number {
    return sockaddrLength(this.bytes, slot * PEER_SLOT_BYTES);
  }

  /**
   * Finds a peer.
   *
   * @param source Holds the whole of the address: not checked.
   * @param offset Of the address's first byte.
   * @returns Its slot; -1 when it is unknown, or of another family.
   */
  find(source: Uint8Array, offset: number): number {
    const length = sockaddrLength(source, offset);
    if (length === 0) return NONE;
    return this.#lookup(
      source,
      offset,
      length,
      this.#hash(source, offset, length),
    );
  }

  /**
   * Notes a peer. One that is known keeps its slot.
   *
   * @param source Holds the address. Copied; stays the caller's.
   * @param offset Of the address's first byte.
   * @param length Of the address in bytes, as the kernel gave it.
   * @returns Its slot; -1 when the table is full, or `source` holds no
   * internet address of this length.
   */
  add(source: Uint8Array, offset: number, length: number): number {
    const wanted = sockaddrLength(source, offset);
    if (wanted === 0 || length < wanted) return NONE;
    const hash = this.#hash(source, offset, wanted);
    const known = this.#lookup(source, offset, wanted, hash);
    if (known !== NONE || this.#free === NONE) return known;
    const slot = this.#free;
    this.#free = this.#next[slot];
    const bucket = hash >>> this.#shift;
    this.#next[slot] = this.#buckets[bucket];
    this.#buckets[bucket] = slot;
    this.#hashes[slot] = hash;
    this.#store(slot, source, offset, wanted);
    this.#size++;
    return slot;
  }

  /**
   * Forgets the peer in a slot, which is then free for another: whatever
   * refers to the slot must be forgotten before. A slot that is not in use is
   * left alone.
   */
  remove(slot: number): void {
    if (this.lengthOf(slot) === 0) return;
    this.#unchain(slot);
    const start = slot * PEER_SLOT_BYTES;
    this.bytes.fill(0, start, start + PEER_SLOT_BYTES);
    this.#release(slot);
    this.#size--;
  }

  #hash(source: Uint8Array, offset: number, length: number): number {
    const keys = this.#keys;
    if (length === SOCKADDR_IN_BYTES) {
      return hashSpan(keys, 0, source, offset, IDENTITY4_BYTES);
    }
    // A sum of sums: the head's words and the address's words have keys apart.
    return hashSpan(keys, 0, source, offset, HEAD_BYTES) +
        hashSpan(
          keys,
          HEAD_KEYS,
          source,
          offset + ADDRESS6_OFFSET,
          ADDRESS6_BYTES,
        ) | 0;
  }

  #lookup(
    source: Uint8Array,
    offset: number,
    length: number,
    hash: number,
  ): number {
    let slot = this.#buckets[hash >>> this.#shift];
    while (slot !== NONE) {
      if (
        this.#hashes[slot] === hash && this.#holds(slot, source, offset, length)
      ) break;
      slot = this.#next[slot];
    }
    return slot;
  }

  #holds(
    slot: number,
    source: Uint8Array,
    offset: number,
    length: number,
  ): boolean {
    const own = this.bytes;
    const start = slot * PEER_SLOT_BYTES;
    if (length === SOCKADDR_IN_BYTES) {
      return isSameSpan(own, start, source, offset, IDENTITY4_BYTES);
    }
    return isSameSpan(own, start, source, offset, HEAD_BYTES) &&
      isSameSpan(
        own,
        start + ADDRESS6_OFFSET,
        source,
        offset + ADDRESS6_OFFSET,
        ADDRESS6_BYTES,
      );
  }

  /** Copies what is compared; the slot holds zeros before. */
  #store(
    slot: number,
    source: Uint8Array,
    offset: number,
    length: number,
  ): void {
    const own = this.bytes;
    const start = slot * PEER_SLOT_BYTES;
    if (length === SOCKADDR_IN_BYTES) {
      copySpan(source, offset, own, start, IDENTITY4_BYTES);
      return;
    }
    copySpan(source, offset, own, start, HEAD_BYTES);
    copySpan(
      source,
      offset + ADDRESS6_OFFSET,
      own,
      start + ADDRESS6_OFFSET,
      ADDRESS6_BYTES,
    );
  }

  #unchain(slot: number): void {
    const next = this.#next;
    const bucket = this.#hashes[slot] >>> this.#shift;
    let before = this.#buckets[bucket];
    if (before === slot) {
      this.#buckets[bucket] = next[slot];
      return;
    }
    while (next[before] !== slot) before = next[before];
    next[before] = next[slot];
  }

  #release(slot: number): void {
    this.#next[slot] = this.#free;
    this.#free = slot;
  }
}

/** Length of the address at an offset, as its family has it; 0 for a family without one. */
function sockaddrLength(bytes: Uint8Array, offset: number): number {
  if (bytes[offset + 1] !== 0) return 0;
  if (bytes[offset] === AF_INET) return SOCKADDR_IN_BYTES;
  return bytes[offset] === AF_INET6 ? SOCKADDR_IN6_BYTES : 0;
}

/** Sum of a multiple of 4 bytes as 16-bit words, each times a key behind `keys[key]`. */
function hashSpan(
  keys: Int32Array,
  key: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  let sum = keys[key];
  for (let at = 0; at < length; at += 4) {
    const word = readWord(bytes, offset + at);
    sum = sum + Math.imul(keys[key + 1], word >>> 16) +
        Math.imul(keys[key + 2], word & 0xffff) | 0;
    key += 2;
  }
  return sum;
}

function readWord(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] << 24) | (bytes[offset + 1] << 16) |
    (bytes[offset + 2] << 8) | bytes[offset + 3];
}

/** Whether a multiple of 4 bytes is the same here and there. */
function isSameSpan(
  left: Uint8Array,
  leftOffset: number,
  right: Uint8Array,
  rightOffset: number,
  length: number,
): boolean {
  for (let at = 0; at < length; at += 4) {
    const word = readWord(right, rightOffset + at);
    if (readWord(left, leftOffset + at) !== word) return false;
  }
  return true;
}

function copySpan(
  source: Uint8Array,
  offset: number,
  target: Uint8Array,
  targetOffset: number,
  length: number,
): void {
  for (let at = 0; at < length; at++) {
    target[targetOffset + at] = source[offset + at];
  }
}
