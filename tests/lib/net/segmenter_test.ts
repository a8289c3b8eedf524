import { assert, assertEquals } from "@std/assert";
import { type Arena, PlainArena, SimdArena } from "../../../lib/net/arena.ts";
import {
  MAX_SEGMENT_HEADER_BYTES,
  Segmenter,
} from "../../../lib/net/segmenter.ts";
import { seededRandom } from "../../random.ts";
import { referenceSegments } from "./reference_segmenter.ts";
import {
  arena,
  assertCut,
  assertSegments,
  FILL,
  isEqual,
  makeSegmenter,
  segmentOf,
} from "./segmenter_check.ts";
import {
  burstIn,
  Flag,
  type FrameFields,
  makePlainFrame,
  makeSuperframe,
  place,
} from "./superframes.ts";

const SEED = 31;

for (const kind of ["SimdArena", "PlainArena"]) {
  const make = (): Arena =>
    kind === "SimdArena" ? new SimdArena(1 << 16) : new PlainArena(1 << 16);
  Deno.test(`Segmenter.cut() is the reference in a ${kind} for segments of 1-80 bytes`, () => {
    const random = seededRandom(SEED);
    const segmenter = makeSegmenter();
    const burst = burstIn(make());
    for (let size = 1; size <= 80; size++) {
      for (const transport of ["tcp", "udp"] as const) {
        const payload = random.bytes(1 + random.below(500));
        const frame = makeSuperframe({ transport, payload }, size);
        const what = `${transport} by ${size}`;
        const options = { offset: size, maxFrameBytes: 1514, what };
        const count = assertCut(segmenter, burst, frame, options);
        assertEquals(count, Math.ceil(payload.length / size));
      }
    }
  });
}

Deno.test("Segmenter.cut() takes every length of IPv4 and TCP options", () => {
  const random = seededRandom(SEED);
  const segmenter = makeSegmenter();
  const burst = burstIn(arena);
  for (let ipBytes = 0; ipBytes <= 40; ipBytes += 4) {
    for (let tcpBytes = 0; tcpBytes <= 40; tcpBytes += 4) {
      const ipOptions = random.bytes(ipBytes);
      const tcpOptions = random.bytes(tcpBytes);
      const payload = random.bytes(2500 + random.below(1000));
      const fields = { tags: "88a8 0005 8100 0007", ipOptions, tcpOptions };
      const frame = makeSuperframe({ ...fields, payload }, 1000);
      const what = `options of ${ipBytes} and ${tcpBytes}`;
      const options = { offset: ipBytes + 1, maxFrameBytes: 1518, what };
      const count = assertCut(segmenter, burst, frame, options);
      assertEquals(count, Math.ceil(payload.length / 1000), what);
    }
  }
});

Deno.test("Segmenter.cut() makes and verifies checksums at every offset of the arena", () => {
  const random = seededRandom(SEED);
  const segmenter = makeSegmenter();
  const burst = burstIn(arena);
  const payload = random.bytes(1000);
  const tcpOptions = random.bytes(12);
  for (let offset = 0; offset < 64; offset++) {
    for (const version of [4, 6] as const) {
      const fields = { version, tcpOptions, payload };
      const what = `offset ${offset}`;
      for (
        const frame of [makeSuperframe(fields, 333), makePlainFrame(fields)]
      ) {
        const options = { offset, maxFrameBytes: 433, what };
        const count = assertCut(segmenter, burst, frame, options);
        assert(count >= 3, what);
      }
    }
  }
});

const three = seededRandom(9).bytes(2500);
const ACK = Flag.ack;

/** Frames that are cut at 1000 bytes into three segments. */
const SHAPES: readonly { name: string; fields: Partial<FrameFields> }[] = [
  { name: "keeps an 802.1Q tag", fields: { tags: "8100 2007" } },
  { name: "keeps stacked tags", fields: { tags: "88a8 0fff 8100 0001" } },
  {
    name: "keeps three tags",
    fields: { tags: "88a8 0001 8100 0002 8100 0003" },
  },
  { name: "keeps tags of IPv6", fields: { version: 6, tags: "8100 0007" } },
  {
    name: "keeps hop-by-hop options of 8 bytes",
    fields: { version: 6, ipOptions: Uint8Array.of(1, 4, 0, 0, 0, 0) },
  },
  {
    name: "keeps hop-by-hop options of 24 bytes",
    fields: { version: 6, ipOptions: seededRandom(1).bytes(22) },
  },
  { name: "wraps sequence numbers", fields: { sequence: 0xffff_fc00 } },
  {
    name: "wraps at the last segment's end",
    fields: { sequence: 0xffff_f83c },
  },
  {
    name: "passes half of the sequence numbers",
    fields: { sequence: 0x7fff_fff0 },
  },
  { name: "wraps identifications", fields: { id: 0xfffe } },
  { name: "counts identifications up from 0", fields: { id: 0 } },
  { name: "moves FIN to the last segment", fields: { flags: ACK | Flag.fin } },
  { name: "moves PSH to the last segment", fields: { flags: ACK | Flag.psh } },
  { name: "moves FIN and PSH", fields: { flags: ACK | Flag.fin | Flag.psh } },
  {
    name: "leaves CWR on the first segment",
    fields: { flags: ACK | Flag.cwr },
  },
  { name: "leaves ECE on every segment", fields: { flags: ACK | Flag.ece } },
  { name: "moves all flags at once", fields: { flags: 0xd9 } },
  { name: "takes flags of 0", fields: { flags: 0 } },
  {
    name: "clears URG behind urgent data in the first segment",
    fields: { flags: ACK | Flag.urg, urgent: 1 },
  },
  {
    name: "clears URG behind urgent data that ends with the first segment",
    fields: { flags: ACK | Flag.urg, urgent: 1000 },
  },
  {
    name: "moves the urgent pointer by one segment",
    fields: { flags: ACK | Flag.urg | Flag.psh, urgent: 1001 },
  },
  {
    name: "moves the urgent pointer by two segments",
    fields: { flags: ACK | Flag.urg | Flag.fin, urgent: 2500 },
  },
  {
    name: "moves an urgent pointer beyond the frame",
    fields: { flags: ACK | Flag.urg, urgent: 0xffff },
  },
  {
    name: "keeps URG with a pointer of 0 on the first segment",
    fields: { flags: ACK | Flag.urg, urgent: 0 },
  },
  { name: "copies an urgent pointer without URG", fields: { urgent: 77 } },
];

for (const { name, fields } of SHAPES) {
  Deno.test(`Segmenter.cut() ${name}`, () => {
    const segmenter = makeSegmenter();
    const burst = burstIn(arena);
    const frame = makeSuperframe({ ...fields, payload: three }, 1000);
    const options = { offset: 3, maxFrameBytes: 1518, what: name };
    assertEquals(assertCut(segmenter, burst, frame, options), 3);
    const marked = { ...frame, kind: frame.kind | 0x80 };
    assertEquals(assertCut(segmenter, burst, marked, options), 3);
    const plain = makePlainFrame({ ...fields, payload: three });
    assert(assertCut(segmenter, burst, plain, options) > 1);
  });
}

Deno.test("Segmenter.cut() leaves flags as they are on a single segment", () => {
  const segmenter = makeSegmenter();
  const burst = burstIn(arena);
  const payload = three.subarray(0, 100);
  for (let flags = 0; flags < 256; flags++) {
    const frame = makeSuperframe({ flags, urgent: 50, payload }, 1000);
    burst.clear();
    segmenter.clear();
    assertEquals(segmenter.cut(burst, place(burst, frame, 0), 1514), 1);
    const whole = makePlainFrame({ flags, urgent: 50, payload });
    assertSegments(segmenter, burst.bytes, 0, [whole.bytes], `flags ${flags}`);
  }
});

Deno.test("Segmenter.cut() sets the fields of three segments that RFCs 791 and 9293 ask for", () => {
  const segmenter = makeSegmenter();
  const burst = burstIn(arena);
  const flags = Flag.cwr | ACK | Flag.psh | Flag.fin;
  const fields = { flags, id: 0xffff, sequence: 0xffff_ff00, payload: three };
  const index = place(burst, makeSuperframe(fields, 1448), 1);
  assertEquals(segmenter.cut(burst, index, 1054), 3);
  const segments = [0, 1, 2].map((at) => segmentOf(segmenter, burst.bytes, at));
  const read = (at: number) =>
    segments.map((segment) => new DataView(segment.buffer).getUint16(at));
  assertEquals(segments.map((segment) => segment.length), [1054, 1054, 554]);
  assertEquals(read(16), [1040, 1040, 540], "IPv4 length");
  assertEquals(read(18), [0xffff, 0, 1], "IPv4 identification");
  assertEquals(read(38), [0xffff, 0, 0], "sequence, upper half");
  assertEquals(read(40), [0xff00, 0x02e8, 0x06d0], "sequence, lower half");
  assertEquals(read(46).map((word) => word & 0xff), [
    Flag.cwr | ACK,
    ACK,
    ACK | Flag.psh | Flag.fin,
  ]);
});

const LIMITS = [
  { name: "cuts TCP smaller than its segment size", max: 1050, want: 3 },
  { name: "cuts TCP no larger than its segment size", max: 9000, want: 2 },
  { name: "cuts TCP to single bytes", max: 55, want: 2500 },
  { name: "refuses a limit that the header fills", max: 54, want: 0 },
  { name: "refuses a limit below the header", max: 53, want: 0 },
  { name: "refuses a limit of 0", max: 0, want: 0 },
];

for (const { name, max, want } of LIMITS) {
  Deno.test(`Segmenter.cut() ${name}`, () => {
    const segmenter = makeSegmenter();
    const burst = burstIn(arena);
    const frame = makeSuperframe({ payload: three }, 1448);
    const options = { offset: 7, maxFrameBytes: max, what: name };
    assertEquals(assertCut(segmenter, burst, frame, options), want);
  });
}

const UDP_LIMITS = [
  { name: "at exactly its segment size", size: 1000, max: 1042, want: 3 },
  { name: "not smaller than its segment size", size: 1000, max: 1041, want: 0 },
  { name: "into one that is shorter", size: 3000, max: 2542, want: 1 },
  { name: "not into one that does not fit", size: 3000, max: 2541, want: 0 },
];

for (const { name, size, max, want } of UDP_LIMITS) {
  Deno.test(`Segmenter.cut() cuts UDP ${name}`, () => {
    const segmenter = makeSegmenter();
    const burst = burstIn(arena);
    const frame = makeSuperframe({ transport: "udp", payload: three }, size);
    const options = { offset: 0, maxFrameBytes: max, what: name };
    assertEquals(assertCut(segmenter, burst, frame, options), want);
  });
}

Deno.test("Segmenter.cut() writes a UDP checksum of 0 as 0xffff", () => {
  const segmenter = makeSegmenter();
  const burst = burstIn(arena);
  const payload = new Uint8Array(20);
  const fields = { transport: "udp", payload } as const;
  // The sum of everything else, put into the payload as its complement.
  payload.set(makePlainFrame(fields).bytes.subarray(40, 42), 4);
  const index = place(burst, makeSuperframe(fields, 20), 0);
  assertEquals(segmenter.cut(burst, index, 1514), 1);
  const segment = segmentOf(segmenter, burst.bytes, 0);
  assertEquals(segment.subarray(40, 42), Uint8Array.of(0xff, 0xff));
  assertSegments(segmenter, burst.bytes, 0, [makePlainFrame(fields).bytes], "");
});

for (const version of [4, 6] as const) {
  Deno.test(`Segmenter.cut() takes a TCP frame over IPv${version} without payload, and leaves out padding`, () => {
    const segmenter = makeSegmenter();
    const burst = burstIn(arena);
    const payload = new Uint8Array(0);
    const trailer = new Uint8Array(6).fill(0x5a);
    const plain = makePlainFrame({ version, payload });
    const padded = makePlainFrame({ version, payload, trailer });
    const single = makeSuperframe({ version, payload }, 1000);
    for (const frame of [plain, padded, single]) {
      burst.clear();
      segmenter.clear();
      arena.sumPieces(0, 100, 10); // what is left over from the last frame
      const index = place(burst, frame, 5);
      assertEquals(segmenter.cut(burst, index, plain.bytes.length), 1);
      assertSegments(segmenter, burst.bytes, 0, [plain.bytes], "");
    }
  });
}

Deno.test("Segmenter.cut() takes headers as long as a slot, and none longer", () => {
  const burst = burstIn(arena);
  for (const headroomBytes of [0, 1, 8, 50, 64, 200]) {
    const segmenter = new Segmenter({ capacity: 8, headroomBytes });
    const slot = segmenter.strideBytes - segmenter.headerStart[0];
    assert(slot >= MAX_SEGMENT_HEADER_BYTES);
    for (let tags = 0; tags <= 40; tags++) {
      const fields = { tags: "8100 0001".repeat(tags), payload: three };
      const frame = makeSuperframe(fields, 1000);
      const isFitting = 54 + 4 * tags <= slot;
      const options = { offset: 0, maxFrameBytes: 2000, what: `${tags} tags` };
      const count = assertCut(segmenter, burst, frame, options);
      assertEquals(count, isFitting ? 3 : 0, `${headroomBytes}, ${tags} tags`);
    }
  }
});

Deno.test("Segmenter keeps headers apart, aligned, and off the caller's headrooms", () => {
  const random = seededRandom(SEED);
  const burst = burstIn(arena);
  for (const headroomBytes of [0, 1, 2, 3, 4, 8, 10, 50, 100]) {
    const segmenter = new Segmenter({ capacity: 100, headroomBytes });
    const { headers, headerStart, strideBytes } = segmenter;
    headers.fill(FILL);
    const tcpOptions = random.bytes(40);
    const ipOptions = random.bytes(40);
    const fields = { tags: "8100 0001 8100 0002", tcpOptions, ipOptions };
    const payload = random.bytes(100);
    const index = place(burst, makeSuperframe({ ...fields, payload }, 1), 0);
    assertEquals(segmenter.cut(burst, index, 1514), 100);
    for (let at = 0; at < 100; at++) {
      const start = headerStart[at];
      assertEquals(start % 4, 0);
      assertEquals(start - headerStart[0], at * strideBytes);
      assert(start - at * strideBytes >= headroomBytes);
      const headroom = headers.subarray(at * strideBytes, start);
      assertEquals(headroom, new Uint8Array(headroom.length).fill(FILL));
      assert(start + segmenter.headerLength[at] <= (at + 1) * strideBytes);
    }
    burst.clear();
  }
});

Deno.test("Segmenter.cut() appends as long as there is capacity, then refuses and appends nothing", () => {
  const segmenter = makeSegmenter(10);
  const burst = burstIn(arena);
  const want: Uint8Array[] = [];
  const add = (payloadBytes: number): number => {
    const payload = seededRandom(payloadBytes).bytes(payloadBytes);
    const frame = makeSuperframe({ payload, version: 6 }, 100);
    const index = place(burst, frame, burst.tail + 1);
    const before = segmenter.headers.slice();
    const count = segmenter.cut(burst, index, 1514);
    if (count === 0) assertEquals(segmenter.headers, before);
    else want.push(...referenceSegments(frame, 1514, 144));
    return count;
  };
  assertEquals([400, 301, 201, 700, 200, 1].map(add), [4, 4, 0, 0, 2, 0]);
  assertSegments(segmenter, burst.bytes, 0, want, "all frames");
  segmenter.clear();
  want.length = 0;
  assertEquals([1000, 1].map(add), [10, 0]);
  assertSegments(segmenter, burst.bytes, 0, want, "after clear()");
});

Deno.test("Segmenter.cut() leaves the burst as it was", () => {
  const segmenter = makeSegmenter();
  const burst = burstIn(arena);
  const frame = makeSuperframe({ payload: three }, 999);
  const index = place(burst, frame, 12);
  const before = burst.bytes.slice();
  const columns = [burst.start, burst.length, burst.kind, burst.checksumStart]
    .map((column) => column.slice());
  assertEquals(segmenter.cut(burst, index, 1514), 3);
  assert(isEqual(burst.bytes, before));
  assertEquals(
    [burst.start, burst.length, burst.kind, burst.checksumStart].map((column) =>
      column.slice()
    ),
    columns,
  );
});

for (const version of [4, 6] as const) {
  Deno.test(`Segmenter.cut() takes an IPv${version} packet of the greatest length`, () => {
    const segmenter = makeSegmenter(100);
    const burst = burstIn(arena);
    const payload = seededRandom(SEED).bytes(
      65_535 - 20 - (version === 4 ? 20 : 0),
    );
    const frame = makeSuperframe({ version, payload }, 1400);
    const options = { offset: 17, maxFrameBytes: 1514, what: "65,535 bytes" };
    assertEquals(assertCut(segmenter, burst, frame, options), 47);
  });
}
