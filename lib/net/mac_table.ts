/**
 * The MAC table: behind which owner (a peer, a port) each station was seen
 * last.
 *
 * **Finding.** A station is a MAC address in a VLAN. Its 60 bits are hashed
 * with secret random keys into buckets; the stations of a bucket form a chain,
 * so that a collision never costs a station its place.
 *
 * **Ageing.** All slots stand in one ring in the order in which they were last
 * seen, and again in one ring for each owner. Whatever has expired is at the
 * old end of the first ring.
 *
 * **Fairness.** Addresses are free to invent, so a full table must not let
 * the one who invents most win. Room is made, in this order, from what has
 * expired; from the learning owner's own oldest station if it holds a fair
 * share, which is the capacity divided by the number of owners that hold
 * anything; else from the owners that hold the most, whose oldest station
 * goes. So nobody loses a station to a flood while holding no more than a fair
 * share; and where senders are invented as well, one station each, the
 * stations that are still heard stay, and the forged ones displace one
 * another.
 *
 * Typed arrays throughout: learning and finding allocate nothing.
 *
 * @module
 */

import {
  formatMac,
  MAC_BYTES,
  MIN_FRAME_BYTES,
  SOURCE_MAC_OFFSET,
  vlanId,
} from "./frame.ts";
import { AgeRings } from "./age_rings.ts";
import { hashKeys } from "./hash_keys.ts";
import { OwnerShares } from "./owner_shares.ts";

/** Most stations that a {@linkcode MacTable} can be made for. */
export const MAX_MAC_TABLE_CAPACITY = 0x10_0000;

/** How large a {@linkcode MacTable} is, and how long it remembers. */
export interface MacTableOptions {
  /** Most stations held at a time: 1 to {@linkcode MAX_MAC_TABLE_CAPACITY}. */
  readonly capacity: number;
  /** Number of owners; they are numbered from 0. At least 1. */
  readonly owners: number;
  /** Greatest age at which a station is still found, in the unit of `now`. */
  readonly maxAge: number;
  /** Makes the hash repeatable, for tests. Random unless given. */
  readonly seed?: number;
}

/** One station, for listings. */
export interface MacTableEntry {
  /** Its address, as {@linkcode formatMac} writes it. */
  readonly mac: string;
  /** Its VLAN; 0 for frames without a tag. */
  readonly vlan: number;
  /** Behind whom it was seen last. */
  readonly owner: number;
  /** Since when it was not seen, in the unit of `now`. */
  readonly age: number;
}

// Copies that V8 folds into the code, as it does not with imported ones.
const HEADER_BYTES = MIN_FRAME_BYTES;
const SOURCE_OFFSET = SOURCE_MAC_OFFSET;

const NONE = -1;
const GROUP_BIT = 0x0100_0000;
const VLAN_SHIFT = 16;

/**
 * With 16-bit words and 32-bit keys, the top 17 bits of the hash are as good
 * as {@linkcode hashKeys} promises.
 */
const MAX_BUCKET_BITS = 17;

/** Words that are hashed of a station. */
const KEY_WORDS = 4;

/** Which owner's station is whose. Not shared between threads. */
export class MacTable {
  /** Most stations held at a time. */
  readonly capacity: number;

  readonly #maxAge: number;
  readonly #keys: Int32Array;
  readonly #shift: number;
  /** First slot of each bucket's chain. */
  readonly #buckets: Int32Array;
  /** Of each slot: the next one of its chain, or of the free slots. */
  readonly #next: Int32Array;
  /** Of each slot: the first four bytes of the address. */
  readonly #high: Int32Array;
  /** Of each slot: the VLAN, and the last two bytes of the address. */
  readonly #low: Int32Array;
  readonly #owner: Int32Array;
  /** Of each slot: the time of the last frame. */
  readonly #seen: Float64Array;
  /** All slots in use. The ring's own node is number `capacity`. */
  readonly #byAge: AgeRings;
  readonly #shares: OwnerShares;
  #free = NONE;
  #size = 0;

  /**
   * Makes an empty table.
   *
   * @param options Size, and the age at which stations expire.
   * @throws {RangeError} If a number is out of range.
   */
  constructor(options: MacTableOptions) {
    const { capacity, owners, maxAge, seed } = options;
    checkWhole("capacity", capacity, MAX_MAC_TABLE_CAPACITY);
    checkWhole("owners", owners, MAX_MAC_TABLE_CAPACITY);
    if (!(maxAge >= 0)) {
      throw new RangeError(
        `Cannot make a MAC table as maxAge must be 0 or more: received ${maxAge}`,
      );
    }
    const bits = bucketBits(capacity);
    this.capacity = capacity;
    this.#maxAge = maxAge;
    this.#keys = hashKeys(1 + KEY_WORDS, seed);
    this.#shift = 32 - bits;
    this.#buckets = new Int32Array(1 << bits).fill(NONE);
    this.#next = new Int32Array(capacity);
    this.#high = new Int32Array(capacity);
    this.#low = new Int32Array(capacity);
    this.#owner = new Int32Array(capacity);
    this.#seen = new Float64Array(capacity);
    this.#byAge = new AgeRings(capacity + 1);
    this.#shares = new OwnerShares(owners, capacity);
    for (let slot = capacity - 1; slot >= 0; slot--) this.#release(slot);
  }

  /** Stations held, expired ones included that nobody has met yet. */
  get size(): number {
    return this.#size;
  }

  /** Stations held of one owner, counted as in `size`. */
  ownerSize(owner: number): number {
    return this.#shares.sizes[owner];
  }

  /**
   * Notes that the station that sent a frame is behind `owner`. A group
   * address, or one of zeros alone, is no station, and is ignored; so is a
   * frame shorter than its header.
   *
   * @param bytes Holds the frame.
   * @param offset Of the frame's first byte.
   * @param length Of the frame, in bytes.
   * @param owner Below the number of owners: not checked.
   * @param now On a clock that never goes back.
   */
  learn(
    bytes: Uint8Array,
    offset: number,
    length: number,
    owner: number,
    now: number,
  ): void {
    if (length < HEADER_BYTES) return;
    const high = readHigh(bytes, offset + SOURCE_OFFSET);
    const tail = readTail(bytes, offset + SOURCE_OFFSET);
    if ((high & GROUP_BIT) !== 0 || (high | tail) === 0) return;
    const low = (vlanId(bytes, offset, length) << VLAN_SHIFT) | tail;
    const slot = this.#lookup(high, low);
    if (slot === NONE) this.#insert(high, low, owner, now);
    else this.#refresh(slot, owner, now);
  }

  /**
   * Finds the station that a frame is for. An expired one is removed.
   *
   * @param bytes Holds the frame.
   * @param offset Of the frame's first byte.
   * @param length Of the frame, in bytes.
   * @param now On the clock of `learn`.
   * @returns Its owner; -1 when the station is unknown, or is a group.
   */
  find(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): number {
    if (length < HEADER_BYTES) return NONE;
    const high = readHigh(bytes, offset);
    if ((high & GROUP_BIT) !== 0) return NONE;
    const vlan = vlanId(bytes, offset, length);
    const low = (vlan << VLAN_SHIFT) | readTail(bytes, offset);
    const slot = this.#lookup(high, low);
    if (slot === NONE) return NONE;
    if (this.#hasExpired(slot, now)) {
      this.#remove(slot);
      return NONE;
    }
    return this.#owner[slot];
  }

  /** Removes all stations of one owner, and returns how many there were. */
  forgetOwner(owner: number): number {
    const forgotten = this.ownerSize(owner);
    while (this.ownerSize(owner) > 0) {
      this.#remove(this.#shares.oldest(owner));
    }
    return forgotten;
  }

  /** Removes all stations that have expired, and returns how many there were. */
  expire(now: number): number {
    const before = this.#size;
    while (this.#size > 0) {
      const slot = this.#byAge.oldest(this.capacity);
      if (!this.#hasExpired(slot, now)) break;
      this.#remove(slot);
    }
    return before - this.#size;
  }

  /** Removes everything. */
  clear(): void {
    while (this.#size > 0) this.#remove(this.#byAge.oldest(this.capacity));
  }

  /**
   * All stations that have not expired, the one seen last first. For listings:
   * makes an object for each.
   *
   * @param now On the clock of `learn`.
   */
  entries(now: number): MacTableEntry[] {
    const ring = this.capacity;
    const entries: MacTableEntry[] = [];
    for (
      let slot = this.#byAge.newest(ring);
      slot !== ring && !this.#hasExpired(slot, now);
      slot = this.#byAge.older(slot)
    ) {
      entries.push(this.#entry(slot, now));
    }
    return entries;
  }

  #entry(slot: number, now: number): MacTableEntry {
    const low = this.#low[slot];
    const mac = new Uint8Array(MAC_BYTES);
    const view = new DataView(mac.buffer);
    view.setInt32(0, this.#high[slot]);
    view.setInt16(4, low);
    return {
      mac: formatMac(mac),
      vlan: low >>> VLAN_SHIFT,
      owner: this.#owner[slot],
      age: now - this.#seen[slot],
    };
  }

  #hasExpired(slot: number, now: number): boolean {
    return now - this.#seen[slot] > this.#maxAge;
  }

  #bucket(high: number, low: number): number {
    const keys = this.#keys;
    return (keys[0] +
      Math.imul(keys[1], high >>> 16) + Math.imul(keys[2], high & 0xffff) +
      Math.imul(keys[3], low >>> 16) + Math.imul(keys[4], low & 0xffff)) >>>
      this.#shift;
  }

  #lookup(high: number, low: number): number {
    let slot = this.#buckets[this.#bucket(high, low)];
    while (
      slot !== NONE && (this.#low[slot] !== low || this.#high[slot] !== high)
    ) {
      slot = this.#next[slot];
    }
    return slot;
  }

  #refresh(slot: number, owner: number, now: number): void {
    this.#seen[slot] = now;
    this.#byAge.moveToNewest(this.capacity, slot);
    const before = this.#owner[slot];
    if (before === owner) {
      this.#shares.touch(owner, slot);
    } else {
      this.#shares.remove(before, slot);
      this.#owner[slot] = owner;
      this.#shares.add(owner, slot);
    }
  }

  #insert(high: number, low: number, owner: number, now: number): void {
    if (this.#size === this.capacity) this.#remove(this.#victim(owner, now));
    const slot = this.#free;
    this.#free = this.#next[slot];
    const bucket = this.#bucket(high, low);
    this.#next[slot] = this.#buckets[bucket];
    this.#buckets[bucket] = slot;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#owner[slot] = owner;
    this.#seen[slot] = now;
    this.#byAge.addNewest(this.capacity, slot);
    this.#shares.add(owner, slot);
    this.#size++;
  }

  /** The slot to give up, of a full table, for a new station of `owner`. */
  #victim(owner: number, now: number): number {
    const oldest = this.#byAge.oldest(this.capacity);
    if (this.#hasExpired(oldest, now)) return oldest;
    const shares = this.#shares;
    const fair = shares.sizes[owner] * shares.holders >= this.capacity;
    return shares.oldest(fair ? owner : shares.largest());
  }

  #remove(slot: number): void {
    this.#unchain(slot);
    this.#byAge.unlink(slot);
    this.#shares.remove(this.#owner[slot], slot);
    this.#release(slot);
    this.#size--;
  }

  #unchain(slot: number): void {
    const next = this.#next;
    const bucket = this.#bucket(this.#high[slot], this.#low[slot]);
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

/** Bits of a bucket's number: twice as many buckets as slots, if possible. */
function bucketBits(capacity: number): number {
  return Math.min(33 - Math.clz32(capacity - 1), MAX_BUCKET_BITS);
}

/** First four bytes of an address. */
function readHigh(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] << 24) | (bytes[offset + 1] << 16) |
    (bytes[offset + 2] << 8) | bytes[offset + 3];
}

/** Last two bytes of an address. */
function readTail(bytes: Uint8Array, offset: number): number {
  return (bytes[offset + 4] << 8) | bytes[offset + 5];
}

function checkWhole(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new RangeError(
    `Cannot make a MAC table as ${name} must be 1 to ${max}: received ${value}`,
  );
}
