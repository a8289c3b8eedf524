/**
 * Where the headers of TCP and UDP frames stand: Ethernet with any number of
 * tags, IPv4 with options (RFC 791) or IPv6 with hop-by-hop options (RFC
 * 8200), TCP with options (RFC 9293) or UDP (RFC 768).
 *
 * Lengths are computed from the packet alone. The kernel's own header length
 * (`hdr_len` of `struct virtio_net_hdr`) is wrong for forwarded traffic.
 *
 * @module
 */

import type { Arena } from "./arena.ts";
import { payloadOffset } from "./frame.ts";

// Not imported: V8 folds only a module's own constants, as frame.ts tells.
const TYPE_BYTES = 2;
const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;

const MIN_IPV4_BYTES = 20;
const IPV4_LENGTH = 2;
const IPV4_FRAGMENT = 6;
/** More fragments, and the fragment's offset. */
const IPV4_FRAGMENT_MASK = 0x3fff;
const IPV4_PROTOCOL = 9;
const IPV4_SOURCE = 12;
const IPV4_ADDRESSES_BYTES = 8;

const IPV6_BYTES = 40;
const IPV6_LENGTH = 4;
const IPV6_NEXT_HEADER = 6;
const IPV6_SOURCE = 8;
const IPV6_ADDRESSES_BYTES = 32;
const HOP_BY_HOP = 0;
/** Unit of an IPv6 extension header's length, which does not count the first one. */
const EXTENSION_UNIT_BYTES = 8;

const TCP = 6;
const UDP = 17;
const MIN_TCP_BYTES = 20;
const TCP_DATA_OFFSET = 12;
const UDP_BYTES = 8;

/** The headers of one frame. Used again for the next: allocates nothing. */
export class TransportHeader {
  /** Version of the IP packet: 4 or 6. */
  version = 0;
  /** What it carries: its number as a protocol or next header. */
  protocol = 0;
  /** Offset of the IP header, from the start of the array as all that follow. */
  network = 0;
  /** Offset of what the IP packet carries: behind its options or extension headers. */
  transport = 0;
  /** Offset of what TCP or UDP carries. Set by `read` alone. */
  payload = 0;
  /** Offset behind the IP packet: without the frame's padding. */
  end = 0;

  /**
   * Reads the headers of a frame up to the payload of TCP or UDP.
   *
   * @param bytes Holds the frame.
   * @param offset Of the frame's first byte.
   * @param length Of the frame in bytes: at most what `bytes` holds from there.
   * @returns Whether it is TCP or UDP with whole headers: false for fragments
   * and where IPv6 extension headers other than hop-by-hop options come before,
   * since some of those change what the checksum covers. UDP's length is not
   * looked at.
   */
  read(bytes: Uint8Array, offset: number, length: number): boolean {
    if (!this.readNetwork(bytes, offset, length)) return false;
    const transport = this.transport;
    const room = this.end - transport;
    let headerBytes = UDP_BYTES;
    if (this.protocol === TCP) {
      if (room < MIN_TCP_BYTES) return false;
      headerBytes = (bytes[transport + TCP_DATA_OFFSET] >> 4) * 4;
      if (headerBytes < MIN_TCP_BYTES) return false;
    } else if (this.protocol !== UDP) return false;
    this.payload = transport + headerBytes;
    return headerBytes <= room;
  }

  /**
   * Reads the headers of a frame up to what its IP packet carries.
   *
   * @param bytes Holds the frame.
   * @param offset Of the frame's first byte.
   * @param length Of the frame in bytes: at most what `bytes` holds from there.
   * @returns Whether it is IP with a whole header and a length that the frame
   * holds; false for IPv4 fragments.
   */
  readNetwork(bytes: Uint8Array, offset: number, length: number): boolean {
    const network = payloadOffset(bytes, offset, length);
    if (network < 0) return false;
    this.network = network;
    const type = readUint16(bytes, network - TYPE_BYTES);
    const end = offset + length;
    if (type === TYPE_IPV4) return this.#readIpv4(bytes, network, end);
    return type === TYPE_IPV6 && this.#readIpv6(bytes, network, end);
  }

  /**
   * Sum of the pseudo-header of what was read last, without the length.
   *
   * @param arena Holds the frame.
   */
  pseudoSum(arena: Arena): number {
    const { network, protocol } = this;
    return protocol +
      (this.version === 4
        ? arena.sum(network + IPV4_SOURCE, IPV4_ADDRESSES_BYTES)
        : arena.sum(network + IPV6_SOURCE, IPV6_ADDRESSES_BYTES));
  }

  #readIpv4(bytes: Uint8Array, at: number, frameEnd: number): boolean {
    if (frameEnd - at < MIN_IPV4_BYTES || bytes[at] >> 4 !== 4) return false;
    const headerBytes = (bytes[at] & 0x0f) * 4;
    const packetBytes = readUint16(bytes, at + IPV4_LENGTH);
    const fragment = readUint16(bytes, at + IPV4_FRAGMENT) & IPV4_FRAGMENT_MASK;
    this.version = 4;
    this.protocol = bytes[at + IPV4_PROTOCOL];
    this.transport = at + headerBytes;
    this.end = at + packetBytes;
    return fragment === 0 && headerBytes >= MIN_IPV4_BYTES &&
      headerBytes <= packetBytes && packetBytes <= frameEnd - at;
  }

  #readIpv6(bytes: Uint8Array, at: number, frameEnd: number): boolean {
    if (frameEnd - at < IPV6_BYTES || bytes[at] >> 4 !== 6) return false;
    let transport = at + IPV6_BYTES;
    const end = transport + readUint16(bytes, at + IPV6_LENGTH);
    if (end > frameEnd) return false;
    let protocol = bytes[at + IPV6_NEXT_HEADER];
    if (protocol === HOP_BY_HOP) {
      if (end - transport < EXTENSION_UNIT_BYTES) return false;
      protocol = bytes[transport];
      transport += (bytes[transport + 1] + 1) * EXTENSION_UNIT_BYTES;
    }
    this.version = 6;
    this.protocol = protocol;
    this.transport = transport;
    this.end = end;
    return transport <= end;
  }
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}
