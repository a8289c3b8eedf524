import { assertEquals } from "@std/assert";
import { Host } from "../../../lib/net/host.ts";
import { seededRandom } from "../../random.ts";
import {
  ALL6,
  answersTo,
  changed,
  dirtyBurst,
  ECHO4,
  ECHO4_REQUEST,
  ECHO6,
  ECHO6_REQUEST,
  HOST,
  HOST4,
  LOCAL6,
  makeHost,
  OTHER,
  PAYLOAD,
  PEER,
  PEER4,
  PEER6,
  PEER_LOCAL6,
  REPLY4,
  REPLY6,
  testAnswered,
  testIgnored,
  TO_ALL,
  TO_GROUP,
  TO_HOST,
  TO_PEER,
} from "./host_bench.ts";
import {
  echo,
  hex,
  icmpFrame,
  ip,
  join,
  mac,
  plainChecksum,
  u16,
} from "./packets.ts";

/** The same with another IPv4 header field and a right header checksum. */
function reheaded(at: number, ...bytes: number[]): Uint8Array {
  const frame = changed(ECHO4_REQUEST, 14 + at, ...bytes);
  frame.set(u16(0), 24);
  frame.set(u16(plainChecksum(frame.subarray(14, 34))), 24);
  return frame;
}

testAnswered([
  {
    name: "an echo request",
    frame: icmpFrame(TO_HOST, ECHO4, echo(8, PAYLOAD)),
    want: icmpFrame(TO_PEER, REPLY4, echo(0, PAYLOAD)),
  },
  {
    name: "an echo request without a payload",
    frame: icmpFrame(TO_HOST, ECHO4, echo(8, hex(""))),
    want: icmpFrame(TO_PEER, REPLY4, echo(0, hex(""))),
  },
  {
    name: "an echo request whose frame is padded, without the padding",
    frame: join(icmpFrame(TO_HOST, ECHO4, echo(8, hex("01"))), hex("ffffff")),
    want: icmpFrame(TO_PEER, REPLY4, echo(0, hex("01"))),
  },
  {
    name: "an echo request with IPv4 options, leaving them out",
    frame: icmpFrame(
      TO_HOST,
      { ...ECHO4, options: hex("01010100") },
      echo(8, PAYLOAD),
    ),
    want: icmpFrame(TO_PEER, REPLY4, echo(0, PAYLOAD)),
  },
  {
    name: "an echo request that has an identification and may be fragmented",
    frame: icmpFrame(
      TO_HOST,
      { ...ECHO4, id: 0x8421, fragment: 0 },
      echo(8, PAYLOAD),
    ),
    want: icmpFrame(TO_PEER, REPLY4, echo(0, PAYLOAD)),
  },
  {
    name: "an echo request at the end of its way",
    frame: icmpFrame(TO_HOST, { ...ECHO4, hopLimit: 1 }, echo(8, PAYLOAD)),
    want: icmpFrame(TO_PEER, REPLY4, echo(0, PAYLOAD)),
  },
  {
    name: "an ICMPv6 echo request",
    frame: icmpFrame(TO_HOST, ECHO6, echo(128, PAYLOAD)),
    want: icmpFrame(TO_PEER, REPLY6, echo(129, PAYLOAD)),
  },
  {
    name: "an ICMPv6 echo request to its link-local address",
    frame: icmpFrame(
      TO_HOST,
      { source: PEER_LOCAL6, destination: LOCAL6 },
      echo(128, PAYLOAD),
    ),
    want: icmpFrame(
      TO_PEER,
      { source: LOCAL6, destination: PEER_LOCAL6 },
      echo(129, PAYLOAD),
    ),
  },
  {
    name: "an ICMPv6 echo request to all nodes, from its link-local address",
    frame: icmpFrame(
      { to: ALL6, from: PEER },
      { source: PEER_LOCAL6, destination: "ff02::1" },
      echo(128, PAYLOAD),
    ),
    want: icmpFrame(
      TO_PEER,
      { source: LOCAL6, destination: PEER_LOCAL6 },
      echo(129, PAYLOAD),
    ),
  },
  {
    name: "an ICMPv6 echo request to all nodes, from its global address",
    frame: icmpFrame(
      { to: ALL6, from: PEER },
      { source: PEER6, destination: "ff02::1" },
      echo(128, PAYLOAD),
    ),
    want: icmpFrame(TO_PEER, REPLY6, echo(129, PAYLOAD)),
  },
  {
    name: "a group's message in a frame to itself alone (RFC 6085)",
    frame: icmpFrame(
      TO_HOST,
      { source: PEER6, destination: "ff02::1" },
      echo(128, PAYLOAD),
    ),
    want: icmpFrame(TO_PEER, REPLY6, echo(129, PAYLOAD)),
  },
]);

testIgnored([
  {
    name: "an ICMP message of 7 bytes with a right checksum",
    frame: icmpFrame(TO_HOST, ECHO4, echo(8, hex("")).subarray(0, 7)),
  },
  {
    name: "an ICMPv6 message of 7 bytes with a right checksum",
    frame: icmpFrame(TO_HOST, ECHO6, echo(128, hex("")).subarray(0, 7)),
  },
  { name: "an echo reply", frame: icmpFrame(TO_HOST, ECHO4, echo(0, PAYLOAD)) },
  {
    name: "an echo request with a code",
    frame: icmpFrame(TO_HOST, ECHO4, changed(echo(8, PAYLOAD), 1, 1)),
  },
  {
    name: "an echo request to another address",
    frame: icmpFrame(
      TO_HOST,
      { ...ECHO4, destination: PEER4 },
      echo(8, PAYLOAD),
    ),
  },
  {
    name: "an echo request to all",
    frame: icmpFrame(
      TO_ALL,
      { ...ECHO4, destination: "255.255.255.255" },
      echo(8, PAYLOAD),
    ),
  },
  {
    name: "an echo request to the subnet's broadcast address",
    frame: icmpFrame(
      TO_ALL,
      { ...ECHO4, destination: "192.0.2.255" },
      echo(8, PAYLOAD),
    ),
  },
  {
    name: "an echo request to a group",
    frame: icmpFrame({ to: "01:00:5e:00:00:01", from: PEER }, {
      ...ECHO4,
      destination: "224.0.0.1",
    }, echo(8, PAYLOAD)),
  },
  {
    name: "an echo request to it in a frame to all (RFC 1122)",
    frame: icmpFrame(TO_ALL, ECHO4, echo(8, PAYLOAD)),
  },
  {
    name: "an echo request to it in a frame to another",
    frame: icmpFrame({ to: OTHER, from: PEER }, ECHO4, echo(8, PAYLOAD)),
  },
  {
    name: "an echo request from nobody",
    frame: icmpFrame(
      TO_HOST,
      { ...ECHO4, source: "0.0.0.0" },
      echo(8, PAYLOAD),
    ),
  },
  {
    name: "an echo request from a group",
    frame: icmpFrame(
      TO_HOST,
      { ...ECHO4, source: "224.0.0.1" },
      echo(8, PAYLOAD),
    ),
  },
  {
    name: "an echo request from all",
    frame: icmpFrame(
      TO_HOST,
      { ...ECHO4, source: "255.255.255.255" },
      echo(8, PAYLOAD),
    ),
  },
  {
    name: "an echo request from a loopback address",
    frame: icmpFrame(
      TO_HOST,
      { ...ECHO4, source: "127.0.0.1" },
      echo(8, PAYLOAD),
    ),
  },
  {
    name: "an echo request from its own address",
    frame: icmpFrame(TO_HOST, { ...ECHO4, source: HOST4 }, echo(8, PAYLOAD)),
  },
  {
    name: "the first of several fragments",
    frame: icmpFrame(TO_HOST, { ...ECHO4, fragment: 0x2000 }, echo(8, PAYLOAD)),
  },
  {
    name: "the last of several fragments",
    frame: icmpFrame(TO_HOST, { ...ECHO4, fragment: 1 }, echo(8, PAYLOAD)),
  },
  {
    name: "an IPv4 header with a wrong checksum",
    frame: changed(ECHO4_REQUEST, 24, 1, 2),
  },
  {
    name: "an echo request with a wrong checksum",
    frame: changed(ECHO4_REQUEST, 36, 1, 2),
  },
  {
    name: "an echo request with a changed payload",
    frame: changed(ECHO4_REQUEST, 60, 1),
  },
  { name: "another IP version", frame: reheaded(0, 0x55) },
  { name: "an IPv4 header shorter than it can be", frame: reheaded(0, 0x44) },
  { name: "an IPv4 packet shorter than its header", frame: reheaded(2, 0, 19) },
  {
    name: "an IPv4 packet longer than its frame",
    frame: reheaded(2, 0, 20 + 8 + 34),
  },
  {
    name: "an IPv4 packet that ends within the ICMP header",
    frame: reheaded(2, 0, 27),
  },
  { name: "UDP over IPv4", frame: reheaded(9, 17) },
  { name: "ICMPv6 over IPv4", frame: reheaded(9, 58) },
  {
    name: "IPv4 in a frame said to be IPv6",
    frame: changed(ECHO4_REQUEST, 12, 0x86, 0xdd),
  },
  {
    name: "IPv6 in a frame said to be IPv4",
    frame: changed(ECHO6_REQUEST, 12, 8, 0),
  },
  {
    name: "an ICMPv6 echo reply",
    frame: icmpFrame(TO_HOST, ECHO6, echo(129, PAYLOAD)),
  },
  {
    name: "an ICMP type of IPv4 over IPv6",
    frame: icmpFrame(TO_HOST, ECHO6, echo(8, PAYLOAD)),
  },
  {
    name: "an ICMPv6 echo request with a wrong checksum",
    frame: changed(ECHO6_REQUEST, 56, 1, 2),
  },
  {
    name: "an ICMPv6 echo request whose source was changed",
    frame: changed(ECHO6_REQUEST, 37, 9),
  },
  {
    name: "an IPv6 packet longer than its frame",
    frame: changed(ECHO6_REQUEST, 18, 0, 8 + 34),
  },
  { name: "an IPv6 fragment", frame: changed(ECHO6_REQUEST, 20, 44) },
  { name: "an IPv6 extension header", frame: changed(ECHO6_REQUEST, 20, 0) },
  {
    name: "an ICMPv6 echo request to another",
    frame: icmpFrame(
      TO_HOST,
      { ...ECHO6, destination: PEER6 },
      echo(128, PAYLOAD),
    ),
  },
  {
    name: "an ICMPv6 echo request to it in a frame to a group",
    frame: icmpFrame(TO_GROUP, ECHO6, echo(128, PAYLOAD)),
  },
  {
    name: "an ICMPv6 echo request to it in a frame to another",
    frame: icmpFrame({ to: OTHER, from: PEER }, ECHO6, echo(128, PAYLOAD)),
  },
  {
    name: "an ICMPv6 echo request to a group that it is not in",
    frame: icmpFrame({ to: "33:33:00:00:00:02", from: PEER }, {
      ...ECHO6,
      destination: "ff02::2",
    }, echo(128, PAYLOAD)),
  },
  {
    name: "an ICMPv6 echo request from nobody",
    frame: icmpFrame(TO_HOST, { ...ECHO6, source: "::" }, echo(128, PAYLOAD)),
  },
  {
    name: "an ICMPv6 echo request from a group",
    frame: icmpFrame(
      TO_HOST,
      { ...ECHO6, source: "ff02::1" },
      echo(128, PAYLOAD),
    ),
  },
  {
    name: "an ICMPv6 echo request from its own address",
    frame: icmpFrame(TO_HOST, { ...ECHO6, source: LOCAL6 }, echo(128, PAYLOAD)),
  },
  { name: "no bytes", frame: hex("") },
]);

Deno.test("Host echoes payloads of every length up to an MTU of 9216", () => {
  const host = makeHost();
  const payload = seededRandom(792).bytes(9216);
  const burst = dirtyBurst(1);
  for (let length = 0; length <= 9216 - 28; length += length < 300 ? 1 : 127) {
    const sent = payload.subarray(0, length);
    const frame = icmpFrame(TO_HOST, ECHO4, echo(8, sent));
    burst.clear();
    host.answer(frame, 0, frame.length, burst);
    assertEquals(burst.frame(0), icmpFrame(TO_PEER, REPLY4, echo(0, sent)));
  }
  for (
    const { fields, ip, types, length } of [
      { fields: ECHO4, ip: REPLY4, types: [8, 0], length: 9216 - 28 },
      { fields: ECHO6, ip: REPLY6, types: [128, 129], length: 9216 - 48 },
    ]
  ) {
    const sent = payload.subarray(0, length);
    assertEquals(
      answersTo(icmpFrame(TO_HOST, fields, echo(types[0], sent))),
      [icmpFrame(TO_PEER, ip, echo(types[1], sent))],
    );
  }
});

Deno.test("Host without IPv6 addresses answers no echo request to all nodes", () => {
  const host = new Host(mac(HOST), [ip(HOST4)]);
  const frame = icmpFrame(
    { to: ALL6, from: PEER },
    { source: PEER6, destination: "ff02::1" },
    echo(128, PAYLOAD),
  );
  assertEquals(answersTo(frame, host), []);
});
