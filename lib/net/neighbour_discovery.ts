/**
 * Neighbour discovery for IPv6 on Ethernet: solicitations and advertisements
 * (RFC 4861), with the questions that come before an address is used
 * (RFC 4862: duplicate address detection, DAD).
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { MAC_BYTES } from "./frame.ts";
import type { FrameWriter } from "./frame_writer.ts";
import { finishIcmp, ICMP_HEADER_BYTES, IcmpType, icmpType } from "./icmp.ts";
import { IPV6_BYTES } from "./ip_address.ts";
import {
  copyBytes,
  IPV6,
  isZero,
  MAX_HOP_LIMIT,
  type PacketView,
} from "./ip_packet.ts";

/** Kinds of option that solicitations and advertisements carry. */
export const NdOption = { sourceMac: 1, targetMac: 2 } as const;

/** Behind the ICMP header: the address that is asked for, or answered. */
const TARGET_AT = ICMP_HEADER_BYTES;
const OPTIONS_AT = TARGET_AT + IPV6_BYTES;
/** Offset of the flags in an advertisement. */
const FLAGS_AT = 4;

/** Answers a solicitation of the receiver. */
const FLAG_SOLICITED = 0x40;
/** Replaces what the receiver knew. */
const FLAG_OVERRIDE = 0x20;

/** Option lengths count in these. */
const OPTION_UNIT = 8;
/** An option with a MAC address: type, length, address. */
const MAC_OPTION_BYTES = 8;

const MESSAGE_BYTES = OPTIONS_AT + MAC_OPTION_BYTES;

/** `ff02::1`: all nodes of the link. */
export const ALL_NODES: Uint8Array = Uint8Array.of(
  ...[0xff, 2, 0, 0, 0, 0, 0, 0],
  ...[0, 0, 0, 0, 0, 0, 0, 1],
);

/** Length of a solicited-node group's constant beginning (RFC 4291 section 2.7.1). */
const GROUP_PREFIX_BYTES = 13;
const GROUP_PREFIX = Uint8Array.of(
  ...[0xff, 2, 0, 0, 0, 0, 0, 0],
  ...[0, 0, 0, 1, 0xff],
);

/**
 * The group in which a station hears who asks for its address.
 *
 * @param address 16 bytes.
 * @returns 16 bytes.
 */
export function solicitedNodeGroup(
  address: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const group = new Uint8Array(IPV6_BYTES);
  group.set(GROUP_PREFIX);
  group.set(address.subarray(GROUP_PREFIX_BYTES), GROUP_PREFIX_BYTES);
  return group;
}

/** Offset of the address that a solicitation or an advertisement is about. */
export function targetAt(view: PacketView): number {
  return view.transport + TARGET_AT;
}

/** Whether a message that `isIcmp` has accepted is a valid solicitation (RFC 4861 section 7.1.1). */
export function isSolicitation(view: PacketView): boolean {
  return isNeighbourMessage(view, IcmpType.neighbourSolicitation) &&
    (!isZero(view.bytes, view.source, IPV6_BYTES) || isDadQuestion(view));
}

/** Whether a message that `isIcmp` has accepted is a valid advertisement (RFC 4861 section 7.1.2). */
export function isAdvertisement(view: PacketView): boolean {
  const { bytes, transport, destination } = view;
  if (!isNeighbourMessage(view, IcmpType.neighbourAdvertisement)) return false;
  const isSolicited = (bytes[transport + FLAGS_AT] & FLAG_SOLICITED) !== 0;
  return !(isSolicited && bytes[destination] === 0xff);
}

/** What both kinds have in common: from the link itself, about one station's address, options in order. */
function isNeighbourMessage(view: PacketView, type: number): boolean {
  return icmpType(view) === type && view.hopLimit === MAX_HOP_LIMIT &&
    view.end - view.transport >= OPTIONS_AT &&
    view.bytes[targetAt(view)] !== 0xff && findMacOption(view, 0) >= 0;
}

/** A question from nobody goes to the solicited-node group and names no station. */
function isDadQuestion(view: PacketView): boolean {
  const { bytes, destination } = view;
  for (let index = 0; index < GROUP_PREFIX_BYTES; index++) {
    if (bytes[destination + index] !== GROUP_PREFIX[index]) return false;
  }
  return findMacOption(view, NdOption.sourceMac) === 0;
}

/**
 * Looks for a MAC address among the options.
 *
 * @param wanted One of {@linkcode NdOption}; the first of its kind counts.
 * @returns Offset of the MAC address; 0 where there is none; -1 if an option
 * has no length or runs past the end, which voids the whole message.
 */
export function findMacOption(view: PacketView, wanted: number): number {
  const { bytes, end } = view;
  let found = 0;
  let at = view.transport + OPTIONS_AT;
  while (at < end) {
    const optionBytes = at + 1 < end ? bytes[at + 1] * OPTION_UNIT : 0;
    if (optionBytes === 0 || at + optionBytes > end) return -1;
    const isWanted = bytes[at] === wanted && optionBytes === MAC_OPTION_BYTES;
    if (isWanted && found === 0) found = at + 2;
    at += optionBytes;
  }
  return found;
}

/**
 * Writes the answer to a valid solicitation: to whoever asked, or, as a
 * station without an address cannot be answered, to all nodes.
 *
 * @returns Whether the burst had room.
 */
export function writeAdvertisement(
  writer: FrameWriter,
  burst: Burst,
  solicitation: PacketView,
): boolean {
  const { bytes: asked, source } = solicitation;
  const packetBytes = IPV6.headerBytes + MESSAGE_BYTES;
  if (!writer.beginAnswer(burst, solicitation, packetBytes)) return false;
  const { bytes, network } = writer;
  const isDad = isZero(asked, source, IPV6_BYTES);
  const target = targetAt(solicitation);
  copyBytes(asked, target, bytes, network + IPV6.source, IPV6_BYTES);
  const asker = network + IPV6.destination;
  if (isDad) {
    copyBytes(ALL_NODES, 0, bytes, asker, IPV6_BYTES);
    writer.sendToGroup(asker);
  } else {
    copyBytes(asked, source, bytes, asker, IPV6_BYTES);
    const option = findMacOption(solicitation, NdOption.sourceMac);
    writer.sendTo(asked, option > 0 ? option : solicitation.sourceMac);
  }
  const flags = isDad ? FLAG_OVERRIDE : FLAG_OVERRIDE | FLAG_SOLICITED;
  writeMessage(writer, IcmpType.neighbourAdvertisement, flags);
  copyBytes(asked, target, bytes, messageAt(writer) + TARGET_AT, IPV6_BYTES);
  writeMacOption(writer, NdOption.targetMac);
  finishIcmp(writer, IPV6, MAX_HOP_LIMIT);
  return true;
}

/**
 * Writes an advertisement that nobody asked for, to all nodes: "`address` is at
 * the writer's MAC".
 *
 * @param address 16 bytes.
 * @returns Whether the burst had room.
 */
export function writeAnnouncement(
  writer: FrameWriter,
  burst: Burst,
  address: Uint8Array,
): boolean {
  return writeOwn(writer, burst, {
    source: address,
    destination: ALL_NODES,
    type: IcmpType.neighbourAdvertisement,
    target: address,
  });
}

/**
 * Writes a solicitation to the target's group: "who has `target`?".
 *
 * @param source The writer's own address; `::` to learn whether anybody uses
 * `target` (DAD).
 * @param target 16 bytes.
 * @returns Whether the burst had room.
 */
export function writeSolicitation(
  writer: FrameWriter,
  burst: Burst,
  source: Uint8Array,
  target: Uint8Array,
): boolean {
  return writeOwn(writer, burst, {
    source,
    destination: solicitedNodeGroup(target),
    type: IcmpType.neighbourSolicitation,
    target,
  });
}

interface OwnMessage {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly type: number;
  readonly target: Uint8Array;
}

function writeOwn(
  writer: FrameWriter,
  burst: Burst,
  message: OwnMessage,
): boolean {
  const isDad = isZero(message.source, 0, IPV6_BYTES);
  const messageBytes = isDad ? OPTIONS_AT : MESSAGE_BYTES;
  const packetBytes = IPV6.headerBytes + messageBytes;
  if (!writer.begin(burst, IPV6.etherType, packetBytes)) return false;
  const { bytes, network } = writer;
  bytes.set(message.source, network + IPV6.source);
  bytes.set(message.destination, network + IPV6.destination);
  writer.sendToGroup(network + IPV6.destination);
  const isAnswer = message.type === IcmpType.neighbourAdvertisement;
  writeMessage(writer, message.type, isAnswer ? FLAG_OVERRIDE : 0);
  bytes.set(message.target, messageAt(writer) + TARGET_AT);
  if (!isDad) {
    writeMacOption(writer, isAnswer ? NdOption.targetMac : NdOption.sourceMac);
  }
  finishIcmp(writer, IPV6, MAX_HOP_LIMIT);
  return true;
}

function messageAt(writer: FrameWriter): number {
  return writer.network + IPV6.headerBytes;
}

function writeMessage(writer: FrameWriter, type: number, flags: number): void {
  const { bytes } = writer;
  const at = messageAt(writer);
  bytes.fill(0, at, at + TARGET_AT);
  bytes[at] = type;
  bytes[at + FLAGS_AT] = flags;
}

function writeMacOption(writer: FrameWriter, type: number): void {
  const { bytes } = writer;
  const at = messageAt(writer) + OPTIONS_AT;
  bytes[at] = type;
  bytes[at + 1] = MAC_OPTION_BYTES / OPTION_UNIT;
  copyBytes(writer.mac, 0, bytes, at + 2, MAC_BYTES);
}
