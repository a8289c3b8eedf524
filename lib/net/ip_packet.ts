/**
 * Where the parts of a received frame stand: Ethernet with its tags, ARP,
 * IPv4 (RFC 791) and IPv6 (RFC 8200); and the IP headers of frames to be sent.
 *
 * A view is read once for a frame; its offsets then stay inside the frame
 * whatever the frame says, so that whoever uses them need not check again.
 *
 * @module
 */

import { checksum } from "./checksum.ts";
import { IPV4_BYTES, IPV6_BYTES } from "./ip_address.ts";
import {
  ETHERNET_HEADER_BYTES,
  EtherType,
  payloadOffset,
  SOURCE_MAC_OFFSET,
  VLAN_TAG_BYTES,
  vlanId,
} from "./frame.ts";

/** What an IP packet carries. */
export const Protocol = { icmp4: 1, icmp6: 58 } as const;

/** Where IPv4 and IPv6 differ only in numbers. Offsets are in the packet. */
export interface IpFamily {
  /** In the Ethernet header. */
  readonly etherType: number;
  /** Length of a header without options or extension headers. */
  readonly headerBytes: number;
  /** Length of an address. */
  readonly addressBytes: number;
  /** Offset of the source address. */
  readonly source: number;
  /** Offset of the destination address. */
  readonly destination: number;
}

/** IPv4 (RFC 791). */
export const IPV4: IpFamily = {
  etherType: EtherType.ipv4,
  headerBytes: 20,
  addressBytes: IPV4_BYTES,
  source: 12,
  destination: 16,
};

/** IPv6 (RFC 8200). */
export const IPV6: IpFamily = {
  etherType: EtherType.ipv6,
  headerBytes: 40,
  addressBytes: IPV6_BYTES,
  source: 8,
  destination: 24,
};

/** The family that an address belongs to. */
export function familyOf(address: Uint8Array): IpFamily {
  return address.length === IPV4_BYTES ? IPV4 : IPV6;
}

/** What neighbours on a link are sent (RFC 4861): nothing that a router passed has it left. */
export const MAX_HOP_LIMIT = 255;

const IPV4_LENGTH_AT = 2;
const IPV4_FRAGMENT_AT = 6;
const IPV4_TTL_AT = 8;
const IPV4_PROTOCOL_AT = 9;
const IPV4_CHECKSUM_AT = 10;
/** More fragments, and the fragment's offset. */
const IPV4_FRAGMENT_MASK = 0x3fff;
const IPV4_DONT_FRAGMENT = 0x4000;

const IPV6_LENGTH_AT = 4;
const IPV6_NEXT_HEADER_AT = 6;
const IPV6_HOP_LIMIT_AT = 7;

const NO_BYTES = new Uint8Array(0);

/** Reads two bytes as a big-endian number, unchecked. */
export function readUint16(bytes: Uint8Array, at: number): number {
  return bytes[at] << 8 | bytes[at + 1];
}

/** Writes a number as two bytes, big-endian, unchecked. */
export function writeUint16(
  bytes: Uint8Array,
  at: number,
  value: number,
): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

/** Copies between arrays without making a view: nothing is allocated. */
export function copyBytes(
  from: Uint8Array,
  fromAt: number,
  to: Uint8Array,
  toAt: number,
  length: number,
): void {
  for (let index = 0; index < length; index++) {
    to[toAt + index] = from[fromAt + index];
  }
}

/** Whether `bytes` holds all of `wanted` at an offset. */
export function matches(
  bytes: Uint8Array,
  at: number,
  wanted: Uint8Array,
): boolean {
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[at + index] !== wanted[index]) return false;
  }
  return true;
}

/** Whether the bytes at an offset are all zero. */
export function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (bytes[at + index] !== 0) return false;
  }
  return true;
}

/** One received frame. Used again for the next: allocates nothing. All offsets are in `bytes`. */
export class PacketView {
  /** The array that the frame stands in; the reader's. */
  bytes: Uint8Array = NO_BYTES;
  /** Offset of the frame's first byte: the destination MAC address. */
  frame = 0;
  /** Number of VLAN tags. */
  tags = 0;
  /** VLAN of the outermost tag; 0 without a tag, and for a tag that only gives a priority. */
  vlan = 0;
  /** What the frame carries, tags passed over. */
  etherType = 0;
  /** Offset of the ARP or IP packet. */
  network = 0;
  /** Offset behind the packet: without the frame's padding where it is an IP packet. */
  end = 0;
  /** Version of the IP packet; without meaning for what is not IP. */
  family: IpFamily = IPV4;
  /** What the IP packet carries; -1 for a fragment and for what is not IP. */
  protocol: number = -1;
  /** IPv4's time to live or IPv6's hop limit. */
  hopLimit = 0;
  /** Offset of the IP packet's source address. */
  source = 0;
  /** Offset of its destination address. */
  destination = 0;
  /** Offset of what the IP packet carries. */
  transport = 0;

  /**
   * Reads the headers of a frame.
   *
   * @param bytes Kept, with the offsets, until the next frame is read.
   * @param offset Where the frame begins.
   * @param length Its length in bytes: at most what `bytes` holds from there.
   * @returns Whether the frame is whole: false when it ends inside a header,
   * or when its IP header contradicts itself or has a wrong checksum.
   */
  read(bytes: Uint8Array, offset: number, length: number): boolean {
    this.bytes = bytes;
    this.frame = offset;
    this.end = offset + length;
    this.protocol = -1;
    this.network = payloadOffset(bytes, offset, length);
    if (this.network < 0) return false;
    const headerBytes = this.network - offset;
    this.tags = (headerBytes - ETHERNET_HEADER_BYTES) / VLAN_TAG_BYTES;
    this.vlan = vlanId(bytes, offset, length);
    this.etherType = readUint16(bytes, this.network - 2);
    if (this.etherType === EtherType.ipv4) return this.#readIpv4();
    if (this.etherType === EtherType.ipv6) return this.#readIpv6();
    return true;
  }

  /** Offset of the sender's MAC address. */
  get sourceMac(): number {
    return this.frame + SOURCE_MAC_OFFSET;
  }

  #readIpv4(): boolean {
    const { bytes, network: at } = this;
    if (this.end - at < IPV4.headerBytes) return false;
    const headerBytes = (bytes[at] & 0x0f) * 4;
    const packetBytes = readUint16(bytes, at + IPV4_LENGTH_AT);
    if (bytes[at] >> 4 !== 4 || headerBytes < IPV4.headerBytes) return false;
    if (packetBytes < headerBytes || packetBytes > this.end - at) return false;
    if (checksum(bytes, at, headerBytes) !== 0) return false;
    const fragment = readUint16(bytes, at + IPV4_FRAGMENT_AT);
    if ((fragment & IPV4_FRAGMENT_MASK) === 0) {
      this.protocol = bytes[at + IPV4_PROTOCOL_AT];
    }
    this.hopLimit = bytes[at + IPV4_TTL_AT];
    this.#locate(IPV4);
    this.transport = at + headerBytes;
    this.end = at + packetBytes;
    return true;
  }

  #readIpv6(): boolean {
    const { bytes, network: at } = this;
    if (this.end - at < IPV6.headerBytes || bytes[at] >> 4 !== 6) return false;
    const transport = at + IPV6.headerBytes;
    const payloadBytes = readUint16(bytes, at + IPV6_LENGTH_AT);
    if (payloadBytes > this.end - transport) return false;
    this.protocol = bytes[at + IPV6_NEXT_HEADER_AT];
    this.hopLimit = bytes[at + IPV6_HOP_LIMIT_AT];
    this.#locate(IPV6);
    this.transport = transport;
    this.end = transport + payloadBytes;
    return true;
  }

  #locate(family: IpFamily): void {
    this.family = family;
    this.source = this.network + family.source;
    this.destination = this.network + family.destination;
  }
}

/**
 * Writes an IPv4 header for ICMP, without options, its checksum included; the
 * packet is never to be fragmented. The addresses are already there.
 *
 * @param at Offset of the packet.
 * @param packetBytes Its length, header included.
 * @param hopLimit Time to live.
 */
export function writeIpv4Header(
  bytes: Uint8Array,
  at: number,
  packetBytes: number,
  hopLimit: number,
): void {
  writeUint16(bytes, at, 0x4500);
  writeUint16(bytes, at + IPV4_LENGTH_AT, packetBytes);
  writeUint16(bytes, at + 4, 0); // identification: without meaning for what is never fragmented (RFC 6864)
  writeUint16(bytes, at + IPV4_FRAGMENT_AT, IPV4_DONT_FRAGMENT);
  bytes[at + IPV4_TTL_AT] = hopLimit;
  bytes[at + IPV4_PROTOCOL_AT] = Protocol.icmp4;
  writeUint16(bytes, at + IPV4_CHECKSUM_AT, 0);
  const header = checksum(bytes, at, IPV4.headerBytes);
  writeUint16(bytes, at + IPV4_CHECKSUM_AT, header);
}

/**
 * Writes an IPv6 header for ICMPv6. The addresses are already there.
 *
 * @param at Offset of the packet.
 * @param packetBytes Its length, header included.
 */
export function writeIpv6Header(
  bytes: Uint8Array,
  at: number,
  packetBytes: number,
  hopLimit: number,
): void {
  writeUint16(bytes, at, 0x6000);
  writeUint16(bytes, at + 2, 0);
  writeUint16(bytes, at + IPV6_LENGTH_AT, packetBytes - IPV6.headerBytes);
  bytes[at + IPV6_NEXT_HEADER_AT] = Protocol.icmp6;
  bytes[at + IPV6_HOP_LIMIT_AT] = hopLimit;
}
