import { assertEquals } from "@std/assert";
import { Burst } from "../../../lib/net/burst.ts";
import { Merger } from "../../../lib/net/merger.ts";
import { type SeededRandom, seededRandom } from "../../random.ts";
import { ALL, type Item, mergeFrames, readItems } from "./merged.ts";
import { referenceItems } from "./merger_reference.ts";
import { hex } from "./packets.ts";
import {
  frameOf,
  PSH,
  readVirtioHeader,
  SEGMENT,
  type Segment,
  split,
} from "./segments.ts";

const SEED = 11;

const ADDRESSES = [
  { source: "192.0.2.1", destination: "192.0.2.2" },
  { source: "192.0.2.2", destination: "192.0.2.1" },
  { source: "2001:db8::1", destination: "2001:db8::2" },
];
const TAGS = ["", "8100 0007", "88a8 0005 8100 e007"];

/** A flow that sends: the next segment changes with each one. */
function randomFlow(random: SeededRandom, port: number): Segment {
  const protocol = random.below(3) === 0 ? "udp" : "tcp";
  return {
    ...SEGMENT,
    ...ADDRESSES[random.below(ADDRESSES.length)],
    protocol,
    sourcePort: port,
    tags: TAGS[random.below(TAGS.length)],
    fragment: random.below(2) * 0x4000,
    options: random.below(2) === 0 ? hex("") : SEGMENT.options,
    sequence: random.next(),
    id: random.below(0x10000),
    payload: new Uint8Array(1 + random.below(200)),
  };
}

/** Now and then, something that matters to a merger. */
function vary(random: SeededRandom, segment: Segment): Segment {
  const { payload } = segment;
  switch (random.below(40)) {
    case 0:
      return { ...segment, flags: segment.flags | PSH };
    case 1:
      return { ...segment, flags: random.below(0x1000) };
    case 2:
      return {
        ...segment,
        payload: payload.slice(random.below(payload.length)),
      };
    case 3:
      return { ...segment, acknowledgement: random.next() };
    case 4:
      return { ...segment, service: random.below(256) };
    case 5:
      return { ...segment, fragment: random.below(0x10000) };
    case 6:
      return { ...segment, extension: 60 };
    case 7:
      return { ...segment, checksum: 0 };
    case 8:
      return { ...segment, paddingBytes: 1 + random.below(10) };
    case 9:
      return { ...segment, window: random.below(0x10000) };
    case 10:
      return { ...segment, tags: "8100 0008" };
    default:
      return segment;
  }
}

/** Frames of some flows, in the order in which a network might deliver them. */
function randomFrames(random: SeededRandom, count: number): Uint8Array[] {
  const flows = Array.from(
    { length: 1 + random.below(5) },
    (_, index) => randomFlow(random, 1000 + index),
  );
  const idStep = random.below(3) === 0 ? 0 : 1;
  const frames: Uint8Array[] = [];
  while (frames.length < count) {
    const index = random.below(flows.length);
    for (let left = 1 + random.below(12); left > 0; left--) {
      const flow = flows[index];
      const payload = random.bytes(flow.payload.length);
      const segment = vary(random, { ...flow, payload });
      frames.push(frameOf(segment));
      const sequence = flow.sequence + segment.payload.length;
      flows[index] = { ...flow, sequence, id: flow.id + idStep };
    }
  }
  return disturb(random, frames.slice(0, count));
}

/** Loses, doubles, swaps, damages and cuts frames. */
function disturb(random: SeededRandom, frames: Uint8Array[]): Uint8Array[] {
  const rare = () => random.below(50) === 0;
  const disturbed = frames.flatMap((frame) => {
    if (rare()) return [];
    if (rare()) return [frame, frame];
    if (rare()) return [frame.slice(0, random.below(frame.length))];
    if (rare()) {
      const at = random.below(frame.length);
      return [frame.with(at, frame[at] ^ (1 << random.below(8)))];
    }
    return [frame];
  });
  disturbed.forEach((frame, index) => {
    if (index === 0 || !rare()) return;
    disturbed[index] = disturbed[index - 1];
    disturbed[index - 1] = frame;
  });
  return disturbed;
}

/** What the kernel would make of an item. */
function framesOf(item: Item, originals: readonly Uint8Array[]): Uint8Array[] {
  const frame = item.bytes.slice(10);
  if (item.members.length === 1) {
    assertEquals(item.bytes.slice(0, 10), new Uint8Array(10));
    return [frame];
  }
  const header = readVirtioHeader(item.bytes);
  const [first, second] = item.members.map((member) => originals[member]);
  // Bytes 4 and 5 of an IPv4 header; of no interest elsewhere.
  const id = header.checksumStart - 20 + 5;
  const idStep = first[id] === second[id] ? 0 : 1;
  return split(header, frame, idStep);
}

for (let part = 0; part < 8; part++) {
  const seed = SEED * 100 + part;

  Deno.test(`merge() groups random frames as the slow way does, and they come apart as they were (seed ${seed})`, () => {
    const random = seededRandom(seed);
    let merged = 0;
    for (let round = 0; round < 60; round++) {
      const frames = randomFrames(random, 1 + random.below(120));
      const items = mergeFrames(frames);
      const members = items.map((item) => item.members);
      assertEquals(members, referenceItems(frames), `round ${round}`);
      for (const item of items) {
        const wanted = item.members.map((member) => frames[member]);
        assertEquals(framesOf(item, frames), wanted, `round ${round}`);
        merged += item.members.length - 1;
      }
    }
    assertEquals(merged > 1000, true, `${merged} merged`);
  });
}

// Frames that end early, and frames of random bytes.

/** Fills the arena around a burst's frames, and says what is made of them. */
function mergeAmid(frames: readonly Uint8Array[], fill: Uint8Array): Item[] {
  const gap = fill.length;
  const bytes = frames.reduce((sum, { length }) => sum + length + gap, gap);
  const burst = new Burst(frames.length, bytes);
  for (let at = 0; at < burst.bytes.length; at++) {
    burst.bytes[at] = fill[at % gap];
  }
  // The last frame ends where the arena does.
  let end = burst.bytes.length;
  for (const frame of frames.toReversed()) {
    end -= frame.length;
    burst.bytes.set(frame, end);
    end -= gap;
  }
  for (const frame of frames) {
    end += gap;
    burst.append(end, frame.length);
    end += frame.length;
  }
  const merger = new Merger(burst.capacityFrames, 1);
  merger.headers.fill(0xa5);
  merger.merge(burst, 0, ALL);
  return readItems(burst, merger);
}

const BASES: readonly { name: string; base: Segment }[] = [
  { name: "TCP over IPv4", base: SEGMENT },
  { name: "TCP over IPv6", base: { ...SEGMENT, ...ADDRESSES[2] } },
  { name: "UDP over IPv4", base: { ...SEGMENT, protocol: "udp" } },
  {
    name: "UDP over IPv6",
    base: { ...SEGMENT, ...ADDRESSES[2], protocol: "udp" },
  },
  {
    name: "TCP over IPv4 with options and a tag",
    base: { ...SEGMENT, ipOptions: hex("94040000"), tags: TAGS[1] },
  },
  {
    name: "UDP over IPv6 with an extension header and two tags",
    base: { ...SEGMENT, ...ADDRESSES[2], extension: 60, tags: TAGS[2] },
  },
];

for (const { name, base } of BASES) {
  Deno.test(`merge() reads nothing behind ${name}, wherever it ends`, () => {
    const payload = seededRandom(SEED).bytes(100);
    const first = frameOf({ ...base, payload });
    const second = frameOf({
      ...base,
      payload,
      sequence: base.sequence + 100,
      id: base.id + 1,
    });
    for (let length = 0; length <= second.length; length++) {
      const frames = [
        [first, second.slice(0, length)],
        [first.slice(0, length), second],
        [first.slice(0, length), second.slice(0, length)],
      ];
      for (const pair of frames) {
        // Behind a frame that is cut off stands what was cut off.
        const rest = second.slice(length);
        const items = mergeAmid(pair, rest.length === 0 ? hex("00") : rest);
        assertEquals(mergeAmid(pair, hex("ff")), items);
        const want = referenceItems(pair);
        assertEquals(items.map(({ members }) => members), want);
        for (const item of items) framesOf(item, pair);
      }
    }
  });
}

const RANDOM_FRAMES = 200_000;
const RANDOM_BURST = 100;

/** Random bytes, with some of those that make a difference put right. */
function randomFrame(random: SeededRandom): Uint8Array {
  const frame = random.bytes(random.below(120));
  const put = (at: number, values: readonly number[]) => {
    if (random.below(4) > 0) {
      values.forEach((value, index) => {
        if (at + index < frame.length) frame[at + index] = value;
      });
    }
  };
  let ip = 14;
  while (random.below(4) === 0) {
    put(ip - 2, random.below(2) === 0 ? [0x81, 0x00] : [0x88, 0xa8]);
    ip += 4;
  }
  const protocol = random.below(2) === 0 ? 6 : 17;
  if (random.below(2) === 0) {
    put(ip - 2, [0x08, 0x00, 0x45, 0x00, 0x00, frame.length - ip]);
    put(ip + 6, [0x40, 0x00, 0x40, protocol]);
    put(ip + 12, [192, 0, 2, 1, 192, 0, 2, 2, 0, 1, 0, 2]);
    put(ip + 32, [0x50, 0x10]);
  } else {
    put(ip - 2, [0x86, 0xdd, 0x60, 0x00, 0x00, 0x00]);
    put(ip + 4, [0, frame.length - ip - 40, protocol, 64]);
    put(ip + 8, Array.from({ length: 36 }, () => 1));
    put(ip + 52, [0x50, 0x10]);
  }
  return frame;
}

Deno.test(`merge() takes ${RANDOM_FRAMES} random frames, and reads nothing around them (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  for (let done = 0; done < RANDOM_FRAMES; done += RANDOM_BURST) {
    const frames = Array.from(
      { length: RANDOM_BURST },
      () => randomFrame(random),
    );
    const items = mergeAmid(frames, hex("00"));
    assertEquals(mergeAmid(frames, hex("ff45060050")), items);
    const members = items.flatMap(({ members }) => members);
    assertEquals(members.toSorted((a, b) => a - b), [...frames.keys()]);
  }
});

Deno.test(`merge() takes segments with random bytes changed (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  for (let round = 0; round < 1000; round++) {
    const { base } = BASES[random.below(BASES.length)];
    const frames = Array.from({ length: 10 }, (_, index) => {
      const frame = frameOf({
        ...base,
        sequence: base.sequence + 100 * index,
        id: base.id + index,
      });
      for (let changes = random.below(4); changes > 0; changes--) {
        frame[random.below(60)] = random.next();
      }
      return frame;
    });
    const items = mergeAmid(frames, hex("a5"));
    assertEquals(
      items.map(({ members }) => members),
      referenceItems(frames),
      `round ${round}`,
    );
    for (const item of items) {
      const wanted = item.members.map((member) => frames[member]);
      assertEquals(framesOf(item, frames), wanted);
    }
  }
});
