/**
 * TCP and UDP frames of any size for tests, written out field by field, and
 * bursts that stand in an arena.
 *
 * @module
 */

import type { Arena } from "../../../lib/net/arena.ts";
import { Burst } from "../../../lib/net/burst.ts";
import { FrameKind } from "../../../lib/net/offload.ts";
import { ethernet, hex, ip, join, plainChecksum, u16 } from "./packets.ts";

/** Bits of TCP's flags. */
export const Flag = {
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
} as const;

const PROTOCOLS = { tcp: 6, udp: 17 };
const MACS = { to: "02:00:00:00:00:02", from: "02:00:00:00:00:01" };

/** A frame's fields; what is left out has a plain value. */
export interface FrameFields {
  readonly version?: 4 | 6;
  readonly transport?: "tcp" | "udp";
  /** VLAN tags in hexadecimal, e.g. "8100 0007". */
  readonly tags?: string;
  /** IPv4 options, or IPv6 hop-by-hop options without their two bytes of head. */
  readonly ipOptions?: Uint8Array;
  readonly id?: number;
  readonly sequence?: number;
  readonly flags?: number;
  readonly urgent?: number;
  readonly tcpOptions?: Uint8Array;
  readonly payload: Uint8Array;
  /** Whether the transport checksum is complete; otherwise its field holds the pseudo-header's sum. */
  readonly complete?: boolean;
  /** Bytes behind the IP packet. */
  readonly trailer?: Uint8Array;
}

/** A frame and what a burst says of it. */
export interface TestFrame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly kind: number;
  readonly segmentSize: number;
  readonly checksumStart: number;
  readonly checksumOffset: number;
}

/** Writes out a frame. */
export function makeFrame(fields: FrameFields): Uint8Array<ArrayBuffer> {
  const { version = 4, tags, trailer = hex("") } = fields;
  const packet = version === 4 ? ipv4(fields) : ipv6(fields);
  const type = version === 4 ? 0x0800 : 0x86dd;
  return ethernet({ ...MACS, tags }, type, join(packet, trailer));
}

/**
 * Writes out a superframe as the kernel hands it over: its checksum is still
 * to be computed.
 */
export function makeSuperframe(
  fields: FrameFields,
  segmentSize: number,
): TestFrame {
  const { version = 4, transport = "tcp" } = fields;
  const tcpKind = version === 4 ? FrameKind.tcp4 : FrameKind.tcp6;
  return {
    bytes: makeFrame({ ...fields, complete: false }),
    kind: transport === "tcp" ? tcpKind : FrameKind.udp,
    segmentSize,
    ...wantedChecksum(fields),
  };
}

/** Writes out a plain frame whose checksums are complete, unless `complete` is false. */
export function makePlainFrame(fields: FrameFields): TestFrame {
  const complete = fields.complete ?? true;
  const nothingWanted = { checksumStart: 0, checksumOffset: 0 };
  return {
    bytes: makeFrame({ ...fields, complete }),
    kind: FrameKind.plain,
    segmentSize: 0,
    ...(complete ? nothingWanted : wantedChecksum(fields)),
  };
}

function wantedChecksum(
  fields: FrameFields,
): { checksumStart: number; checksumOffset: number } {
  const { version = 4, transport = "tcp", tags = "", ipOptions } = fields;
  const extra = ipOptions?.length ?? 0;
  const options = version === 6 && ipOptions !== undefined ? extra + 2 : extra;
  const before = 14 + hex(tags).length + (version === 4 ? 20 : 40) + options;
  return {
    checksumStart: before,
    checksumOffset: transport === "tcp" ? 16 : 6,
  };
}

function ipv4(fields: FrameFields): Uint8Array {
  const { transport = "tcp", ipOptions = hex(""), id = 1 } = fields;
  const protocol = PROTOCOLS[transport];
  const addresses = join(ip("192.0.2.1"), ip("192.0.2.2"));
  const data = upper(fields, addresses);
  const header = join(
    0x40 | (20 + ipOptions.length) / 4,
    0x02, // ECT(0)
    u16(20 + ipOptions.length + data.length),
    u16(id),
    u16(0x4000),
    64,
    protocol,
    u16(0),
    addresses,
    ipOptions,
  );
  header.set(u16(plainChecksum(header)), 10);
  return join(header, data);
}

function ipv6(fields: FrameFields): Uint8Array {
  const { transport = "tcp", ipOptions } = fields;
  const protocol = PROTOCOLS[transport];
  const addresses = join(ip("2001:db8::1"), ip("2001:db8::2"));
  const data = upper(fields, addresses);
  const extension = ipOptions === undefined
    ? hex("")
    : join(protocol, (ipOptions.length + 2) / 8 - 1, ipOptions);
  return join(
    hex("60212345"),
    u16(extension.length + data.length),
    ipOptions === undefined ? protocol : 0,
    64,
    addresses,
    extension,
    data,
  );
}

function upper(fields: FrameFields, addresses: Uint8Array): Uint8Array {
  const { transport = "tcp", complete = true } = fields;
  const data = transport === "tcp" ? tcp(fields) : udp(fields);
  const pseudo = join(
    addresses,
    u16(data.length >> 16),
    u16(data.length & 0xffff),
    u16(0),
    u16(PROTOCOLS[transport]),
  );
  const checksum = complete
    ? plainChecksum(join(pseudo, data))
    : 0xffff - plainChecksum(pseudo);
  const isZeroUdp = transport === "udp" && checksum === 0;
  data.set(u16(isZeroUdp ? 0xffff : checksum), transport === "tcp" ? 16 : 6);
  return data;
}

function tcp(fields: FrameFields): Uint8Array {
  const { sequence = 1, flags = Flag.ack, urgent = 0 } = fields;
  const { tcpOptions = hex(""), payload } = fields;
  return join(
    u16(40000),
    u16(5201),
    u16(sequence >>> 16),
    u16(sequence & 0xffff),
    hex("01020304"),
    (20 + tcpOptions.length) / 4 << 4,
    flags,
    u16(0x0fff),
    u16(0),
    u16(urgent),
    tcpOptions,
    payload,
  );
}

function udp({ payload }: FrameFields): Uint8Array {
  return join(u16(40000), u16(443), u16(8 + payload.length), u16(0), payload);
}

/** Makes an empty burst whose frames stand in `arena`. */
export function burstIn(arena: Arena, capacityFrames: number = 16): Burst {
  return new Burst(capacityFrames, arena);
}

/** Puts a frame into a burst at an offset that may be odd, and says of it what is to be said. */
export function place(
  burst: Burst,
  frame: TestFrame,
  offset: number,
): number {
  const index = burst.count;
  burst.bytes.set(frame.bytes, offset);
  burst.append(offset, frame.bytes.length);
  burst.kind[index] = frame.kind;
  burst.segmentSize[index] = frame.segmentSize;
  burst.checksumStart[index] = frame.checksumStart;
  burst.checksumOffset[index] = frame.checksumOffset;
  return index;
}
