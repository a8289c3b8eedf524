/**
 * TCP and UDP frames for tests, and superframes taken apart again: written out
 * field by field, slow, and independent of the code under test.
 *
 * @module
 */

import { ethernet, hex, ip, join, plainChecksum, u16 } from "./packets.ts";

/** Everything that a TCP or UDP frame says. */
export interface Segment {
  readonly to: string;
  readonly from: string;
  /** Tags in hexadecimal, type and control, e.g. "8100 0007". */
  readonly tags: string;
  readonly protocol: "tcp" | "udp";
  /** By its version, that of the packet. */
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;

  /** Time to live or hop limit. */
  readonly hopLimit: number;
  /** Type of service or traffic class. */
  readonly service: number;
  /** IPv4: identification. */
  readonly id: number;
  /** IPv4: flags and fragment offset. */
  readonly fragment: number;
  /** IPv4: a multiple of 4 bytes. */
  readonly ipOptions: Uint8Array;
  /** IPv6: 20 bits. */
  readonly flowLabel: number;
  /** IPv6: number of an extension header of 8 bytes; -1 for none. */
  readonly extension: number;

  readonly sequence: number;
  readonly acknowledgement: number;
  /** TCP: 12 bits, the reserved ones included. */
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  /** TCP: a multiple of 4 bytes. */
  readonly options: Uint8Array;
  /** TCP: taken in place of the right data offset. */
  readonly dataOffset?: number;

  /** UDP: added to the length that the header gives. */
  readonly udpLengthError: number;
  /** Added to the length that the IP header gives. */
  readonly ipLengthError: number;
  /** TCP and UDP: taken in place of the right checksum. */
  readonly checksum?: number;
  /** IPv4: taken in place of the right checksum. */
  readonly ipChecksum?: number;
  /** The checksum is to be that of the pseudo-header alone, not complemented. */
  readonly partial: boolean;
  /** Zeros behind the packet. */
  readonly paddingBytes: number;
}

/** A segment of 100 bytes, with timestamps. */
export const SEGMENT: Segment = {
  to: "02:00:00:00:00:01",
  from: "02:00:00:00:00:02",
  tags: "",
  protocol: "tcp",
  source: "192.0.2.1",
  destination: "192.0.2.2",
  sourcePort: 40_000,
  destinationPort: 5201,
  payload: new Uint8Array(100),
  hopLimit: 64,
  service: 0,
  id: 0x1234,
  fragment: 0x4000,
  ipOptions: hex(""),
  flowLabel: 0x12345,
  extension: -1,
  sequence: 0xffff_ff00,
  acknowledgement: 0x8765_4321,
  flags: 0x010,
  window: 501,
  urgent: 0,
  options: hex("0101 080a 00112233 44556677"),
  udpLengthError: 0,
  ipLengthError: 0,
  partial: false,
  paddingBytes: 0,
};

/** Bytes of TCP's PSH flag. */
export const PSH = 0x008;

/** A number as four bytes; only its low 32 bits count. */
export function u32(value: number): Uint8Array<ArrayBuffer> {
  return join(u16((value >>> 16) & 0xffff), u16(value & 0xffff));
}

/** Whether a segment's packet is an IPv6 one. */
export function isIpv6(segment: Segment): boolean {
  return segment.source.includes(":");
}

/** The frame that a segment says. */
export function frameOf(segment: Segment): Uint8Array<ArrayBuffer> {
  const transport = transportOf(segment);
  const packet = isIpv6(segment)
    ? ipv6Of(segment, transport)
    : ipv4Of(segment, transport);
  const type = isIpv6(segment) ? 0x86dd : 0x0800;
  const padding = new Uint8Array(segment.paddingBytes);
  return ethernet(segment, type, join(packet, padding));
}

/** How many bytes stand before a segment's payload. */
export function headerBytesOf(segment: Segment): number {
  return frameOf({ ...segment, payload: hex(""), paddingBytes: 0 }).length;
}

function ipv4Of(segment: Segment, transport: Uint8Array): Uint8Array {
  const { ipOptions } = segment;
  const headerBytes = 20 + ipOptions.length;
  const header = join(
    0x40 + headerBytes / 4,
    segment.service,
    u16(headerBytes + transport.length + segment.ipLengthError),
    u16(segment.id & 0xffff),
    u16(segment.fragment),
    segment.hopLimit,
    segment.protocol === "tcp" ? 6 : 17,
    u16(0),
    ip(segment.source),
    ip(segment.destination),
    ipOptions,
  );
  header.set(u16(segment.ipChecksum ?? plainChecksum(header)), 10);
  return join(header, transport);
}

function ipv6Of(segment: Segment, transport: Uint8Array): Uint8Array {
  const protocol = segment.protocol === "tcp" ? 6 : 17;
  const { extension } = segment;
  const headers = extension < 0
    ? hex("")
    : join(protocol, hex("00010400000000"));
  return join(
    u32(0x6000_0000 + segment.service * 0x10_0000 + segment.flowLabel),
    u16(headers.length + transport.length + segment.ipLengthError),
    extension < 0 ? protocol : extension,
    segment.hopLimit,
    ip(segment.source),
    ip(segment.destination),
    headers,
    transport,
  );
}

function transportOf(segment: Segment): Uint8Array {
  const bytes = segment.protocol === "tcp" ? tcpOf(segment) : udpOf(segment);
  const at = segment.protocol === "tcp" ? 16 : 6;
  const pseudo = join(
    ip(segment.source),
    ip(segment.destination),
    u32(bytes.length),
    u32(segment.protocol === "tcp" ? 6 : 17),
  );
  const right = segment.partial
    ? 0xffff - plainChecksum(pseudo)
    : plainChecksum(join(pseudo, bytes));
  // UDP writes a checksum of 0 as 0xffff (RFC 768).
  const written = segment.protocol === "udp" && right === 0 ? 0xffff : right;
  bytes.set(u16(segment.checksum ?? written), at);
  return bytes;
}

function tcpOf(segment: Segment): Uint8Array {
  const { options, flags } = segment;
  const words = segment.dataOffset ?? 5 + options.length / 4;
  return join(
    u16(segment.sourcePort),
    u16(segment.destinationPort),
    u32(segment.sequence),
    u32(segment.acknowledgement),
    u16(words * 0x1000 + flags),
    u16(segment.window),
    u16(0),
    u16(segment.urgent),
    options,
    segment.payload,
  );
}

function udpOf(segment: Segment): Uint8Array {
  const { payload } = segment;
  return join(
    u16(segment.sourcePort),
    u16(segment.destinationPort),
    u16(8 + payload.length + segment.udpLengthError),
    u16(0),
    payload,
  );
}

/** What a `struct virtio_net_hdr` says. */
export interface VirtioHeader {
  readonly flags: number;
  readonly type: number;
  readonly headerLength: number;
  readonly segmentSize: number;
  readonly checksumStart: number;
  readonly checksumOffset: number;
}

/** Reads a `struct virtio_net_hdr`, the first 10 bytes of an array. */
export function readVirtioHeader(bytes: Uint8Array): VirtioHeader {
  const view = new DataView(bytes.slice(0, 10).buffer);
  return {
    flags: view.getUint8(0),
    type: view.getUint8(1),
    headerLength: view.getUint16(2, true),
    segmentSize: view.getUint16(4, true),
    checksumStart: view.getUint16(6, true),
    checksumOffset: view.getUint16(8, true),
  };
}

/**
 * Cuts a superframe into the frames that the kernel would make of it.
 *
 * @param header Goes before it.
 * @param frame The superframe.
 * @param idStep By how much the IPv4 identification grows: 1, as the kernel
 * does it, or 0.
 */
export function split(
  header: VirtioHeader,
  frame: Uint8Array,
  idStep: number,
): Uint8Array[] {
  const { headerLength, segmentSize } = header;
  const frames: Uint8Array[] = [];
  for (let at = headerLength; at < frame.length; at += segmentSize) {
    const payload = frame.slice(at, at + segmentSize);
    const cut = join(frame.slice(0, headerLength), payload);
    const isLast = at + segmentSize >= frame.length;
    mend(header, cut, { index: frames.length, isLast, idStep });
    frames.push(cut);
  }
  return frames;
}

/** Which one of a superframe's segments it is. */
interface Place {
  readonly index: number;
  readonly isLast: boolean;
  readonly idStep: number;
}

function mend(header: VirtioHeader, frame: Uint8Array, place: Place): void {
  const view = new DataView(frame.buffer);
  const transport = header.checksumStart;
  // The type of a UDP superframe does not tell the version; the type field
  // does, before 20 bytes of IPv4 header.
  const isIpv4 = header.type === 1 ||
    (header.type === 5 && view.getUint16(transport - 22) === 0x0800);
  const network = transport - (isIpv4 ? 20 : 40);
  if (!isIpv4) {
    view.setUint16(network + 4, frame.length - transport);
  } else {
    const id = view.getUint16(network + 4) + place.index * place.idStep;
    view.setUint16(network + 2, frame.length - network);
    view.setUint16(network + 4, id & 0xffff);
    view.setUint16(network + 10, 0);
    const checksum = plainChecksum(frame.slice(network, transport));
    view.setUint16(network + 10, checksum);
  }
  if (header.type === 5) {
    view.setUint16(transport + 4, frame.length - transport);
  } else {
    const sequence = view.getUint32(transport + 4) +
      place.index * header.segmentSize;
    view.setUint32(transport + 4, sequence % 0x1_0000_0000);
    if (!place.isLast) frame[transport + 13] &= ~PSH;
  }
  const addresses = frame.slice(
    isIpv4 ? transport - 8 : transport - 32,
    transport,
  );
  const pseudo = join(
    addresses,
    u32(frame.length - transport),
    u32(header.type === 5 ? 17 : 6),
  );
  const at = transport + header.checksumOffset;
  view.setUint16(at, 0);
  const checksum = plainChecksum(join(pseudo, frame.slice(transport)));
  const written = header.type === 5 && checksum === 0 ? 0xffff : checksum;
  view.setUint16(at, written);
}
