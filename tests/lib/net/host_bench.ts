/**
 * A host under test, its neighbour, and what they say to each other.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Burst } from "../../../lib/net/burst.ts";
import { Answer, Host } from "../../../lib/net/host.ts";
import {
  advertisement,
  type ArpFields,
  arpFrame,
  echo,
  icmpFrame,
  ip,
  mac,
  solicitation,
} from "./packets.ts";

export const HOST = "02:00:00:00:00:01";
export const PEER = "02:00:00:00:00:02";
export const OTHER = "02:00:00:00:00:03";
export const ALL = "ff:ff:ff:ff:ff:ff";
export const NONE = "00:00:00:00:00:00";
export const ALL6 = "33:33:00:00:00:01";
/** Of the groups below. */
export const GROUP_MAC = "33:33:ff:00:00:01";
export const GROUP = "ff02::1:ff00:1";
export const HOST4 = "192.0.2.1";
export const PEER4 = "192.0.2.2";
export const HOST6 = "2001:db8::1";
export const PEER6 = "2001:db8::2";
export const LOCAL6 = "fe80::ff:fe00:1";
export const PEER_LOCAL6 = "fe80::2";

export const TO_HOST = { to: HOST, from: PEER };
export const TO_ALL = { to: ALL, from: PEER };
export const TO_GROUP = { to: GROUP_MAC, from: PEER };
export const TO_PEER = { to: PEER, from: HOST };
export const ECHO4 = { source: PEER4, destination: HOST4 };
export const ECHO6 = { source: PEER6, destination: HOST6 };
export const REPLY4 = { source: HOST4, destination: PEER4 };
export const REPLY6 = { source: HOST6, destination: PEER6 };
export const ND = { source: PEER6, destination: GROUP, hopLimit: 255 };
export const DAD = { source: "::", destination: GROUP, hopLimit: 255 };
export const ADVERTISED = { ...REPLY6, hopLimit: 255 };
export const PAYLOAD = Uint8Array.from({ length: 33 }, (_, index) => index * 7);

/** The host under test. */
export function makeHost(): Host {
  const addresses = [HOST4, "192.0.2.9", HOST6, LOCAL6].map(ip);
  return new Host(mac(HOST), addresses);
}

/** A burst whose arena is full of what no field should be left at. */
export function dirtyBurst(frames = 8): Burst {
  const burst = new Burst(frames, frames * 16_384);
  burst.bytes.fill(0xa5);
  return burst;
}

/** Gives a frame to a host, at an offset and between other bytes. */
export function answersTo(frame: Uint8Array, host = makeHost()): Uint8Array[] {
  const offset = 13;
  const bytes = new Uint8Array(frame.length + 2 * offset).fill(0xa5);
  bytes.set(frame, offset);
  const burst = dirtyBurst();
  const code = host.answer(bytes, offset, frame.length, burst);
  assertEquals(code, burst.count === 0 ? Answer.none : Answer.written);
  return Array.from({ length: burst.count }, (_, index) => burst.frame(index));
}

/** The neighbour's question for the host. */
export function request(fields: Partial<ArpFields> = {}): ArpFields {
  return {
    operation: 1,
    senderMac: PEER,
    senderIp: PEER4,
    targetIp: HOST4,
    ...fields,
  };
}

/** The host's answer to it. */
export function reply(fields: Partial<ArpFields> = {}): ArpFields {
  return {
    operation: 2,
    senderMac: HOST,
    senderIp: HOST4,
    targetMac: PEER,
    targetIp: PEER4,
    ...fields,
  };
}

/** Frames and the one frame that answers each. */
/** A copy with some bytes changed. */
export function changed(
  frame: Uint8Array,
  at: number,
  ...bytes: number[]
): Uint8Array {
  const copy = frame.slice();
  copy.set(bytes, at);
  return copy;
}

export const ARP_REQUEST = arpFrame(TO_ALL, request());
export const ECHO4_REQUEST = icmpFrame(TO_HOST, ECHO4, echo(8, PAYLOAD));
export const ECHO6_REQUEST = icmpFrame(TO_HOST, ECHO6, echo(128, PAYLOAD));
export const SOLICITATION = icmpFrame(TO_GROUP, ND, solicitation(HOST6, PEER));

/** A frame and what answers it. */
export interface Exchange {
  readonly name: string;
  readonly frame: Uint8Array;
  readonly want: Uint8Array;
}

/** One exchange of each kind. */
export const EXCHANGES: readonly Exchange[] = [
  {
    name: "an ARP request",
    frame: ARP_REQUEST,
    want: arpFrame(TO_PEER, reply()),
  },
  {
    name: "an echo request",
    frame: ECHO4_REQUEST,
    want: icmpFrame(TO_PEER, REPLY4, echo(0, PAYLOAD)),
  },
  {
    name: "an ICMPv6 echo request",
    frame: ECHO6_REQUEST,
    want: icmpFrame(TO_PEER, REPLY6, echo(129, PAYLOAD)),
  },
  {
    name: "a solicitation",
    frame: SOLICITATION,
    want: icmpFrame(TO_PEER, ADVERTISED, advertisement(0x60, HOST6, HOST)),
  },
  {
    name: "a tagged solicitation",
    frame: icmpFrame(
      { ...TO_GROUP, tags: "88a8 0064 8100 0007" },
      ND,
      solicitation(HOST6, PEER),
    ),
    want: icmpFrame(
      { ...TO_PEER, tags: "88a8 0064 8100 0007" },
      ADVERTISED,
      advertisement(0x60, HOST6, HOST),
    ),
  },
];

/** Registers a test for each frame that must be answered. */
export function testAnswered(exchanges: readonly Exchange[]): void {
  for (const { name, frame, want } of exchanges) {
    Deno.test(`Host answers ${name}`, () => {
      assertEquals(answersTo(frame), [want]);
    });
  }
}

/** Registers a test for each frame that must not be. */
export function testIgnored(
  frames: readonly { readonly name: string; readonly frame: Uint8Array }[],
): void {
  for (const { name, frame } of frames) {
    Deno.test(`Host ignores ${name}`, () => {
      assertEquals(answersTo(frame), []);
    });
  }
}
