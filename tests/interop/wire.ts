/**
 * The UDP datagrams on a wire between hosts, taken apart: what a VDE network
 * looks like from outside.
 *
 * @module
 */

import {
  ETHERNET_HEADER_BYTES,
  EtherType,
  formatMac,
  SOURCE_MAC_OFFSET,
} from "../../lib/net/frame.ts";
import { formatIp, IPV4_BYTES, IPV6_BYTES } from "../../lib/net/ip_address.ts";
import { VXLAN_HEADER_BYTES } from "../../lib/net/vxlan_header.ts";
import { type Capture, capture, type LabHost } from "../lab/mod.ts";
import { eventually } from "./nodes.ts";

const TYPE_OFFSET = 12;
const UDP_HEADER_BYTES = 8;
const ICMP = 1;
const ICMP_HEADER_BYTES = 8;
const ECHO_REQUEST = 8;

/** Offsets in an IP header, and its shortest length. */
const IPV4 = { ttl: 8, protocol: 9, addresses: 12, headerBytes: 20 } as const;
const IPV6 = { ttl: 7, addresses: 8, headerBytes: 40 } as const;

/**
 * Options of tcpdump: room for thousands of packets. It sets aside the longest
 * length for each, which would else be 256 KiB, and drops what it has no room for.
 */
export const ROOMY: readonly string[] = ["-s", "2048", "-B", "16384"];

/** One datagram. */
export interface Datagram {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** TTL, or hop limit. */
  readonly ttl: number;
  /** VXLAN network identifier. */
  readonly vni: number;
  /** What follows the VXLAN header; nothing in a goodbye. */
  readonly frame: Uint8Array;
}

/** The datagrams that pass an interface. Disposing ends the capture. */
export class Wire implements AsyncDisposable {
  private constructor(private readonly capture: Capture) {}

  /**
   * Begins to watch. Needs `canCapture`.
   *
   * @param interfaceName Of the host's; the wire of its first port unless given.
   */
  static async watch(
    host: LabHost,
    interfaceName: string = host.port.interfaceName,
  ): Promise<Wire> {
    const args = ["-xx", "-t", "-q", ...ROOMY];
    return new Wire(
      await capture(host, { interfaceName, filter: "udp", args }),
    );
  }

  /** All that passed so far, in order. */
  datagrams(): Datagram[] {
    const packets = this.capture.process.stdout.split(/^(?=\S)/m);
    return packets.map(bytesOf).flatMap((bytes) => parse(bytes) ?? []);
  }

  /** Waits until a datagram like this has passed. */
  async waitFor(
    what: string,
    isIt: (datagram: Datagram) => boolean,
  ): Promise<Datagram> {
    return await eventually(
      `${what} on the wire`,
      () => this.datagrams().find(isIt),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.capture[Symbol.asyncDispose]();
  }
}

/** Whether a datagram went to a group. */
export function isToGroup({ destination }: Datagram): boolean {
  return /^(ff|2[23]\d\.)/.test(destination);
}

/** Whether its frame is for one station. */
export function isForOne({ frame }: Datagram): boolean {
  return frame.length > 0 && (frame[0] & 1) === 0;
}

/** Whether it is a goodbye. */
export function isGoodbye({ frame }: Datagram): boolean {
  return frame.length === 0;
}

/** The MAC address that its frame comes from. */
export function sender({ frame }: Datagram): string {
  return formatMac(frame, SOURCE_MAC_OFFSET);
}

/** The sequence number of the IPv4 ping request in it; undefined for anything else. */
export function pingNumber({ frame }: Datagram): number | undefined {
  const ip = ETHERNET_HEADER_BYTES;
  const icmp = ip + IPV4.headerBytes;
  if (frame.length < icmp + ICMP_HEADER_BYTES) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset);
  const isRequest = view.getUint16(TYPE_OFFSET) === EtherType.ipv4 &&
    frame[ip + IPV4.protocol] === ICMP && frame[icmp] === ECHO_REQUEST;
  return isRequest ? view.getUint16(icmp + 6) : undefined;
}

/** The bytes of a packet as tcpdump prints them: a line about it, then lines of hexadecimal digits. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const digits = Array.from(
    text.matchAll(/^\t0x[0-9a-f]+: {2}([0-9a-f ]+)$/gm),
    ([, line]) => line.replaceAll(" ", ""),
  ).join("");
  return Uint8Array.from(
    { length: digits.length >> 1 },
    (_, index) => parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Takes a packet apart; undefined if not all of it is there yet. */
function parse(packet: Uint8Array<ArrayBuffer>): Datagram | undefined {
  const ip = ETHERNET_HEADER_BYTES;
  if (packet.length < ip + IPV4.headerBytes) return undefined;
  const view = new DataView(packet.buffer);
  const isIpv4 = view.getUint16(TYPE_OFFSET) === EtherType.ipv4;
  const { ttl, addresses } = isIpv4 ? IPV4 : IPV6;
  const addressBytes = isIpv4 ? IPV4_BYTES : IPV6_BYTES;
  const udp = ip + (isIpv4 ? (packet[ip] & 15) * 4 : IPV6.headerBytes);
  const vxlan = udp + UDP_HEADER_BYTES;
  if (packet.length < vxlan + VXLAN_HEADER_BYTES) return undefined;
  const end = udp + view.getUint16(udp + 4);
  if (packet.length < end) return undefined;
  const addressAt = (at: number) =>
    formatIp(packet.subarray(at, at + addressBytes));
  return {
    source: addressAt(ip + addresses),
    sourcePort: view.getUint16(udp),
    destination: addressAt(ip + addresses + addressBytes),
    destinationPort: view.getUint16(udp + 2),
    ttl: packet[ip + ttl],
    vni: view.getUint32(vxlan + 4) >>> 8,
    frame: packet.slice(vxlan + VXLAN_HEADER_BYTES, end),
  };
}
