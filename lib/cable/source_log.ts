/**
 * Finds the IP addresses that frames come from, each once for each VLAN.
 *
 * A hash table of typed arrays remembers what was told. Whoever makes up
 * addresses can fill it: then it begins anew, and what was told may be told
 * again, so that no address can hide behind invented ones. A second has room
 * for so many new ones only; those beyond are told when they are seen again.
 *
 * @module
 */

import type { Burst } from "../net/burst.ts";
import { EtherType, etherType, payloadOffset, vlanId } from "../net/frame.ts";
import { formatIp, IPV4_BYTES, IPV6_BYTES } from "../net/ip_address.ts";
import { hashKeys } from "../net/hash_keys.ts";
import type { FrameSource } from "./messages.ts";
import type { BurstWatch } from "./pump.ts";

/** Most that are remembered. */
export const MAX_SOURCES = 16_384;
/** Most that are told in a second. */
export const MAX_SOURCES_PER_SECOND = 1000;

const HASH_BITS = 15;
const PLACES = 1 << HASH_BITS;
const SECOND_MS = 1000;

const IPV4_SOURCE_OFFSET = 12;
const IPV4_HEADER_BYTES = 20;
const IPV6_SOURCE_OFFSET = 8;
const IPV6_HEADER_BYTES = 40;

/** An entry: VLAN and family in one word, then the address in eight. */
const ENTRY_WORDS = 9;
/** Beside the 12 bits of a VLAN; so no entry begins with the 0 of a free place. */
const IPV4_FLAG = 0x4000;
const IPV6_FLAG = 0x8000;
const VLAN_MASK = 0x0fff;

/** Tells of each new source. Not shared between threads. */
export class SourceLog implements BurstWatch {
  readonly #tell: (source: FrameSource) => void;
  readonly #now: () => number;
  readonly #keys = hashKeys(ENTRY_WORDS + 1);
  readonly #entries = new Uint16Array(PLACES * ENTRY_WORDS);
  /** The entry looked for. */
  readonly #wanted = new Uint16Array(ENTRY_WORDS);
  #count = 0;
  #secondBegan = -Infinity;
  #toldInSecond = 0;

  /**
   * Remembers nothing yet.
   *
   * @param tell Called for each new source.
   * @param now Time in milliseconds.
   */
  constructor(
    tell: (source: FrameSource) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#tell = tell;
    this.#now = now;
  }

  see(burst: Burst): void {
    const { bytes, start, length } = burst;
    for (let index = 0; index < burst.count; index++) {
      if (this.#read(bytes, start[index], length[index])) this.#look();
    }
  }

  /** Reads a frame's VLAN and source into `#wanted`; false where it has none. */
  #read(bytes: Uint8Array, offset: number, length: number): boolean {
    const type = etherType(bytes, offset, length);
    const isV4 = type === EtherType.ipv4;
    if (!isV4 && type !== EtherType.ipv6) return false;
    const packet = payloadOffset(bytes, offset, length);
    const needed = isV4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
    if (packet + needed > offset + length) return false;
    if (bytes[packet] >> 4 !== (isV4 ? 4 : 6)) return false;
    const wanted = this.#wanted;
    wanted.fill(0);
    wanted[0] = vlanId(bytes, offset, length) | (isV4 ? IPV4_FLAG : IPV6_FLAG);
    const words = (isV4 ? IPV4_BYTES : IPV6_BYTES) / 2;
    let at = packet + (isV4 ? IPV4_SOURCE_OFFSET : IPV6_SOURCE_OFFSET);
    for (let word = 1; word <= words; word++, at += 2) {
      wanted[word] = bytes[at] << 8 | bytes[at + 1];
    }
    return true;
  }

  #look(): void {
    let place = this.#hash();
    while (this.#entries[place * ENTRY_WORDS] !== 0) {
      if (this.#isAt(place)) return;
      place = (place + 1) & (PLACES - 1);
    }
    if (!this.#mayTell()) return;
    if (this.#count === MAX_SOURCES) {
      this.#entries.fill(0);
      this.#count = 0;
      place = this.#hash();
    }
    this.#entries.set(this.#wanted, place * ENTRY_WORDS);
    this.#count++;
    this.#tell(this.#describe());
  }

  #hash(): number {
    const keys = this.#keys;
    let hash = keys[0];
    for (let word = 0; word < ENTRY_WORDS; word++) {
      hash = (hash + Math.imul(keys[word + 1], this.#wanted[word])) | 0;
    }
    return hash >>> (32 - HASH_BITS);
  }

  #isAt(place: number): boolean {
    const at = place * ENTRY_WORDS;
    for (let word = 0; word < ENTRY_WORDS; word++) {
      if (this.#entries[at + word] !== this.#wanted[word]) return false;
    }
    return true;
  }

  #mayTell(): boolean {
    const now = this.#now();
    if (now - this.#secondBegan >= SECOND_MS) {
      this.#secondBegan = now;
      this.#toldInSecond = 0;
    }
    return this.#toldInSecond++ < MAX_SOURCES_PER_SECOND;
  }

  #describe(): FrameSource {
    const wanted = this.#wanted;
    const isV4 = (wanted[0] & IPV4_FLAG) !== 0;
    const bytes = isV4 ? IPV4_BYTES : IPV6_BYTES;
    const address = Uint8Array.from(
      { length: bytes },
      (_, index) => wanted[1 + (index >> 1)] >> (index % 2 === 0 ? 8 : 0),
    );
    return { address: formatIp(address), vlan: wanted[0] & VLAN_MASK };
  }
}
