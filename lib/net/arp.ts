/**
 * The Address Resolution Protocol for IPv4 on Ethernet (RFC 826), with the
 * probes and announcements of RFC 5227.
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { EtherType, MAC_BYTES } from "./frame.ts";
import type { FrameWriter } from "./frame_writer.ts";
import { IPV4_BYTES } from "./ip_address.ts";
import {
  copyBytes,
  type PacketView,
  readUint16,
  writeUint16,
} from "./ip_packet.ts";

/** Length of the packet. */
export const ARP_BYTES = 28;

/** What an ARP packet says. */
export const ArpOperation = { request: 1, reply: 2 } as const;

/** Offsets in an ARP packet. */
export const ArpField = {
  operation: 6,
  senderMac: 8,
  senderIp: 14,
  targetMac: 18,
  targetIp: 24,
} as const;

const HARDWARE_ETHERNET = 1;
const ADDRESS_LENGTHS = MAC_BYTES << 8 | IPV4_BYTES;

/** No station: what a probe gives as its sender, and what a request asks for. */
const NOBODY = new Uint8Array(MAC_BYTES);

/** Whether a frame is a whole ARP packet for IPv4 on Ethernet. */
export function isArp(view: PacketView): boolean {
  const { bytes, network } = view;
  return view.etherType === EtherType.arp &&
    view.end - network >= ARP_BYTES &&
    readUint16(bytes, network) === HARDWARE_ETHERNET &&
    readUint16(bytes, network + 2) === EtherType.ipv4 &&
    readUint16(bytes, network + 4) === ADDRESS_LENGTHS;
}

/** What an ARP packet says: one of {@linkcode ArpOperation}, or another number. */
export function arpOperation(view: PacketView): number {
  return readUint16(view.bytes, view.network + ArpField.operation);
}

/**
 * Writes the reply to a request, to the station that asks: "the address that
 * you ask for is at the writer's MAC".
 *
 * @returns Whether the burst had room.
 */
export function writeArpReply(
  writer: FrameWriter,
  burst: Burst,
  request: PacketView,
): boolean {
  if (!writer.beginAnswer(burst, request, ARP_BYTES)) return false;
  const { bytes, network } = request;
  writer.sendTo(bytes, network + ArpField.senderMac);
  writeFields(writer, ArpOperation.reply);
  writeAddress(writer, ArpField.senderIp, bytes, network + ArpField.targetIp);
  const { bytes: out, network: at } = writer;
  const askerBytes = MAC_BYTES + IPV4_BYTES;
  const asker = network + ArpField.senderMac;
  copyBytes(bytes, asker, out, at + ArpField.targetMac, askerBytes);
  writer.finish();
  return true;
}

/**
 * Writes a request to all stations: "who has `target`?".
 *
 * @param source The writer's own address. 0.0.0.0 makes it a probe, from which
 * nobody learns (RFC 5227); `target` itself makes it an announcement.
 * @param target 4 bytes.
 * @returns Whether the burst had room.
 */
export function writeArpRequest(
  writer: FrameWriter,
  burst: Burst,
  source: Uint8Array,
  target: Uint8Array,
): boolean {
  if (!writer.begin(burst, EtherType.arp, ARP_BYTES)) return false;
  writer.sendToAll();
  writeFields(writer, ArpOperation.request);
  writeAddress(writer, ArpField.senderIp, source, 0);
  const { bytes, network } = writer;
  copyBytes(NOBODY, 0, bytes, network + ArpField.targetMac, MAC_BYTES);
  writeAddress(writer, ArpField.targetIp, target, 0);
  writer.finish();
  return true;
}

function writeFields(writer: FrameWriter, operation: number): void {
  const { bytes, network } = writer;
  writeUint16(bytes, network, HARDWARE_ETHERNET);
  writeUint16(bytes, network + 2, EtherType.ipv4);
  writeUint16(bytes, network + 4, ADDRESS_LENGTHS);
  writeUint16(bytes, network + ArpField.operation, operation);
  copyBytes(writer.mac, 0, bytes, network + ArpField.senderMac, MAC_BYTES);
}

function writeAddress(
  writer: FrameWriter,
  field: number,
  from: Uint8Array,
  fromAt: number,
): void {
  copyBytes(from, fromAt, writer.bytes, writer.network + field, IPV4_BYTES);
}
