/**
 * Frames for tests, written out field by field and independent of the code
 * under test: slow, and short enough to be seen to be right.
 *
 * @module
 */

import { parseMac } from "../../../lib/net/frame.ts";
import { parseIp } from "../../../lib/net/ip_address.ts";

/** Bytes of hexadecimal digits; spaces are passed over. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  const pairs = text.replaceAll(/\s/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** Arrays and numbers one after the other; a number is one byte. */
export function join(
  ...parts: (Uint8Array | number)[]
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "number" ? [part] : [...part]),
  );
}

/** A number as two bytes. */
export function u16(value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(value >> 8, value & 0xff);
}

/** Bytes of a MAC address. */
export function mac(text: string): Uint8Array<ArrayBuffer> {
  return parseMac(text) ?? hex("");
}

/** Bytes of an IP address. */
export function ip(text: string): Uint8Array<ArrayBuffer> {
  return parseIp(text) ?? hex("");
}

/** RFC 1071, word by word. */
export function plainChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += bytes[at] * 256 + (bytes[at + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}

/** Puts the checksum of the whole array, with something before it, at an offset of it. */
function sealed(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  before = hex(""),
): Uint8Array<ArrayBuffer> {
  bytes.set(u16(0), at);
  bytes.set(u16(plainChecksum(join(before, bytes))), at);
  return bytes;
}

/** An Ethernet header with tags. */
export interface EthernetFields {
  readonly to: string;
  readonly from: string;
  /** Tags in hexadecimal, type and control, e.g. "8100 0007". */
  readonly tags?: string;
}

/** A frame that carries something. */
export function ethernet(
  fields: EthernetFields,
  type: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { to, from, tags = "" } = fields;
  return join(mac(to), mac(from), hex(tags), u16(type), payload);
}

/** The four addresses of an ARP packet, and what it says. */
export interface ArpFields {
  /** 1: request, 2: reply. */
  readonly operation: number;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac?: string;
  readonly targetIp: string;
}

/** A frame with an ARP packet. */
export function arpFrame(
  fields: EthernetFields,
  arp: ArpFields,
): Uint8Array<ArrayBuffer> {
  const payload = join(
    hex("0001 0800 06 04"),
    u16(arp.operation),
    mac(arp.senderMac),
    ip(arp.senderIp),
    mac(arp.targetMac ?? "00:00:00:00:00:00"),
    ip(arp.targetIp),
  );
  return ethernet(fields, 0x0806, payload);
}

/** Source and destination of an IP packet, and its header's other fields. */
export interface IpFields {
  readonly source: string;
  readonly destination: string;
  /** Time to live or hop limit; 64. */
  readonly hopLimit?: number;
  /** IPv4 options: a multiple of 4 bytes. */
  readonly options?: Uint8Array;
  /** IPv4 flags and fragment offset; 0x4000. */
  readonly fragment?: number;
  /** IPv4 identification; 0. */
  readonly id?: number;
}

/** A frame with an ICMP or ICMPv6 message, by the source's version; the message's checksum is filled in. */
export function icmpFrame(
  fields: EthernetFields,
  ipFields: IpFields,
  message: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const source = ip(ipFields.source);
  const destination = ip(ipFields.destination);
  const { hopLimit = 64, options = hex(""), fragment = 0x4000 } = ipFields;
  if (source.length === 4) {
    const headerBytes = 20 + options.length;
    const header = sealed(
      join(
        0x40 + headerBytes / 4,
        0,
        u16(headerBytes + message.length),
        u16(ipFields.id ?? 0),
        u16(fragment),
        hopLimit,
        1,
        u16(0),
        source,
        destination,
        options,
      ),
      10,
    );
    const body = sealed(Uint8Array.from(message), 2);
    return ethernet(fields, 0x0800, join(header, body));
  }
  const length = join(u16(0), u16(message.length));
  const pseudoHeader = join(source, destination, length, hex("000000 3a"));
  const body = sealed(Uint8Array.from(message), 2, pseudoHeader);
  const start = join(hex("60000000"), u16(message.length), 58, hopLimit);
  return ethernet(fields, 0x86dd, join(start, source, destination, body));
}

/** An ICMP echo message of a type, checksum not filled in. */
export function echo(
  type: number,
  payload: Uint8Array,
  id = 0x1234,
  sequence = 7,
): Uint8Array<ArrayBuffer> {
  return join(type, 0, u16(0), u16(id), u16(sequence), payload);
}

/** A solicitation, checksum not filled in; `option` is a source link-layer address. */
export function solicitation(
  target: string,
  option?: string,
): Uint8Array<ArrayBuffer> {
  const source = option === undefined ? hex("") : join(1, 1, mac(option));
  return join(135, 0, u16(0), hex("00000000"), ip(target), source);
}

/** An advertisement, checksum not filled in; `option` is a target link-layer address. */
export function advertisement(
  flags: number,
  target: string,
  option?: string,
): Uint8Array<ArrayBuffer> {
  const place = option === undefined ? hex("") : join(2, 1, mac(option));
  return join(136, 0, u16(0), flags, hex("000000"), ip(target), place);
}
