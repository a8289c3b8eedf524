/**
 * What the {@linkcode Merger} has to know of a frame before it compares it with
 * another: where its headers are, which flow it is of, and whether a superframe
 * can begin with it.
 *
 * A flow is a protocol (TCP or UDP over IPv4 or IPv6), two addresses and two
 * ports, in one direction. The Ethernet header is not part of it: when a
 * flow's frames change their MAC address or VLAN on the way, they still keep
 * their order.
 *
 * @module
 */

import {
  ETHERNET_HEADER_BYTES,
  EtherType,
  payloadOffset,
  VLAN_TAG_BYTES,
} from "./frame.ts";
import { hashKeys } from "./hash_keys.ts";

/** What can become of a frame. Greater values tell more of its flow. */
export const Standing = {
  /** Of no flow that is merged: whatever is done with the others, it does not matter. */
  none: 0,
  /** Of an unknown flow between two known addresses: a fragment, or one whose ports cannot be read. */
  hidden: 1,
  /** Of a known flow, and no superframe begins with it. It may still be the last of one. */
  alone: 2,
  /** Of a known flow; a superframe may begin with it. */
  first: 3,
} as const;

/** Bit of {@linkcode FlowKey.layout}: IPv6, not IPv4. */
export const LAYOUT_IPV6 = 1;

/** Bit of {@linkcode FlowKey.layout}: UDP, not TCP. */
export const LAYOUT_UDP = 2;

/** Most tags of a frame that is merged. */
const MAX_TAGS = 2;

/** Longest Ethernet header of a frame that is merged. */
export const MAX_MERGED_ETHERNET_BYTES: number = ETHERNET_HEADER_BYTES +
  MAX_TAGS * VLAN_TAG_BYTES;

// Copies that V8 folds into the code, as it does not with exported ones.
const NONE = Standing.none;
const HIDDEN = Standing.hidden;
const ALONE = Standing.alone;
const FIRST = Standing.first;
const IPV6 = LAYOUT_IPV6;
const UDP = LAYOUT_UDP;
const MAX_IP_OFFSET: number = MAX_MERGED_ETHERNET_BYTES;
const TYPE_IPV4: number = EtherType.ipv4;
const TYPE_IPV6: number = EtherType.ipv6;

const TYPE_BYTES = 2;
const PORTS_BYTES = 4;

const IPV4_HEADER_BYTES = 20;
const IPV4_LENGTH_OFFSET = 2;
const IPV4_FRAGMENT_OFFSET = 6;
const IPV4_PROTOCOL_OFFSET = 9;
const IPV4_ADDRESSES_OFFSET = 12;
const IPV4_ADDRESSES_BYTES = 8;
const IPV4_DONT_FRAGMENT = 0x4000;
/** More fragments, and the fragment's place: what is 0 in a packet that is whole. */
const IPV4_FRAGMENT_MASK = 0x3fff;

const IPV6_HEADER_BYTES = 40;
const IPV6_LENGTH_OFFSET = 4;
const IPV6_NEXT_OFFSET = 6;
const IPV6_ADDRESSES_OFFSET = 8;
const IPV6_ADDRESSES_BYTES = 32;

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const PROTOCOL_ICMPV6 = 58;

const TCP_HEADER_BYTES = 20;
const TCP_FLAGS_OFFSET = 12;
/** The flags and the reserved bits before them. */
const TCP_FLAGS_MASK = 0x0fff;
const TCP_ACK = 0x0010;

const UDP_HEADER_BYTES = 8;
const UDP_LENGTH_OFFSET = 4;
const UDP_CHECKSUM_OFFSET = 6;

/** One for each 16-bit word of two IPv6 addresses follows the first one. */
const ADDRESS_KEYS: number = 1 + IPV6_ADDRESSES_BYTES / 2;
const SOURCE_PORT_KEY: number = ADDRESS_KEYS;
const DESTINATION_PORT_KEY: number = ADDRESS_KEYS + 1;
const LAYOUT_KEY: number = ADDRESS_KEYS + 2;
const KEYS: number = ADDRESS_KEYS + 3;

/** One frame's headers; the next one's are read into the same object. */
export class FlowKey {
  /** A sum of {@linkcode LAYOUT_IPV6} and {@linkcode LAYOUT_UDP}. */
  layout = 0;
  /** Where the IP header begins, in bytes from the frame's start. */
  ip = 0;
  /** Where the TCP or UDP header begins, in bytes from the frame's start. Unless `hidden`. */
  transport = 0;
  /** Where the payload begins, in bytes from the frame's start. Set for `first` alone. */
  payload = 0;
  /** Hash of the two addresses. Its highest 17 bits are its best. */
  pair = 0;
  /** Hash of the flow: equal in all frames of one, almost never in others. Unless `hidden`. */
  flow = 0;

  readonly #keys: Int32Array;

  /** @param seed Makes the hash repeatable, for tests. Random unless given. */
  constructor(seed?: number) {
    this.#keys = hashKeys(KEYS, seed);
  }

  /**
   * Reads the headers of a frame, whatever it is, and never past its end.
   *
   * @param bytes Holds the frame.
   * @param view Of the same bytes.
   * @param start Of the frame's first byte.
   * @param length Of the frame, in bytes.
   * @returns A {@linkcode Standing}; the fields hold what it says is known.
   */
  read(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    length: number,
  ): number {
    const at = payloadOffset(bytes, start, length);
    if (at < 0) return NONE;
    this.ip = at - start;
    const left = length - this.ip;
    const type = view.getUint16(at - TYPE_BYTES);
    if (type === TYPE_IPV4) return this.#read4(view, at, left);
    if (type === TYPE_IPV6) return this.#read6(view, at, left);
    return NONE;
  }

  #read4(view: DataView, at: number, left: number): number {
    if (left < IPV4_HEADER_BYTES) return NONE;
    const first = view.getUint8(at);
    const headerBytes = (first & 0x0f) << 2;
    if (first >>> 4 !== 4 || headerBytes < IPV4_HEADER_BYTES) return NONE;
    const protocol = view.getUint8(at + IPV4_PROTOCOL_OFFSET);
    if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return NONE;
    this.layout = protocol === PROTOCOL_UDP ? UDP : 0;
    this.#hash(view, at + IPV4_ADDRESSES_OFFSET, IPV4_ADDRESSES_BYTES);
    const fragment = view.getUint16(at + IPV4_FRAGMENT_OFFSET);
    if ((fragment & IPV4_FRAGMENT_MASK) !== 0) return HIDDEN;
    this.transport = this.ip + headerBytes;
    const standing = this.#readTransport(
      view,
      at + headerBytes,
      left - headerBytes,
    );
    // No options, no padding behind the packet, the reserved flag not set.
    const plain = headerBytes === IPV4_HEADER_BYTES &&
      view.getUint16(at + IPV4_LENGTH_OFFSET) === left &&
      (fragment & ~IPV4_DONT_FRAGMENT) === 0;
    return standing === FIRST && !plain ? ALONE : standing;
  }

  #read6(view: DataView, at: number, left: number): number {
    if (left < IPV6_HEADER_BYTES) return NONE;
    if (view.getUint8(at) >>> 4 !== 6) return NONE;
    const next = view.getUint8(at + IPV6_NEXT_OFFSET);
    if (next === PROTOCOL_ICMPV6) return NONE;
    this.#hash(view, at + IPV6_ADDRESSES_OFFSET, IPV6_ADDRESSES_BYTES);
    // An extension header: TCP or UDP may follow it.
    if (next !== PROTOCOL_TCP && next !== PROTOCOL_UDP) return HIDDEN;
    this.layout = next === PROTOCOL_UDP ? IPV6 | UDP : IPV6;
    this.transport = this.ip + IPV6_HEADER_BYTES;
    const bytes = left - IPV6_HEADER_BYTES;
    const standing = this.#readTransport(view, at + IPV6_HEADER_BYTES, bytes);
    const plain = view.getUint16(at + IPV6_LENGTH_OFFSET) === bytes;
    return standing === FIRST && !plain ? ALONE : standing;
  }

  #readTransport(view: DataView, at: number, left: number): number {
    if (left < PORTS_BYTES) return HIDDEN;
    const keys = this.#keys;
    this.flow = mix(
      this.pair + Math.imul(keys[LAYOUT_KEY], this.layout) +
        Math.imul(keys[SOURCE_PORT_KEY], view.getUint16(at)) +
        Math.imul(keys[DESTINATION_PORT_KEY], view.getUint16(at + 2)),
    );
    const headerBytes = (this.layout & UDP) === 0
      ? tcpHeaderBytes(view, at, left)
      : udpHeaderBytes(view, at, left);
    this.payload = this.transport + headerBytes;
    const fits = this.ip <= MAX_IP_OFFSET && headerBytes > 0;
    return fits ? FIRST : ALONE;
  }

  #hash(view: DataView, at: number, bytes: number): void {
    const keys = this.#keys;
    let pair = keys[0];
    for (let word = 0; word < bytes >> 1; word++) {
      const value = view.getUint16(at + 2 * word);
      pair = (pair + Math.imul(keys[word + 1], value)) | 0;
    }
    this.pair = pair;
  }
}

/**
 * Scatters hashes that stand in equal distances, as those of neighbouring ports
 * do: without it, 16 streams of one program now and then fell upon one place.
 * Different hashes stay different.
 */
function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return mixed ^ (mixed >>> 15);
}

/**
 * Length of the header of a TCP segment with which a superframe may begin: ACK
 * is its only flag (PSH ends one), the reserved bits are 0, and it has payload.
 * 0 for any other.
 */
function tcpHeaderBytes(view: DataView, at: number, left: number): number {
  if (left < TCP_HEADER_BYTES) return 0;
  const word = view.getUint16(at + TCP_FLAGS_OFFSET);
  if ((word & TCP_FLAGS_MASK) !== TCP_ACK) return 0;
  const headerBytes = (word >>> 12) << 2;
  const whole = headerBytes >= TCP_HEADER_BYTES && headerBytes < left;
  return whole ? headerBytes : 0;
}

/**
 * Length of the header of a UDP datagram with which a superframe may begin: its
 * length is that of the packet, it has a checksum, and it has payload. 0 for
 * any other.
 */
function udpHeaderBytes(view: DataView, at: number, left: number): number {
  if (left <= UDP_HEADER_BYTES) return 0;
  if (view.getUint16(at + UDP_LENGTH_OFFSET) !== left) return 0;
  if (view.getUint16(at + UDP_CHECKSUM_OFFSET) === 0) return 0;
  return UDP_HEADER_BYTES;
}
