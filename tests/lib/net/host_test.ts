import { assert, assertEquals, assertLess } from "@std/assert";
import { Burst } from "../../../lib/net/burst.ts";
import { Answer, Host } from "../../../lib/net/host.ts";
import { linkLocalAddress } from "../../../lib/net/mac_address.ts";
import { seededRandom } from "../../random.ts";
import {
  advertisement,
  arpFrame,
  echo,
  ethernet,
  hex,
  icmpFrame,
  ip,
  join,
  mac,
  plainChecksum,
  solicitation,
  u16,
} from "./packets.ts";

const HOST = "02:00:00:00:00:01";
const PEER = "02:00:00:00:00:02";
const OTHER = "02:00:00:00:00:03";
const ALL = "ff:ff:ff:ff:ff:ff";
const NONE = "00:00:00:00:00:00";
const ALL6 = "33:33:00:00:00:01";
/** Of the groups below. */
const GROUP_MAC = "33:33:ff:00:00:01";
const GROUP = "ff02::1:ff00:1";
const HOST4 = "192.0.2.1";
const PEER4 = "192.0.2.2";
const HOST6 = "2001:db8::1";
const PEER6 = "2001:db8::2";
const LOCAL6 = "fe80::ff:fe00:1";
const PEER_LOCAL6 = "fe80::2";

const TO_HOST = { to: HOST, from: PEER };
const TO_ALL = { to: ALL, from: PEER };
const TO_GROUP = { to: GROUP_MAC, from: PEER };
const TO_PEER = { to: PEER, from: HOST };
const ECHO4 = { source: PEER4, destination: HOST4 };
const ECHO6 = { source: PEER6, destination: HOST6 };
const REPLY4 = { source: HOST4, destination: PEER4 };
const REPLY6 = { source: HOST6, destination: PEER6 };
const ND = { source: PEER6, destination: GROUP, hopLimit: 255 };
const DAD = { source: "::", destination: GROUP, hopLimit: 255 };
const PAYLOAD = Uint8Array.from({ length: 33 }, (_, index) => index * 7);

function makeHost(): Host {
  const addresses = [HOST4, "192.0.2.9", HOST6, LOCAL6].map(ip);
  return new Host(mac(HOST), addresses);
}

/** A burst whose arena is full of what no field should be left at. */
function dirtyBurst(frames = 8): Burst {
  const burst = new Burst(frames, frames * 16_384);
  burst.bytes.fill(0xa5);
  return burst;
}

/** Gives a frame to a host, at an offset and between other bytes. */
function answersTo(frame: Uint8Array, host = makeHost()): Uint8Array[] {
  const offset = 13;
  const bytes = new Uint8Array(frame.length + 2 * offset).fill(0xa5);
  bytes.set(frame, offset);
  const burst = dirtyBurst();
  const code = host.answer(bytes, offset, frame.length, burst);
  assertEquals(code, burst.count === 0 ? Answer.none : Answer.written);
  return Array.from({ length: burst.count }, (_, index) => burst.frame(index));
}

function request(fields: Partial<Parameters<typeof arpFrame>[1]> = {}) {
  return {
    operation: 1,
    senderMac: PEER,
    senderIp: PEER4,
    targetIp: HOST4,
    ...fields,
  };
}

function reply(fields: Partial<Parameters<typeof arpFrame>[1]> = {}) {
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
const ANSWERED = [
  {
    name: "an ARP request",
    frame: arpFrame(TO_ALL, request()),
    want: arpFrame(TO_PEER, reply()),
  },
  {
    name: "an ARP request to itself alone",
    frame: arpFrame(TO_HOST, request()),
    want: arpFrame(TO_PEER, reply()),
  },
  {
    name: "an ARP request for its second address",
    frame: arpFrame(TO_ALL, request({ targetIp: "192.0.2.9" })),
    want: arpFrame(TO_PEER, reply({ senderIp: "192.0.2.9" })),
  },
  {
    name: "an ARP probe, whose sender has no address yet",
    frame: arpFrame(TO_ALL, request({ senderIp: "0.0.0.0" })),
    want: arpFrame(TO_PEER, reply({ targetIp: "0.0.0.0" })),
  },
  {
    name: "an ARP request with padding",
    frame: join(arpFrame(TO_ALL, request()), new Uint8Array(18)),
    want: arpFrame(TO_PEER, reply()),
  },
  {
    name: "an ARP request by the sender that it names, not by who passed it on",
    frame: arpFrame(TO_ALL, request({ senderMac: OTHER })),
    want: arpFrame(
      { to: OTHER, from: HOST },
      reply({ targetMac: OTHER }),
    ),
  },
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
  {
    name: "a solicitation",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6, PEER)),
    want: icmpFrame(
      TO_PEER,
      { ...REPLY6, hopLimit: 255 },
      advertisement(0x60, HOST6, HOST),
    ),
  },
  {
    name: "a solicitation for its link-local address",
    frame: icmpFrame(
      TO_GROUP,
      { ...ND, source: PEER_LOCAL6 },
      solicitation(LOCAL6, PEER),
    ),
    want: icmpFrame(
      TO_PEER,
      { source: LOCAL6, destination: PEER_LOCAL6, hopLimit: 255 },
      advertisement(0x60, LOCAL6, HOST),
    ),
  },
  {
    name: "a solicitation to itself alone, without an option",
    frame: icmpFrame(
      TO_HOST,
      { ...ND, destination: HOST6 },
      solicitation(HOST6),
    ),
    want: icmpFrame(
      TO_PEER,
      { ...REPLY6, hopLimit: 255 },
      advertisement(0x60, HOST6, HOST),
    ),
  },
  {
    name: "a solicitation by the MAC address that its option names",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6, OTHER)),
    want: icmpFrame(
      { to: OTHER, from: HOST },
      { ...REPLY6, hopLimit: 255 },
      advertisement(0x60, HOST6, HOST),
    ),
  },
  {
    name: "a solicitation with further options (a nonce, RFC 3971)",
    frame: icmpFrame(
      TO_GROUP,
      ND,
      join(
        solicitation(HOST6),
        hex("0e01 112233445566"),
        hex("0101"),
        mac(OTHER),
      ),
    ),
    want: icmpFrame(
      { to: OTHER, from: HOST },
      { ...REPLY6, hopLimit: 255 },
      advertisement(0x60, HOST6, HOST),
    ),
  },
  {
    name: "a question of duplicate address detection, to all nodes",
    frame: icmpFrame(TO_GROUP, DAD, solicitation(HOST6)),
    want: icmpFrame(
      { to: ALL6, from: HOST },
      { source: HOST6, destination: "ff02::1", hopLimit: 255 },
      advertisement(0x20, HOST6, HOST),
    ),
  },
  {
    name: "such a question with a nonce (RFC 7527)",
    frame: icmpFrame(
      TO_GROUP,
      DAD,
      join(solicitation(HOST6), hex("0e01 112233445566")),
    ),
    want: icmpFrame(
      { to: ALL6, from: HOST },
      { source: HOST6, destination: "ff02::1", hopLimit: 255 },
      advertisement(0x20, HOST6, HOST),
    ),
  },
] as const;

for (const { name, frame, want } of ANSWERED) {
  Deno.test(`Host answers ${name}`, () => {
    assertEquals(answersTo(frame), [want]);
  });
}

const TAGS = [
  { name: "an 802.1Q tag", tags: "8100 0007" },
  { name: "a priority tag", tags: "8100 e000" },
  { name: "an 802.1ad tag", tags: "88a8 0fff" },
  { name: "stacked tags", tags: "88a8 2064 8100 a007" },
  {
    name: "five tags",
    tags: "8100 0001 8100 0002 8100 0003 8100 0004 88a8 0005",
  },
] as const;

for (const { name, tags } of TAGS) {
  Deno.test(`Host keeps ${name} on its answers`, () => {
    const tagged = { tags };
    assertEquals(
      answersTo(arpFrame({ ...TO_ALL, ...tagged }, request())),
      [arpFrame({ ...TO_PEER, ...tagged }, reply())],
    );
    assertEquals(
      answersTo(icmpFrame({ ...TO_HOST, ...tagged }, ECHO4, echo(8, PAYLOAD))),
      [icmpFrame({ ...TO_PEER, ...tagged }, REPLY4, echo(0, PAYLOAD))],
    );
    assertEquals(
      answersTo(
        icmpFrame({ ...TO_GROUP, ...tagged }, ND, solicitation(HOST6, PEER)),
      ),
      [
        icmpFrame(
          { ...TO_PEER, ...tagged },
          { ...REPLY6, hopLimit: 255 },
          advertisement(0x60, HOST6, HOST),
        ),
      ],
    );
  });
}

/** A copy with some bytes changed. */
function changed(
  frame: Uint8Array,
  at: number,
  ...bytes: number[]
): Uint8Array {
  const copy = frame.slice();
  copy.set(bytes, at);
  return copy;
}

const ARP_REQUEST = arpFrame(TO_ALL, request());
const ECHO4_REQUEST = icmpFrame(TO_HOST, ECHO4, echo(8, PAYLOAD));
const ECHO6_REQUEST = icmpFrame(TO_HOST, ECHO6, echo(128, PAYLOAD));
const SOLICITATION = icmpFrame(TO_GROUP, ND, solicitation(HOST6, PEER));

/** The same with another IPv4 header field and a right header checksum. */
function reheaded(at: number, ...bytes: number[]): Uint8Array {
  const frame = changed(ECHO4_REQUEST, 14 + at, ...bytes);
  frame.set(u16(0), 24);
  frame.set(u16(plainChecksum(frame.subarray(14, 34))), 24);
  return frame;
}

const IGNORED = [
  {
    name: "an ARP request for another",
    frame: arpFrame(TO_ALL, request({ targetIp: PEER4 })),
  },
  { name: "an ARP reply", frame: arpFrame(TO_HOST, request({ operation: 2 })) },
  {
    name: "an ARP packet of an unknown kind",
    frame: arpFrame(TO_HOST, request({ operation: 0x101 })),
  },
  {
    name: "an ARP request in a frame to another",
    frame: arpFrame({ to: OTHER, from: PEER }, request()),
  },
  {
    name: "an ARP request in a frame to another group",
    frame: arpFrame({ to: "01:80:c2:00:00:00", from: PEER }, request()),
  },
  {
    name: "another's announcement of its own address",
    frame: arpFrame(TO_ALL, request({ senderIp: HOST4 })),
  },
  {
    name: "an ARP request from its own address",
    frame: arpFrame(TO_ALL, request({ senderIp: "192.0.2.9" })),
  },
  {
    name: "an ARP request from a group",
    frame: arpFrame(TO_ALL, request({ senderMac: ALL })),
  },
  {
    name: "an ARP request from nobody",
    frame: arpFrame(TO_ALL, request({ senderMac: NONE })),
  },
  {
    name: "an ARP request of other hardware",
    frame: changed(ARP_REQUEST, 14, 0, 6),
  },
  {
    name: "an ARP request of another protocol",
    frame: changed(ARP_REQUEST, 16, 0x86, 0xdd),
  },
  {
    name: "an ARP request with other address lengths",
    frame: changed(ARP_REQUEST, 18, 8, 4),
  },
  {
    name: "its own frame, come back",
    frame: changed(ARP_REQUEST, 6, ...mac(HOST)),
  },
  {
    name: "a frame from a group",
    frame: changed(ARP_REQUEST, 6, ...mac(ALL6)),
  },
  { name: "a frame from nobody", frame: changed(ARP_REQUEST, 6, ...mac(NONE)) },
  { name: "an unknown type", frame: ethernet(TO_HOST, 0x88b5, PAYLOAD) },
  { name: "an 802.3 length", frame: ethernet(TO_HOST, 33, PAYLOAD) },
  {
    name: "a tag and nothing behind it",
    frame: join(mac(HOST), mac(PEER), hex("8100 0001")),
  },
  { name: "half a tag", frame: join(mac(HOST), mac(PEER), hex("8100 00")) },
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
  {
    name: "a solicitation for another of its group",
    frame: icmpFrame(TO_GROUP, ND, solicitation("2001:db8:1::1", PEER)),
  },
  {
    name: "a solicitation for a group",
    frame: icmpFrame(TO_GROUP, ND, solicitation(GROUP, PEER)),
  },
  {
    name: "a solicitation that passed a router",
    frame: icmpFrame(
      TO_GROUP,
      { ...ND, hopLimit: 254 },
      solicitation(HOST6, PEER),
    ),
  },
  {
    name: "a solicitation with a code",
    frame: icmpFrame(TO_GROUP, ND, changed(solicitation(HOST6, PEER), 1, 1)),
  },
  {
    name: "a solicitation with a wrong checksum",
    frame: changed(SOLICITATION, 56, 1, 2),
  },
  {
    name: "a solicitation without a target",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6).subarray(0, 23)),
  },
  {
    name: "a solicitation with an option of no length",
    frame: icmpFrame(TO_GROUP, ND, join(solicitation(HOST6), 1, 0, mac(PEER))),
  },
  {
    name: "a solicitation with an option past its end",
    frame: icmpFrame(TO_GROUP, ND, join(solicitation(HOST6), 1, 2, mac(PEER))),
  },
  {
    name: "a solicitation with half an option",
    frame: icmpFrame(TO_GROUP, ND, join(solicitation(HOST6, PEER), 14)),
  },
  {
    name: "a solicitation whose option names a group",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6, ALL6)),
  },
  {
    name: "a solicitation whose option names nobody",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6, NONE)),
  },
  {
    name: "a solicitation from its own address",
    frame: icmpFrame(
      TO_GROUP,
      { ...ND, source: HOST6 },
      solicitation(HOST6, PEER),
    ),
  },
  {
    name: "a solicitation from a group",
    frame: icmpFrame(
      TO_GROUP,
      { ...ND, source: "ff02::1" },
      solicitation(HOST6, PEER),
    ),
  },
  {
    name: "a solicitation to a group that it is not in",
    frame: icmpFrame({ to: "33:33:ff:00:00:02", from: PEER }, {
      ...ND,
      destination: "ff02::1:ff00:2",
    }, solicitation(HOST6, PEER)),
  },
  {
    name: "a question of DAD with an option",
    frame: icmpFrame(TO_GROUP, DAD, solicitation(HOST6, PEER)),
  },
  {
    name: "a question of DAD to itself alone",
    frame: icmpFrame(
      TO_HOST,
      { ...DAD, destination: HOST6 },
      solicitation(HOST6),
    ),
  },
  {
    name: "a question of DAD to all nodes",
    frame: icmpFrame({ to: ALL6, from: PEER }, {
      ...DAD,
      destination: "ff02::1",
    }, solicitation(HOST6)),
  },
  {
    name: "an advertisement",
    frame: icmpFrame({ to: ALL6, from: PEER }, {
      source: PEER6,
      destination: "ff02::1",
      hopLimit: 255,
    }, advertisement(0x20, PEER6, PEER)),
  },
  { name: "no bytes", frame: hex("") },
] as const;

for (const { name, frame } of IGNORED) {
  Deno.test(`Host ignores ${name}`, () => {
    assertEquals(answersTo(frame), []);
  });
}

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

const WHOLE = [
  { name: "an ARP request", frame: ARP_REQUEST },
  { name: "an echo request", frame: ECHO4_REQUEST },
  { name: "an ICMPv6 echo request", frame: ECHO6_REQUEST },
  { name: "a solicitation", frame: SOLICITATION },
  {
    name: "a tagged solicitation",
    frame: icmpFrame(
      { ...TO_GROUP, tags: "88a8 0064 8100 0007" },
      ND,
      solicitation(HOST6, PEER),
    ),
  },
] as const;

for (const { name, frame } of WHOLE) {
  Deno.test(`Host ignores ${name} cut off at any length`, () => {
    assertEquals(answersTo(frame).length, 1);
    // What is behind the end is there, but is not the frame's.
    const burst = dirtyBurst();
    for (let length = 0; length < frame.length; length++) {
      const code = makeHost().answer(frame, 0, length, burst);
      assertEquals([code, burst.count], [Answer.none, 0], `${length} bytes`);
    }
  });

  Deno.test(`Host says when there is no room for the answer to ${name}`, () => {
    const want = answersTo(frame)[0].length;
    const slot = Math.ceil(want / 64) * 64;
    for (
      const { burst, code } of [
        { burst: new Burst(0, slot), code: Answer.noRoom },
        { burst: new Burst(1, slot - 64), code: Answer.noRoom },
        { burst: new Burst(1, slot), code: Answer.written },
      ]
    ) {
      assertEquals(makeHost().answer(frame, 0, frame.length, burst), code);
      assertEquals(burst.count, code === Answer.written ? 1 : 0);
    }
  });
}

Deno.test("Host.answer() adds behind the frames that a burst holds", () => {
  const host = makeHost();
  const burst = dirtyBurst();
  for (const { frame } of ANSWERED.slice(0, 4)) {
    host.answer(frame, 0, frame.length, burst);
  }
  assertEquals(burst.count, 4);
  for (let index = 0; index < 4; index++) {
    assertEquals(burst.frame(index), ANSWERED[index].want);
  }
});

Deno.test("Host.announce() tells of every address", () => {
  const burst = dirtyBurst();
  makeHost().announce(burst);
  const own = (address: string) => ({
    operation: 1,
    senderMac: HOST,
    senderIp: address,
    targetIp: address,
  });
  const all = { source: HOST6, destination: "ff02::1", hopLimit: 255 };
  const want = [
    arpFrame({ to: ALL, from: HOST }, own(HOST4)),
    arpFrame({ to: ALL, from: HOST }, own("192.0.2.9")),
    icmpFrame({ to: ALL6, from: HOST }, all, advertisement(0x20, HOST6, HOST)),
    icmpFrame(
      { to: ALL6, from: HOST },
      { ...all, source: LOCAL6 },
      advertisement(0x20, LOCAL6, HOST),
    ),
  ];
  assertEquals(want.map((_, index) => burst.frame(index)), want);
  assertEquals(burst.count, want.length);
});

Deno.test("Host.announce() stops where a burst is full", () => {
  const burst = new Burst(2, 1024);
  makeHost().announce(burst);
  assertEquals(burst.count, 2);
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

Deno.test("Host has the link-local address of its MAC address in these tests", () => {
  assertEquals(linkLocalAddress(mac(HOST)), ip(LOCAL6));
});

Deno.test("Host answers none of its own answers and announcements", () => {
  const other = new Host(mac(PEER), [ip(HOST4), ip(HOST6)]);
  const burst = dirtyBurst();
  makeHost().announce(burst);
  for (const { frame } of ANSWERED.slice(0, 3)) {
    makeHost().answer(frame, 0, frame.length, burst);
  }
  for (let index = 0; index < burst.count; index++) {
    assertEquals(answersTo(burst.frame(index).slice()), []);
    // Nor does another with the same addresses: they would never end.
    assertEquals(answersTo(burst.frame(index).slice(), other), []);
  }
});

Deno.test("Host survives 200,000 random frames", () => {
  const seed = 826;
  const random = seededRandom(seed);
  const host = makeHost();
  const burst = dirtyBurst(1);
  const starts = [...WHOLE, ...ANSWERED].map(({ frame }) => frame);
  let answered = 0;
  for (let round = 0; round < 200_000; round++) {
    const frame = round % 2 === 0
      ? random.bytes(random.below(120))
      : mutated(starts[random.below(starts.length)], random);
    burst.clear();
    const code = host.answer(frame, 0, frame.length, burst);
    const note = `round ${round}, seed ${seed}`;
    assertEquals(burst.count, code === Answer.written ? 1 : 0, note);
    if (code === Answer.none) continue;
    answered++;
    assertLess(burst.length[0], frame.length + 65, note);
  }
  // Most changes break a checksum, so that few remain; but some do.
  assert(answered > 1000, `only ${answered} were answered`);
});

/** A frame with one to three bytes changed and perhaps its end cut off. */
function mutated(
  frame: Uint8Array,
  random: ReturnType<typeof seededRandom>,
): Uint8Array {
  const copy = frame.slice();
  for (let left = 1 + random.below(3); left > 0; left--) {
    copy[random.below(copy.length)] = random.below(256);
  }
  return random.below(4) === 0
    ? copy.subarray(0, random.below(copy.length))
    : copy;
}
