/**
 * Messages of ICMP (RFC 792) and ICMPv6 (RFC 4443): their frame, and echo
 * requests and replies, which are alike in both.
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { checksum, pseudoHeaderSum6 } from "./checksum.ts";
import type { FrameWriter } from "./frame_writer.ts";
import {
  copyBytes,
  familyOf,
  type IpFamily,
  IPV4,
  type PacketView,
  Protocol,
  readUint16,
  writeIpv4Header,
  writeIpv6Header,
  writeUint16,
} from "./ip_packet.ts";

/** First byte of a message. */
export const IcmpType = {
  echoReply4: 0,
  echoRequest4: 8,
  echoRequest6: 128,
  echoReply6: 129,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
} as const;

/** Type, code, checksum and four bytes more: what every message begins with. */
export const ICMP_HEADER_BYTES = 8;

const CODE_AT = 1;
const CHECKSUM_AT = 2;
const ID_AT = 4;
const SEQUENCE_AT = 6;

/** Hop limit of an echo, as hosts use it. */
const ECHO_HOP_LIMIT = 64;

/** Whether a packet is a whole ICMP message of its IP version, with code 0 and a right checksum. */
export function isIcmp(view: PacketView): boolean {
  const { bytes, family, transport, end } = view;
  const messageBytes = end - transport;
  return view.protocol === icmpProtocol(family) &&
    messageBytes >= ICMP_HEADER_BYTES && bytes[transport + CODE_AT] === 0 &&
    icmpChecksum(bytes, view.network, transport, messageBytes) === 0;
}

/** Type of a message that `isIcmp` has accepted. */
export function icmpType(view: PacketView): number {
  return view.bytes[view.transport];
}

/** Whether a message that `isIcmp` has accepted asks for an echo. */
export function isEchoRequest(view: PacketView): boolean {
  const isV4 = view.family === IPV4;
  return icmpType(view) ===
    (isV4 ? IcmpType.echoRequest4 : IcmpType.echoRequest6);
}

/** Whether a message that `isIcmp` has accepted is an echo. */
export function isEchoReply(view: PacketView): boolean {
  const isV4 = view.family === IPV4;
  return icmpType(view) === (isV4 ? IcmpType.echoReply4 : IcmpType.echoReply6);
}

/** Identifier of an echo request or reply. */
export function echoId(view: PacketView): number {
  return readUint16(view.bytes, view.transport + ID_AT);
}

/** Sequence number of an echo request or reply. */
export function echoSequence(view: PacketView): number {
  return readUint16(view.bytes, view.transport + SEQUENCE_AT);
}

/**
 * Writes the reply to an echo request, to the station that sent it. IPv4
 * options of the request are left out.
 *
 * @param from Array with the replying address.
 * @param fromAt Its offset there.
 * @returns Whether the burst had room.
 */
export function writeEchoReply(
  writer: FrameWriter,
  burst: Burst,
  request: PacketView,
  from: Uint8Array,
  fromAt: number,
): boolean {
  const { bytes: asked, family, transport } = request;
  const messageBytes = request.end - transport;
  const packetBytes = family.headerBytes + messageBytes;
  if (!writer.beginAnswer(burst, request, packetBytes)) return false;
  const { bytes, network } = writer;
  const { addressBytes } = family;
  const message = network + family.headerBytes;
  writer.sendTo(asked, request.sourceMac);
  copyBytes(from, fromAt, bytes, network + family.source, addressBytes);
  const asker = network + family.destination;
  copyBytes(asked, request.source, bytes, asker, addressBytes);
  copyBytes(asked, transport, bytes, message, messageBytes);
  bytes[message] = family === IPV4 ? IcmpType.echoReply4 : IcmpType.echoReply6;
  finishIcmp(writer, family, ECHO_HOP_LIMIT);
  return true;
}

/** An echo request. */
export interface EchoRequest {
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  /** As many. */
  readonly target: Uint8Array;
  /** Where the target, or the way to it, is on the link: 6 bytes. */
  readonly targetMac: Uint8Array;
  /** Identifier: 16 bits. */
  readonly id: number;
  /** Sequence number: its low 16 bits are sent. */
  readonly sequence: number;
  /** Number of bytes behind the ICMP header; they count up from 0. */
  readonly payloadBytes: number;
}

/**
 * Writes an echo request.
 *
 * @returns Whether the burst had room.
 */
export function writeEchoRequest(
  writer: FrameWriter,
  burst: Burst,
  request: EchoRequest,
): boolean {
  const family = familyOf(request.target);
  const headerBytes = family.headerBytes + ICMP_HEADER_BYTES;
  const packetBytes = headerBytes + request.payloadBytes;
  if (!writer.begin(burst, family.etherType, packetBytes)) return false;
  const { bytes, network } = writer;
  writer.sendTo(request.targetMac, 0);
  bytes.set(request.source, network + family.source);
  bytes.set(request.target, network + family.destination);
  const message = network + family.headerBytes;
  bytes[message] = family === IPV4
    ? IcmpType.echoRequest4
    : IcmpType.echoRequest6;
  bytes[message + CODE_AT] = 0;
  writeUint16(bytes, message + ID_AT, request.id);
  writeUint16(bytes, message + SEQUENCE_AT, request.sequence);
  for (let index = 0; index < request.payloadBytes; index++) {
    bytes[message + ICMP_HEADER_BYTES + index] = index;
  }
  finishIcmp(writer, family, ECHO_HOP_LIMIT);
  return true;
}

/** Whether the payload of an echo is the one that `writeEchoRequest` sends. */
export function isOwnPayload(view: PacketView, payloadBytes: number): boolean {
  const start = view.transport + ICMP_HEADER_BYTES;
  if (view.end - start !== payloadBytes) return false;
  for (let index = 0; index < payloadBytes; index++) {
    if (view.bytes[start + index] !== (index & 0xff)) return false;
  }
  return true;
}

/**
 * Writes the IP header around a message whose addresses and contents are
 * there, both checksums, and adds the frame to the burst.
 *
 * @param hopLimit Hop limit, or time to live.
 */
export function finishIcmp(
  writer: FrameWriter,
  family: IpFamily,
  hopLimit: number,
): void {
  const { bytes, network, packetBytes } = writer;
  if (family === IPV4) writeIpv4Header(bytes, network, packetBytes, hopLimit);
  else writeIpv6Header(bytes, network, packetBytes, hopLimit);
  const message = network + family.headerBytes;
  const messageBytes = packetBytes - family.headerBytes;
  writeUint16(bytes, message + CHECKSUM_AT, 0);
  const sum = icmpChecksum(bytes, network, message, messageBytes);
  writeUint16(bytes, message + CHECKSUM_AT, sum);
  writer.finish();
}

function icmpProtocol(family: IpFamily): number {
  return family === IPV4 ? Protocol.icmp4 : Protocol.icmp6;
}

/** Checksum over a message; over its pseudo-header too where it is ICMPv6. */
function icmpChecksum(
  bytes: Uint8Array,
  network: number,
  message: number,
  messageBytes: number,
): number {
  const isV6 = bytes[network] >> 4 === 6;
  const initial = isV6
    ? pseudoHeaderSum6(bytes, network, Protocol.icmp6, messageBytes)
    : 0;
  return checksum(bytes, message, messageBytes, initial);
}
