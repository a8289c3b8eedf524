import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { IPV4, IPV6, PacketView } from "../../../lib/net/ip_packet.ts";
import { seededRandom } from "../../random.ts";
import {
  arpFrame,
  echo,
  ethernet,
  hex,
  icmpFrame,
  join,
  u16,
} from "./packets.ts";

const FIELDS = { to: "02:00:00:00:00:01", from: "02:00:00:00:00:02" };
const IP4 = { source: "192.0.2.2", destination: "192.0.2.1" };
const IP6 = { source: "2001:db8::2", destination: "2001:db8::1" };
const ARP = arpFrame(FIELDS, {
  operation: 1,
  senderMac: FIELDS.from,
  senderIp: IP4.source,
  targetIp: IP4.destination,
});

/** What a view tells, offsets counted from the frame's first byte. */
function readAll(frame: Uint8Array, padding = 0) {
  const offset = 5;
  const bytes = join(hex("a5a5a5a5a5"), frame, new Uint8Array(padding));
  const view = new PacketView();
  const isWhole = view.read(bytes, offset, frame.length + padding);
  assert(isWhole);
  const { tags, vlan, etherType, protocol, hopLimit, family } = view;
  return {
    tags,
    vlan,
    etherType,
    protocol,
    network: view.network - offset,
    end: view.end - offset,
    ...(protocol < 0 ? {} : {
      hopLimit,
      family,
      source: view.source - offset,
      destination: view.destination - offset,
      transport: view.transport - offset,
    }),
  };
}

const READ = [
  {
    name: "an ARP packet",
    frame: ARP,
    want: {
      tags: 0,
      vlan: 0,
      etherType: 0x806,
      protocol: -1,
      network: 14,
      end: 42,
    },
  },
  {
    name: "an unknown type behind two tags",
    frame: ethernet(
      { ...FIELDS, tags: "88a8 f064 8100 0007" },
      0x88b5,
      hex("01"),
    ),
    want: {
      tags: 2,
      vlan: 0x64,
      etherType: 0x88b5,
      protocol: -1,
      network: 22,
      end: 23,
    },
  },
  {
    name: "a header alone",
    frame: ethernet(FIELDS, 0x88b5, hex("")),
    want: {
      tags: 0,
      vlan: 0,
      etherType: 0x88b5,
      protocol: -1,
      network: 14,
      end: 14,
    },
  },
  {
    name: "an IPv4 packet",
    frame: icmpFrame(FIELDS, { ...IP4, hopLimit: 9 }, echo(8, hex("01"))),
    want: {
      tags: 0,
      vlan: 0,
      etherType: 0x800,
      protocol: 1,
      network: 14,
      end: 43,
      hopLimit: 9,
      family: IPV4,
      source: 26,
      destination: 30,
      transport: 34,
    },
  },
  {
    name: "a tagged IPv4 packet with options",
    frame: icmpFrame(
      { ...FIELDS, tags: "8100 0fff" },
      { ...IP4, options: hex("0101010001010100") },
      echo(8, hex("")),
    ),
    want: {
      tags: 1,
      vlan: 0xfff,
      etherType: 0x800,
      protocol: 1,
      network: 18,
      end: 54,
      hopLimit: 64,
      family: IPV4,
      source: 30,
      destination: 34,
      transport: 46,
    },
  },
  {
    name: "an IPv4 fragment, as one that carries nothing known",
    frame: icmpFrame(FIELDS, { ...IP4, fragment: 0x2000 }, echo(8, hex(""))),
    want: {
      tags: 0,
      vlan: 0,
      etherType: 0x800,
      protocol: -1,
      network: 14,
      end: 42,
    },
  },
  {
    name: "an IPv6 packet",
    frame: icmpFrame(FIELDS, IP6, echo(128, hex("0102"))),
    want: {
      tags: 0,
      vlan: 0,
      etherType: 0x86dd,
      protocol: 58,
      network: 14,
      end: 64,
      hopLimit: 64,
      family: IPV6,
      source: 22,
      destination: 38,
      transport: 54,
    },
  },
] as const;

for (const { name, frame, want } of READ) {
  Deno.test(`PacketView.read() reads ${name}`, () => {
    assertEquals<unknown>(readAll(frame), want);
  });
}

Deno.test("PacketView.read() leaves the padding behind an IP packet out", () => {
  for (const { frame, want } of READ.filter(({ want }) => "family" in want)) {
    assertEquals<unknown>(readAll(frame, 7), want);
  }
});

Deno.test("PacketView.read() refuses IP packets cut off at any length", () => {
  const view = new PacketView();
  for (const { frame, want } of READ) {
    for (let length = 0; length < frame.length; length++) {
      const isWhole = view.read(frame, 0, length);
      const isIp = want.etherType === 0x800 || want.etherType === 0x86dd;
      const isShort = isIp || length < want.network;
      assertEquals(isWhole, !isShort, `${length} bytes`);
    }
  }
});

Deno.test("PacketView.read() forgets the frame before", () => {
  const view = new PacketView();
  const tagged = icmpFrame(
    { ...FIELDS, tags: "8100 0007" },
    IP4,
    echo(8, hex("")),
  );
  assert(view.read(tagged, 0, tagged.length));
  assert(view.read(ARP, 0, ARP.length));
  assertEquals([view.tags, view.vlan, view.protocol], [0, 0, -1]);
});

Deno.test("PacketView.read() keeps its offsets inside random frames", () => {
  const seed = 791;
  const random = seededRandom(seed);
  const view = new PacketView();
  const types = [0x0800, 0x86dd, 0x8100, 0x88a8];
  let ip = 0;
  for (let round = 0; round < 30_000; round++) {
    const type = types[random.below(types.length)];
    const start = join(
      random.bytes(12),
      u16(type),
      random.below(2) === 0 ? 0x60 : 0x45,
      random.bytes(3),
      0,
      random.below(40),
    );
    const whole = join(start, random.bytes(random.below(70)));
    const bytes = whole.subarray(0, 10 + random.below(whole.length - 9));
    if (!view.read(bytes, 0, bytes.length)) continue;
    const note = `round ${round}, seed ${seed}`;
    assertLessOrEqual(view.network, view.end, note);
    assertLessOrEqual(view.end, bytes.length, note);
    if (view.protocol < 0) continue;
    ip++;
    assertLessOrEqual(view.transport, view.end, note);
    const { addressBytes } = view.family;
    assertLessOrEqual(view.destination + addressBytes, view.transport, note);
  }
  assert(ip > 100, `only ${ip} packets`);
});
