import { assertEquals, assertThrows } from "@std/assert";
import { Burst } from "../../../lib/net/burst.ts";
import { MAX_ITEM_FRAMES, Merger } from "../../../lib/net/merger.ts";
import { Offload } from "../../../lib/plug/plugin.ts";
import { seededRandom } from "../../random.ts";
import { arpFrame, echo, hex, icmpFrame, join } from "./packets.ts";
import { ALL, itemsOf, mergeFrames, readItems } from "./merged.ts";
import {
  frameOf,
  headerBytesOf,
  isIpv6,
  PSH,
  readVirtioHeader,
  SEGMENT,
  type Segment,
  split,
} from "./segments.ts";

const IPV6 = { source: "2001:db8::1", destination: "2001:db8::2" };

/** What is merged, and what the TAP has to take for it. */
const KINDS = [
  {
    name: "TCP over IPv4",
    base: SEGMENT,
    type: 1,
    offload: Offload.checksum | Offload.tcp4,
  },
  {
    name: "TCP over IPv6",
    base: { ...SEGMENT, ...IPV6 },
    type: 4,
    offload: Offload.checksum | Offload.tcp6,
  },
  {
    name: "UDP over IPv4",
    base: { ...SEGMENT, protocol: "udp" },
    type: 5,
    offload: Offload.checksum | Offload.udp4,
  },
  {
    name: "UDP over IPv6",
    base: { ...SEGMENT, ...IPV6, protocol: "udp" },
    type: 5,
    offload: Offload.checksum | Offload.udp6,
  },
] as const satisfies readonly {
  name: string;
  base: Segment;
  type: number;
  offload: number;
}[];

const [TCP4, TCP6, UDP4, UDP6] = KINDS.map(({ base }) => base);

/** Segment number `index` of a flow whose segments are all as long as the base's, but for some fields. */
function nth(
  base: Segment,
  index: number,
  fields: Partial<Segment> = {},
): Segment {
  const random = seededRandom(index);
  return {
    ...base,
    payload: random.bytes(base.payload.length),
    sequence: base.sequence + index * base.payload.length,
    id: base.id + index,
    ...fields,
  };
}

/** A superframe of segments, as the obvious way makes it. */
function superframeOf(segments: readonly Segment[]): Uint8Array {
  return frameOf({
    ...segments[0],
    flags: segments[0].flags | segments[segments.length - 1].flags,
    payload: join(...segments.map(({ payload }) => payload)),
    partial: true,
  });
}

// What merges.

const LENGTHS = [1, 2, 99, 100, 536, 1428, 1448, 8948];

for (const { name, base, type, offload } of KINDS) {
  for (const length of LENGTHS) {
    for (const tail of new Set([1, length >> 1, length])) {
      if (tail === 0) continue;
      Deno.test(`merge() makes one superframe of ${name}: payload 3 times ${length} bytes and ${tail}`, () => {
        const whole = { ...base, payload: new Uint8Array(length) };
        const last = { payload: seededRandom(9).bytes(tail) };
        const segments = [0, 1, 2, 3].map((index) =>
          nth(whole, index, index === 3 ? last : {})
        );
        const frames = segments.map(frameOf);
        const [item, ...others] = mergeFrames(frames, offload);
        assertEquals(others, []);
        assertEquals(item.members, [0, 1, 2, 3]);
        assertEquals(item.bytes.slice(10), superframeOf(segments));
        const header = readVirtioHeader(item.bytes);
        assertEquals(header, {
          flags: 1,
          type,
          headerLength: headerBytesOf(base),
          segmentSize: length,
          checksumStart: 14 + (isIpv6(base) ? 40 : 20),
          checksumOffset: base.protocol === "tcp" ? 16 : 6,
        });
        assertEquals(split(header, item.bytes.slice(10), 1), frames);
      });
    }
  }

  for (const tags of ["8100 0007", "88a8 0005 8100 e007"]) {
    Deno.test(`merge() keeps the tags ${tags} of ${name}`, () => {
      const segments = [0, 1, 2].map((index) => nth(base, index, { tags }));
      const [item, ...others] = mergeFrames(segments.map(frameOf), offload);
      assertEquals(others, []);
      assertEquals(item.bytes.slice(10), superframeOf(segments));
      const { headerLength, checksumStart } = readVirtioHeader(item.bytes);
      assertEquals(headerLength, headerBytesOf(segments[0]));
      assertEquals(
        checksumStart,
        14 + hex(tags).length + (isIpv6(base) ? 40 : 20),
      );
    });
  }

  Deno.test(`merge() leaves ${name} alone for a TAP that does not take it`, () => {
    const frames = [nth(base, 0), nth(base, 1)].map(frameOf);
    const kind = offload & ~Offload.checksum;
    for (const accepted of [0, ALL & ~kind, ALL & ~Offload.checksum]) {
      assertEquals(itemsOf(frames, accepted), [[0], [1]]);
    }
    assertEquals(itemsOf(frames, offload), [[0, 1]]);
  });

  Deno.test(`merge() lets no other flow come between ${name}`, () => {
    const frames = [0, 1, 2].flatMap((index) =>
      KINDS.map((kind) => frameOf(nth(kind.base, index)))
    );
    const want = [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]];
    assertEquals(itemsOf(frames), want);
  });

  Deno.test(`merge() begins a new item of ${name} after ${MAX_ITEM_FRAMES} frames`, () => {
    const count = MAX_ITEM_FRAMES + 2;
    const frames = Array.from(
      { length: count },
      (_, i) => frameOf(nth(base, i)),
    );
    const indexes = frames.map((_, index) => index);
    assertEquals(itemsOf(frames), [
      indexes.slice(0, MAX_ITEM_FRAMES),
      indexes.slice(MAX_ITEM_FRAMES),
    ]);
  });

  Deno.test(`merge() makes no packet of ${name} longer than 65,535 bytes`, () => {
    const rest = headerBytesOf(base) - 14;
    // Seven segments and a tail that just fits, then one that just does not.
    const length = 9000;
    const whole = { ...base, payload: new Uint8Array(length) };
    for (const excess of [0, 1]) {
      const tail = new Uint8Array(65_535 - rest - 7 * length + excess);
      const segments = Array.from(
        { length: 8 },
        (_, index) => nth(whole, index, index === 7 ? { payload: tail } : {}),
      );
      const want = [[0, 1, 2, 3, 4, 5, 6, 7]];
      if (excess > 0) want.push(want[0].splice(7));
      assertEquals(itemsOf(segments.map(frameOf)), want);
    }
  });
}

for (
  const { name, base } of [{ name: "IPv4", base: TCP4 }, {
    name: "IPv6",
    base: TCP6,
  }]
) {
  for (const words of [0, 1, 2, 3, 9, 10]) {
    Deno.test(`merge() keeps ${4 * words} bytes of TCP options over ${name}`, () => {
      const options = seededRandom(words).bytes(4 * words);
      const tags = "88a8 0005 8100 e007";
      const segments = [0, 1, 2].map((index) =>
        nth(base, index, { options, tags })
      );
      const [item, ...others] = mergeFrames(segments.map(frameOf));
      assertEquals(others, []);
      assertEquals(item.bytes.slice(10), superframeOf(segments));
    });
  }

  Deno.test(`merge() passes on PSH over ${name}, and ends the item with it`, () => {
    const flags = base.flags | PSH;
    const segments = [
      nth(base, 0),
      nth(base, 1, { flags }),
      nth(base, 2),
      nth(base, 3),
    ];
    const frames = segments.map(frameOf);
    const merged = mergeFrames(frames);
    assertEquals(merged.map(({ members }) => members), [[0, 1], [2, 3]]);
    assertEquals(merged[0].bytes.slice(10), superframeOf(segments.slice(0, 2)));
    const header = readVirtioHeader(merged[0].bytes);
    const superframe = merged[0].bytes.slice(10);
    assertEquals(split(header, superframe, 1), frames.slice(0, 2));
  });

  Deno.test(`merge() begins nothing with PSH over ${name}`, () => {
    const pushed = nth(base, 0, { flags: base.flags | PSH });
    const frames = [pushed, nth(base, 1), nth(base, 2)].map(frameOf);
    assertEquals(itemsOf(frames), [[0], [1, 2]]);
  });
}

Deno.test("merge() goes on where the sequence number wraps around", () => {
  const base = { ...TCP4, sequence: 2 ** 32 - 200 };
  const segments = [0, 1, 2, 3].map((index) => nth(base, index));
  const [item, ...others] = mergeFrames(segments.map(frameOf));
  assertEquals(others, []);
  assertEquals(item.bytes.slice(10), superframeOf(segments));
});

Deno.test("merge() goes on where the IPv4 identification wraps around", () => {
  const base = { ...TCP4, id: 0xfffe };
  const frames = [0, 1, 2, 3].map((index) => frameOf(nth(base, index)));
  assertEquals(itemsOf(frames), [[0, 1, 2, 3]]);
});

const IDS = [
  { name: "that stays the same, with DF", ids: [7, 7, 7], want: [[0, 1, 2]] },
  {
    name: "that grows, then stays, with DF",
    ids: [7, 8, 8],
    want: [[0, 1], [2]],
  },
  {
    name: "that stays, then grows, with DF",
    ids: [7, 7, 8],
    want: [[0, 1], [2]],
  },
  { name: "that goes back, with DF", ids: [7, 6, 5], want: [[0], [1], [2]] },
  { name: "that jumps, with DF", ids: [7, 9, 11], want: [[0], [1], [2]] },
  {
    name: "that grows, without DF",
    ids: [7, 8, 9],
    fragment: 0,
    want: [[0, 1, 2]],
  },
  {
    name: "that stays the same, without DF",
    ids: [7, 7, 7],
    fragment: 0,
    want: [[0], [1], [2]],
  },
  {
    name: "that grows, then stays, without DF",
    ids: [7, 8, 8],
    fragment: 0,
    want: [[0, 1], [2]],
  },
];

for (const { name, ids, fragment = 0x4000, want } of IDS) {
  for (const base of [TCP4, UDP4]) {
    Deno.test(`merge() follows an IPv4 identification ${name} (${base.protocol})`, () => {
      const segments = ids.map((id, index) =>
        nth(base, index, { id, fragment })
      );
      assertEquals(itemsOf(segments.map(frameOf)), want);
    });
  }
}

// What does not merge.

/** Fields of a third segment, where that of a flow goes on, that make it another flow's. */
const OTHER_FLOWS: readonly {
  name: string;
  fields: Partial<Segment>;
  of?: readonly Segment[];
}[] = [
  { name: "another source port", fields: { sourcePort: 40_001 } },
  { name: "another destination port", fields: { destinationPort: 5202 } },
  {
    name: "another source",
    fields: { source: "192.0.2.3" },
    of: [TCP4, UDP4],
  },
  {
    name: "another destination",
    fields: { destination: "192.0.2.3" },
    of: [TCP4, UDP4],
  },
  {
    name: "another source",
    fields: { source: "2001:db8::3" },
    of: [TCP6, UDP6],
  },
  {
    name: "another source, in its first half,",
    fields: { source: "2001:db9::1" },
    of: [TCP6, UDP6],
  },
  {
    name: "another destination",
    fields: { destination: "2001:db8::3" },
    of: [TCP6, UDP6],
  },
  {
    name: "another destination, in its first half,",
    fields: { destination: "2001:db9::2" },
    of: [TCP6, UDP6],
  },
  {
    name: "the other direction",
    fields: {
      source: "192.0.2.2",
      destination: "192.0.2.1",
      sourcePort: 5201,
      destinationPort: 40_000,
    },
    of: [TCP4, UDP4],
  },
  { name: "the other protocol", fields: { protocol: "udp" }, of: [TCP4, TCP6] },
  { name: "the other protocol", fields: { protocol: "tcp" }, of: [UDP4, UDP6] },
  { name: "the other version", fields: IPV6, of: [TCP4, UDP4] },
  {
    name: "the other version",
    fields: { source: "192.0.2.1", destination: "192.0.2.2" },
    of: [TCP6, UDP6],
  },
  {
    name: "a fragment between other addresses",
    fields: { source: "192.0.2.9", fragment: 0x2000 },
    of: [TCP4, UDP4],
  },
  {
    name: "an extension header between other addresses",
    fields: { source: "2001:db8::9", extension: 60 },
    of: [TCP6, UDP6],
  },
];

for (const { name, fields, of } of OTHER_FLOWS) {
  for (const { name: kind, base } of KINDS) {
    if (of !== undefined && !of.includes(base)) continue;
    Deno.test(`merge() takes ${name} for none of ${kind}, and goes on after it`, () => {
      const segments = [
        nth(base, 0),
        nth(base, 1),
        nth(base, 2, fields),
        nth(base, 2),
      ];
      assertEquals(itemsOf(segments.map(frameOf)), [[0, 1, 3], [2]]);
    });
  }
}

/** Changes to a third segment that forbid to merge it, and close its flow's item. */
const FORBIDDEN: readonly {
  name: string;
  fields: Partial<Segment> | ((segment: Segment) => Partial<Segment>);
  of?: readonly Segment[];
  /** The fourth segment continues the third one as it is changed. */
  goesOn?: true;
}[] = [
  { name: "another destination MAC", fields: { to: "02:00:00:00:00:03" } },
  { name: "another source MAC", fields: { from: "02:00:00:00:00:03" } },
  { name: "a tag", fields: { tags: "8100 0007" } },
  { name: "two tags", fields: { tags: "88a8 0001 8100 0007" } },
  { name: "three tags", fields: { tags: "8100 0001 8100 0002 8100 0003" } },
  { name: "another time to live", fields: { hopLimit: 63 } },
  { name: "another type of service", fields: { service: 0x10 } },
  { name: "other ECN bits", fields: { service: 0x02 } },
  { name: "Don't Fragment not set", fields: { fragment: 0 }, of: [TCP4, UDP4] },
  {
    name: "the reserved flag of IPv4",
    fields: { fragment: 0xc000 },
    of: [TCP4, UDP4],
  },
  {
    name: "More Fragments set",
    fields: { fragment: 0x2000 },
    of: [TCP4, UDP4],
  },
  {
    name: "More Fragments and DF set",
    fields: { fragment: 0x6000 },
    of: [TCP4, UDP4],
  },
  {
    name: "a fragment offset",
    fields: { fragment: 0x4001 },
    of: [TCP4, UDP4],
  },
  {
    name: "IPv4 options",
    fields: { ipOptions: hex("94040000") },
    of: [TCP4, UDP4],
  },
  {
    name: "an identification too high by one",
    fields: ({ id }) => ({ id: id + 1 }),
    of: [TCP4, UDP4],
  },
  {
    name: "the identification of the one before",
    fields: ({ id }) => ({ id: id - 1 }),
    of: [TCP4],
  },
  {
    name: "the identification of the one before",
    fields: ({ id }) => ({ id: id - 1 }),
    of: [UDP4],
    goesOn: true,
  },
  {
    name: "a wrong IPv4 checksum",
    fields: { ipChecksum: 0x1234 },
    of: [TCP4, UDP4],
  },
  { name: "another flow label", fields: { flowLabel: 1 }, of: [TCP6, UDP6] },
  { name: "hop-by-hop options", fields: { extension: 0 }, of: [TCP6, UDP6] },
  {
    name: "a routing header",
    fields: { extension: 43 },
    of: [TCP6, UDP6],
  },
  {
    name: "a fragment header",
    fields: { extension: 44 },
    of: [TCP6, UDP6],
  },
  {
    name: "destination options",
    fields: { extension: 60 },
    of: [TCP6, UDP6],
  },
  { name: "padding behind the packet", fields: { paddingBytes: 1 } },
  { name: "an IP length too great", fields: { ipLengthError: 1 } },
  { name: "an IP length too small", fields: { ipLengthError: -1 } },
  { name: "no payload", fields: { payload: hex("") } },
  {
    name: "payload longer by one byte",
    fields: { payload: new Uint8Array(101) },
    of: [TCP4, TCP6],
  },
  {
    name: "payload longer by one byte",
    fields: ({ id }) => ({ payload: new Uint8Array(101), id: id - 1 }),
    of: [UDP4, UDP6],
    goesOn: true,
  },
  { name: "a wrong checksum", fields: { checksum: 0x1234 } },
  {
    name: "a gap of one byte",
    fields: ({ sequence }) => ({ sequence: sequence + 1 }),
    of: [TCP4, TCP6],
  },
  {
    name: "an overlap of one byte",
    fields: ({ sequence }) => ({ sequence: sequence - 1 }),
    of: [TCP4, TCP6],
  },
  {
    name: "the sequence number of the one before",
    fields: ({ sequence, id }) => ({ sequence: sequence - 100, id: id - 1 }),
    of: [TCP4, TCP6],
    goesOn: true,
  },
  {
    name: "a sequence number 2^31 away",
    fields: ({ sequence }) => ({ sequence: sequence + 2 ** 31 }),
    of: [TCP4, TCP6],
  },
  {
    name: "another acknowledgement number",
    fields: ({ acknowledgement }) => ({ acknowledgement: acknowledgement + 1 }),
    of: [TCP4, TCP6],
  },
  {
    name: "another window",
    fields: { window: 502 },
    of: [TCP4, TCP6],
  },
  {
    name: "another urgent pointer",
    fields: { urgent: 1 },
    of: [TCP4, TCP6],
  },
  ...[
    { name: "FIN", flag: 0x001 },
    { name: "SYN", flag: 0x002 },
    { name: "RST", flag: 0x004 },
    { name: "URG", flag: 0x020 },
    { name: "ECE", flag: 0x040 },
    { name: "CWR", flag: 0x080 },
    { name: "AE", flag: 0x100 },
    { name: "the lowest reserved bit", flag: 0x200 },
    { name: "the middle reserved bit", flag: 0x400 },
    { name: "the highest reserved bit", flag: 0x800 },
  ].flatMap(({ name, flag }) => [
    { name, fields: { flags: 0x010 | flag }, of: [TCP4, TCP6] },
    {
      name: `${name} and PSH`,
      fields: { flags: 0x018 | flag },
      of: [TCP4, TCP6],
    },
  ]),
  { name: "no ACK", fields: { flags: 0x000 }, of: [TCP4, TCP6] },
  { name: "PSH without ACK", fields: { flags: 0x008 }, of: [TCP4, TCP6] },
  {
    name: "no options",
    fields: { options: hex("") },
    of: [TCP4, TCP6],
  },
  {
    name: "options, and payload that much shorter,",
    fields: { options: hex("0101 080a 00112233 44556677 01010101") },
    of: [TCP4, TCP6],
  },
  ...SEGMENT.options.keys().map((at) => ({
    name: `another byte ${at} of the options`,
    fields: ({ options }: Segment) => ({ options: options.with(at, 0x99) }),
    of: [TCP4, TCP6],
  })),
  { name: "no checksum", fields: { checksum: 0 }, of: [UDP4, UDP6] },
  {
    name: "a UDP length too great",
    fields: { udpLengthError: 1 },
    of: [UDP4, UDP6],
  },
  {
    name: "a UDP length too small",
    fields: { udpLengthError: -1 },
    of: [UDP4, UDP6],
  },
];

for (const { name, fields, of, goesOn = false } of FORBIDDEN) {
  for (const { name: kind, base } of KINDS) {
    if (of !== undefined && !of.includes(base)) continue;
    const third = nth(base, 2);
    const changed = {
      ...third,
      ...(typeof fields === "function" ? fields(third) : fields),
    };

    Deno.test(`merge() ends an item of ${kind} before ${name}`, () => {
      const segments = [nth(base, 0), nth(base, 1), changed, third];
      const want = goesOn ? [[0, 1], [2, 3]] : [[0, 1], [2], [3]];
      assertEquals(itemsOf(segments.map(frameOf)), want);
    });

    Deno.test(`merge() ends an item of ${kind} before ${name}, others between`, () => {
      const [one, two, three] = [1, 2, 3].map((sourcePort) =>
        nth(base, 0, { sourcePort })
      );
      const segments = [
        nth(base, 0),
        one,
        nth(base, 1),
        two,
        changed,
        three,
        third,
      ];
      const want = goesOn
        ? [[0, 2], [1], [3], [4, 6], [5]]
        : [[0, 2], [1], [3], [4], [5], [6]];
      assertEquals(itemsOf(segments.map(frameOf)), want);
    });
  }
}

/** Changes to each segment of a flow that forbid to merge any of them, though they are all alike. */
const NEVER: readonly {
  name: string;
  fields: Partial<Segment>;
  of?: readonly Segment[];
}[] = [
  { name: "three tags", fields: { tags: "8100 0001 8100 0002 8100 0003" } },
  { name: "fragments", fields: { fragment: 0x2000 }, of: [TCP4, UDP4] },
  {
    name: "fragments with an offset",
    fields: { fragment: 0x0010 },
    of: [TCP4, UDP4],
  },
  {
    name: "the reserved flag of IPv4",
    fields: { fragment: 0x8000 },
    of: [TCP4, UDP4],
  },
  {
    name: "IPv4 options",
    fields: { ipOptions: hex("94040000") },
    of: [TCP4, UDP4],
  },
  {
    name: "IPv4 options that do not count in the checksum",
    fields: { ipOptions: hex("00000000") },
    of: [TCP4, UDP4],
  },
  ...[0, 43, 44, 51, 60].map((extension) => ({
    name: `extension header ${extension}`,
    fields: { extension },
    of: [TCP6, UDP6],
  })),
  {
    name: "wrong IPv4 checksums",
    fields: { ipChecksum: 0x1234 },
    of: [TCP4, UDP4],
  },
  { name: "wrong checksums", fields: { checksum: 0x1234 } },
  { name: "no checksums", fields: { checksum: 0 }, of: [UDP4, UDP6] },
  { name: "padding", fields: { paddingBytes: 6 } },
  { name: "IP lengths too great", fields: { ipLengthError: 1 } },
  { name: "no payload", fields: { payload: hex("") } },
  ...[0x011, 0x012, 0x014, 0x018, 0x030, 0x050, 0x090, 0x110, 0x000].map(
    (flags) => ({
      name: `the flags 0x${flags.toString(16)}`,
      fields: { flags },
      of: [TCP4, TCP6],
    }),
  ),
  {
    name: "UDP lengths too great",
    fields: { udpLengthError: 1 },
    of: [UDP4, UDP6],
  },
];

for (const { name, fields, of } of NEVER) {
  for (const { name: kind, base } of KINDS) {
    if (of !== undefined && !of.includes(base)) continue;
    Deno.test(`merge() leaves alone all of ${kind} with ${name}`, () => {
      const segments = [0, 1, 2].map((index) => nth(base, index, fields));
      assertEquals(itemsOf(segments.map(frameOf)), [[0], [1], [2]]);
    });
  }
}

for (const { name, base } of KINDS) {
  Deno.test(`merge() ends an item of ${name} with a shorter segment`, () => {
    const payload = new Uint8Array(99);
    const sequence = base.sequence + 299;
    const segments = [
      nth(base, 0),
      nth(base, 1),
      nth(base, 2, { payload }),
      nth(base, 3, { payload, sequence }),
    ];
    assertEquals(itemsOf(segments.map(frameOf)), [[0, 1, 2], [3]]);
  });

  Deno.test(`merge() leaves alone a wrong first segment of ${name}, and merges what follows`, () => {
    const segments = [
      nth(base, 0, { checksum: 0x1234 }),
      nth(base, 1),
      nth(base, 2),
    ];
    assertEquals(itemsOf(segments.map(frameOf)), [[0], [1, 2]]);
  });

  Deno.test(`merge() tells a single wrong bit anywhere in ${name}`, () => {
    const first = frameOf(nth(base, 0));
    const second = frameOf(nth(base, 1));
    const indexes = second.keys().filter((at) => at >= 14);
    for (const at of indexes) {
      for (let bit = 0; bit < 8; bit++) {
        const wrong = second.with(at, second[at] ^ (1 << bit));
        const items = itemsOf([first, wrong]);
        if (items.length !== 2) {
          assertEquals(items, [[0], [1]], `bit ${bit} of byte ${at}`);
        }
      }
    }
  });
}

for (const { name, base } of [KINDS[2], KINDS[3]]) {
  /** A datagram whose right checksum is 0, to be written as 0xffff. */
  const cancelling = (index: number, checksum: number) => {
    const datagram = nth(base, index, { payload: new Uint8Array(100) });
    const bytes = frameOf(datagram);
    const at = bytes.length - 102;
    const missing = bytes.slice(at, at + 2);
    const payload = join(missing, new Uint8Array(98));
    return { ...datagram, payload, checksum };
  };

  Deno.test(`merge() takes 0xffff for a checksum of ${name}, and 0 for none`, () => {
    for (const index of [0, 1]) {
      const right = cancelling(index, 0xffff);
      assertEquals(frameOf(right), frameOf({ ...right, checksum: undefined }));
    }
    const frames = (checksums: readonly number[]) =>
      checksums.map((checksum, index) => frameOf(cancelling(index, checksum)));
    assertEquals(itemsOf(frames([0xffff, 0xffff])), [[0, 1]]);
    assertEquals(itemsOf(frames([0xffff, 0])), [[0], [1]]);
    assertEquals(itemsOf(frames([0, 0xffff])), [[0], [1]]);
    assertEquals(itemsOf(frames([0, 0])), [[0], [1]]);
  });
}

for (const { name, base } of [KINDS[0], KINDS[1]]) {
  for (const dataOffset of [0, 4]) {
    Deno.test(`merge() leaves alone ${name} with a data offset of ${dataOffset}`, () => {
      // So that sequence numbers follow one another if it were believed.
      const step = 100 + 20 + base.options.length - 4 * dataOffset;
      const segments = [0, 1, 2].map((index) => {
        const sequence = base.sequence + index * step;
        return nth(base, index, { dataOffset, sequence });
      });
      assertEquals(itemsOf(segments.map(frameOf)), [[0], [1], [2]]);
    });
  }
}

// Frames that are not segments.

const STATIONS = { to: "02:00:00:00:00:01", from: "02:00:00:00:00:02" };
const STRANGERS = [
  {
    name: "ARP",
    frame: arpFrame(STATIONS, {
      operation: 1,
      senderMac: STATIONS.from,
      senderIp: "192.0.2.1",
      targetIp: "192.0.2.2",
    }),
  },
  {
    name: "ICMP",
    frame: icmpFrame(STATIONS, TCP4, echo(8, new Uint8Array(56))),
  },
  {
    name: "ICMPv6",
    frame: icmpFrame(STATIONS, TCP6, echo(128, new Uint8Array(56))),
  },
  { name: "an unknown type", frame: new Uint8Array(60).fill(0x77) },
  { name: "an 802.3 length", frame: new Uint8Array(60) },
  { name: "an empty frame", frame: hex("") },
  { name: "half a header", frame: new Uint8Array(7) },
  { name: "IPv4 of version 5", frame: frameOf(TCP4).with(14, 0x55) },
  { name: "IPv4 with a header too short", frame: frameOf(TCP4).with(14, 0x44) },
  { name: "IPv6 of version 4", frame: frameOf(TCP6).with(14, 0x40) },
];

for (const { name, frame } of STRANGERS) {
  Deno.test(`merge() hands on ${name}, and goes on around it`, () => {
    const frames = KINDS.flatMap(({ base }) => [
      frameOf(nth(base, 0)),
      frame,
      frameOf(nth(base, 1)),
    ]);
    assertEquals(itemsOf(frames), [
      [0, 2],
      [1],
      [3, 5],
      [4],
      [6, 8],
      [7],
      [9, 11],
      [10],
    ]);
    assertEquals(mergeFrames(frames)[1].bytes, join(new Uint8Array(10), frame));
  });
}

// Frames with something to say in the burst's columns.

/** Of a flow of its own. */
const OTHER: Segment = { ...SEGMENT, sourcePort: 1 };

/** Columns of a burst. */
interface Columns {
  readonly kind?: number;
  readonly segmentSize?: number;
  readonly checksumStart?: number;
  readonly checksumOffset?: number;
}

function push(burst: Burst, frame: Uint8Array, columns: Columns = {}): void {
  const index = burst.count;
  assertEquals(burst.push(frame), true);
  burst.kind[index] = columns.kind ?? 0;
  burst.segmentSize[index] = columns.segmentSize ?? 0xa5a5;
  burst.checksumStart[index] = columns.checksumStart ?? 0;
  burst.checksumOffset[index] = columns.checksumOffset ?? 0xa5a5;
}

const OWN = [
  {
    name: "a TCP superframe",
    frame: superframeOf([nth(TCP4, 2), nth(TCP4, 3)]),
    columns: {
      kind: 1,
      segmentSize: 100,
      checksumStart: 34,
      checksumOffset: 16,
    },
    want: "01 01 4200 6400 2200 1000",
  },
  {
    name: "a TCP superframe with CWR",
    frame: superframeOf([nth(TCP6, 2), nth(TCP6, 3)]),
    columns: {
      kind: 0x84,
      segmentSize: 100,
      checksumStart: 54,
      checksumOffset: 16,
    },
    want: "01 84 5600 6400 3600 1000",
  },
  {
    name: "a UDP superframe",
    frame: superframeOf([nth(UDP4, 2), nth(UDP4, 3)]),
    columns: {
      kind: 5,
      segmentSize: 100,
      checksumStart: 34,
      checksumOffset: 6,
    },
    want: "01 05 2a00 6400 2200 0600",
  },
  {
    name: "a frame whose checksum is wanted",
    frame: frameOf(nth(TCP4, 2, { partial: true })),
    columns: { checksumStart: 34, checksumOffset: 16 },
    want: "01 00 0000 0000 2200 1000",
  },
  {
    name: "a superframe whose checksum is complete",
    frame: frameOf(nth(TCP4, 2)),
    columns: { kind: 1, segmentSize: 50 },
    want: "00 01 0000 3200 0000 0000",
  },
  {
    name: "a superframe that ends before its headers do",
    frame: frameOf(nth(TCP4, 2)).slice(0, 60),
    columns: {
      kind: 1,
      segmentSize: 100,
      checksumStart: 34,
      checksumOffset: 16,
    },
    want: "01 01 0000 6400 2200 1000",
  },
  {
    name: "a superframe that ends before its data offset does",
    frame: frameOf(nth(TCP4, 2)).slice(0, 46),
    columns: {
      kind: 1,
      segmentSize: 100,
      checksumStart: 34,
      checksumOffset: 16,
    },
    want: "01 01 0000 6400 2200 1000",
  },
];

for (const { name, frame, columns, want } of OWN) {
  Deno.test(`merge() hands on ${name} as it is`, () => {
    const burst = new Burst(8, 8 * 1024);
    push(burst, frame, columns);
    const merger = new Merger(8);
    merger.headers.fill(0xa5);
    merger.merge(burst, 0, ALL);
    assertEquals(merger.count, 1);
    assertEquals(merger.frames[0], 1);
    assertEquals(merger.payloadOffset[0], 0);
    const start = merger.headerStart[0];
    const header = merger.headers.slice(start, start + merger.headerLength[0]);
    assertEquals(header, hex(want));
  });
}

for (const { name, base, type } of KINDS) {
  for (
    const columns of [
      { kind: type, segmentSize: 100 },
      { checksumStart: 34, checksumOffset: 16 },
    ]
  ) {
    const what = columns.kind === undefined
      ? "a frame whose checksum is wanted"
      : "a superframe";
    Deno.test(`merge() keeps ${what} of ${name} in its place`, () => {
      const own = nth(base, 2);
      for (const others of [[], [STRANGERS[0].frame], [frameOf(OTHER)]]) {
        const burst = new Burst(16, 16 * 1024);
        push(burst, frameOf(nth(base, 0)));
        push(burst, frameOf(nth(base, 1)));
        for (const other of others) push(burst, other);
        push(burst, frameOf(own), columns);
        push(burst, frameOf(own));
        push(burst, frameOf(nth(base, 3)));
        const merger = new Merger(16);
        merger.merge(burst, 0, ALL);
        const items = readItems(burst, merger).map(({ members }) => members);
        const [first, second, third] = [2, 3, 4].map((n) => n + others.length);
        const between = others.map((_, index) => [2 + index]);
        assertEquals(items, [[0, 1], ...between, [first], [second, third]]);
      }
    });
  }
}

// Bursts.

Deno.test("merge() begins with the frame it is told", () => {
  const frames = [0, 1, 2, 3].map((index) => frameOf(nth(TCP4, index)));
  assertEquals(itemsOf(frames, ALL, 2), [[2, 3]]);
  assertEquals(itemsOf(frames, ALL, 3), [[3]]);
  assertEquals(itemsOf(frames, ALL, 4), []);
});

Deno.test("merge() makes nothing of an empty burst", () => {
  assertEquals(itemsOf([]), []);
});

Deno.test("merge() remembers nothing of the burst before", () => {
  const merger = new Merger(4, 1);
  const bursts = [
    { segments: [nth(TCP4, 0), nth(TCP4, 1)], want: [[0, 1]] },
    { segments: [nth(TCP4, 2)], want: [[0]] },
    { segments: [nth(TCP4, 3)], want: [[0]] },
    {
      segments: [nth(TCP4, 4, { checksum: 0x1234 }), nth(TCP4, 5)],
      want: [[0], [1]],
    },
    { segments: [OTHER, nth(TCP4, 6)], want: [[0], [1]] },
    { segments: [nth(TCP4, 7), nth(TCP4, 8)], want: [[0, 1]] },
  ];
  for (const { segments, want } of bursts) {
    const burst = new Burst(4, 4096);
    for (const segment of segments) push(burst, frameOf(segment));
    merger.headers.fill(0xa5);
    merger.merge(burst, 0, ALL);
    const items = readItems(burst, merger);
    assertEquals(items.map(({ members }) => members), want);
    for (const { members, bytes } of items) {
      if (members.length > 1) continue;
      const frame = burst.frame(members[0]);
      assertEquals(bytes, join(new Uint8Array(10), frame));
    }
  }
});

Deno.test("merge() merges 1000 flows of three segments each in one burst", () => {
  const count = 3000;
  const frames = Array.from(
    { length: count },
    (_, index) =>
      frameOf(nth(
        { ...TCP4, payload: new Uint8Array(10), sourcePort: index % 1000 },
        Math.floor(index / 1000),
      )),
  );
  const items = itemsOf(frames);
  // A crowded place in the table may cost a merge now and then.
  const merged = items.filter(({ length }) => length === 3);
  assertEquals(merged.length >= 990, true, `${merged.length} merged`);
  for (const members of items) {
    assertEquals(new Set(members.map((index) => index % 1000)).size, 1);
  }
});

Deno.test("merge() merges 16 streams from neighbouring ports, whatever the hash's keys are", () => {
  const frames = Array.from(
    { length: 64 },
    (_, index) =>
      frameOf(
        nth({ ...TCP4, sourcePort: 40_000 + 2 * (index % 16) }, index >> 4),
      ),
  );
  for (let seed = 0; seed < 300; seed++) {
    assertEquals(itemsOf(frames, ALL, 0, seed).length, 16, `seed ${seed}`);
  }
});

Deno.test("merge() moves no memory", () => {
  const merger = new Merger(8);
  const { headers, headerStart } = merger;
  const starts = headerStart.slice();
  const burst = new Burst(8, 8192);
  for (let index = 0; index < 8; index++) {
    push(burst, frameOf(nth(TCP4, index)));
  }
  merger.merge(burst, 0, ALL);
  assertEquals(merger.headers === headers, true);
  assertEquals(merger.headerStart, starts);
});

Deno.test("merge() refuses a burst that it has no room for", () => {
  assertThrows(
    () => new Merger(4).merge(new Burst(5, 1024), 0, ALL),
    RangeError,
    "Cannot merge a burst of up to 5 frames: room for 4",
  );
});
