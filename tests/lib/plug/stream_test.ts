import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLessOrEqual,
} from "@std/assert";
import { Burst, FRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { Counters } from "../../../lib/plug/counters.ts";
import { StreamDecoder } from "../../../lib/plug/stream.ts";
import { joinBytes } from "../../ffi/pipes.ts";
import { assertFrames, makeFrame } from "../../plugs.ts";
import { type SeededRandom, seededRandom } from "../../random.ts";
import { encode, ReferenceDecoder } from "./stream_reference.ts";

/** A decoder, driven as a plug drives it. */
class Reader {
  readonly counters = new Counters();
  readonly decoder = new StreamDecoder(this.counters);
  readonly burst: Burst;

  constructor(capacityFrames = 128, arenaBytes?: number) {
    this.burst = new Burst(capacityFrames, arenaBytes);
    this.burst.bytes.fill(0xa5);
  }

  /** How many bytes a plug would read now. */
  wanted(): number {
    this.burst.clear();
    return this.decoder.readBytes(this.burst);
  }

  /** One read: `bytes` came. */
  read(bytes: Uint8Array): Uint8Array[] {
    const { burst, decoder } = this;
    burst.clear();
    const end = decoder.restore(burst);
    burst.bytes.set(bytes, end);
    assertEquals(decoder.decode(burst, end + bytes.length), burst.count);
    return framesOf(burst);
  }

  get dropped(): Partial<Record<string, number>> {
    const { runt, oversize, malformed } = this.counters.snapshot();
    return { runt, oversize, malformed };
  }
}

function framesOf(burst: Burst): Uint8Array[] {
  return Array.from(
    { length: burst.count },
    (_, index) => burst.frame(index).slice(),
  );
}

function stream(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return joinBytes(frames.map(encode));
}

/** Lengths around everything that matters, and any others. */
function someLength(random: SeededRandom): number {
  const special = [0, 1, 13, 14, 15, 60, 1514, 9233, 9234, 9235, 9236];
  return random.below(3) > 0
    ? special[random.below(special.length)]
    : random.below(200);
}

const SEEDS = Array.from({ length: 36 }, (_, seed) => seed);

Deno.test("StreamDecoder agrees with the slow one, wherever reads cut the stream", () => {
  for (const seed of SEEDS) {
    const random = seededRandom(seed);
    const capacity = [1, 2, 5, 128][seed % 4];
    const longestRead = [1, 2, 3, 50, 2000, 65536][seed % 6];
    // One byte at a time is slow: fewer frames do.
    const count = longestRead < 50 ? 8 : 40;
    const bytes = stream(
      Array.from({ length: count }, () => random.bytes(someLength(random))),
    );
    compare(`seed ${seed}`, bytes, { random, capacity, longestRead });
  }
});

Deno.test("StreamDecoder agrees with the slow one on garbage", () => {
  for (const seed of SEEDS) {
    const random = seededRandom(1000 + seed);
    const bytes = random.bytes(20_000);
    // Lengths that can be make it go on for a while.
    for (let at = 0; at < bytes.length; at += 1 + random.below(40)) {
      bytes[at] = 0;
    }
    compare(`seed ${seed}`, bytes, {
      random,
      capacity: [3, 128][seed % 2],
      longestRead: [30, 700, 65536][seed % 3],
    });
  }
});

interface Comparison {
  readonly random: SeededRandom;
  readonly capacity: number;
  readonly longestRead: number;
}

function compare(
  name: string,
  bytes: Uint8Array,
  { random, capacity, longestRead }: Comparison,
): void {
  const reader = new Reader(capacity, 128 * FRAME_SLOT_BYTES);
  const reference = new ReferenceDecoder();
  const step = (part: Uint8Array) => {
    const wanted = reference.read(part, capacity);
    const got = reader.read(part);
    assertFrames(got, wanted);
    return got.length;
  };
  try {
    for (let at = 0; at < bytes.length;) {
      const most = Math.min(longestRead, reader.wanted());
      // None: what is kept is enough for now.
      const length = most === 0 ? 0 : 1 + random.below(most);
      const part = bytes.subarray(at, at + length);
      step(part);
      at += part.length;
    }
    while (step(new Uint8Array(0)) > 0);
    assertEquals(reader.decoder.desyncs, reference.desyncs);
    assertEquals(reader.dropped, {
      runt: reference.runts,
      oversize: reference.oversize,
      malformed: 0,
    });
  } catch (error) {
    throw new Error(name, { cause: error });
  }
}

Deno.test("StreamDecoder finds the frames, at whatever byte two reads are cut", () => {
  const frames = [makeFrame(14, 1), makeFrame(300, 2), makeFrame(15, 3)];
  const bytes = joinBytes([
    encode(frames[0]),
    encode(new Uint8Array(0)),
    stream(frames.slice(1)),
  ]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new Reader();
    const got = [bytes.subarray(0, cut), bytes.subarray(cut)]
      .flatMap((part) => reader.read(part));
    assertFrames(got, frames);
    assertEquals(reader.decoder.carried, 0);
  }
});

const LENGTHS = [
  { length: 0, found: "nothing", runt: 0, oversize: 0, desyncs: 0 },
  { length: 1, found: "a runt", runt: 1, oversize: 0, desyncs: 0 },
  { length: 13, found: "a runt", runt: 1, oversize: 0, desyncs: 0 },
  { length: 14, found: "a frame", runt: 0, oversize: 0, desyncs: 0 },
  { length: 9234, found: "a frame", runt: 0, oversize: 0, desyncs: 0 },
  {
    length: 9235,
    found: "an oversize frame",
    runt: 0,
    oversize: 1,
    desyncs: 0,
  },
  {
    length: 9236,
    found: "an oversize frame",
    runt: 0,
    oversize: 1,
    desyncs: 0,
  },
  {
    length: 9237,
    found: "a stream out of step",
    runt: 0,
    oversize: 0,
    desyncs: 1,
  },
  {
    length: 0x7fff,
    found: "a stream out of step",
    runt: 0,
    oversize: 0,
    desyncs: 1,
  },
  {
    length: 0xffff,
    found: "a stream out of step",
    runt: 0,
    oversize: 0,
    desyncs: 1,
  },
] as const;

for (const { length, found, runt, oversize, desyncs } of LENGTHS) {
  Deno.test(`StreamDecoder takes length ${length} for ${found}`, () => {
    const reader = new Reader();
    const frame = makeFrame(length, 1);
    const after = makeFrame(20, 2);
    const got = reader.read(encode(frame));
    assertFrames(got, found === "a frame" ? [frame] : []);
    assertEquals(reader.decoder.desyncs, desyncs);
    assertEquals(reader.dropped, { runt, oversize, malformed: 0 });
    // Whatever it was, what the next read brings is in step.
    assertFrames(reader.read(encode(after)), [after]);
  });
}

Deno.test("StreamDecoder hands out what stands before the place where the step was lost", () => {
  const reader = new Reader();
  const [frame, lost] = [makeFrame(60, 1), makeFrame(60, 2)];
  const wrong = Uint8Array.of(0xff, 0xff);
  assertFrames(reader.read(joinBytes([encode(frame), wrong, encode(lost)])), [
    frame,
  ]);
  assertEquals([reader.decoder.desyncs, reader.decoder.carried], [1, 0]);
});

/** Reads a stream to its end, as much at a time as the decoder asks for. */
function readThrough(reader: Reader, bytes: Uint8Array): Uint8Array[] {
  const got: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || reader.decoder.carried > 0;) {
    const part = bytes.subarray(at, at + reader.wanted());
    const { carried } = reader.decoder;
    const frames = reader.read(part);
    assert(
      frames.length > 0 || reader.decoder.carried !== carried,
      "each read brings it on",
    );
    assertLessOrEqual(reader.decoder.carried, 65536);
    at += part.length;
    got.push(...frames);
  }
  return got;
}

const SIZES = [14, 20, 30, 60, 1514, 9234] as const;

for (const size of SIZES) {
  Deno.test(`StreamDecoder loses no frame of ${size} bytes while reads go on`, () => {
    const count = Math.min(10_000, Math.ceil(400_000 / size));
    const frames = Array.from(
      { length: count },
      (_, seed) => makeFrame(size, seed),
    );
    assertFrames(readThrough(new Reader(), stream(frames)), frames);
  });
}

Deno.test("StreamDecoder reads less while frames are small, and more again after that", () => {
  const reader = new Reader();
  const small = stream(
    Array.from({ length: 10_000 }, (_, seed) => makeFrame(14, seed)),
  );
  assertEquals(reader.wanted(), 65536);
  reader.read(small.subarray(0, 65536));
  // Bursts are filled from what is kept until less than one is left.
  while (reader.wanted() === 0) reader.read(new Uint8Array(0));
  assertLessOrEqual(reader.wanted(), 9238);
  assertLessOrEqual(reader.decoder.carried, 9238);
  while (reader.read(new Uint8Array(0)).length > 0);
  const large = stream([makeFrame(9000, 1)]);
  for (let reads = 0; reads < 8; reads++) reader.read(large);
  assertEquals(reader.wanted(), 65536);
});

Deno.test("StreamDecoder appends behind what a burst holds, and leaves that alone", () => {
  const counters = new Counters();
  const decoder = new StreamDecoder(counters);
  const burst = new Burst();
  const frames = [makeFrame(60, 1), makeFrame(61, 2), makeFrame(9234, 3)];
  burst.push(frames[0]);
  const [one, cut] = [encode(frames[1]), encode(frames[2])];
  let end = decoder.restore(burst);
  burst.bytes.set(joinBytes([one, cut.subarray(0, 5000)]), end);
  assertEquals(decoder.decode(burst, end + one.length + 5000), 1);
  assertEquals(decoder.carried, 5000);
  end = decoder.restore(burst);
  burst.bytes.set(cut.subarray(5000), end);
  assertEquals(decoder.decode(burst, end + cut.length - 5000), 1);
  assertFrames(framesOf(burst), frames);
});

Deno.test("StreamDecoder asks for no more than a burst has room for", () => {
  const decoder = new StreamDecoder(new Counters());
  assertEquals(
    decoder.readBytes(new Burst(2, FRAME_SLOT_BYTES)),
    FRAME_SLOT_BYTES,
  );
  const full = new Burst(1);
  full.push(makeFrame(60, 1));
  assertEquals(decoder.readBytes(full), 0);
  const held = new Burst(4, 2 * FRAME_SLOT_BYTES);
  held.push(makeFrame(60, 1));
  assertGreaterOrEqual(decoder.readBytes(held), FRAME_SLOT_BYTES);
  assertLessOrEqual(
    decoder.readBytes(held) + held.tail,
    2 * FRAME_SLOT_BYTES,
  );
});

Deno.test("StreamDecoder drops all that is kept when the step is lost, beyond a small burst too", () => {
  const reader = new Reader(1, 128 * FRAME_SLOT_BYTES);
  const frame = makeFrame(60, 1);
  const wrong = new Uint8Array(30_000).fill(0xff);
  reader.read(joinBytes([encode(frame), wrong]));
  assertEquals(reader.decoder.carried, wrong.length);
  const small = new Burst(4, FRAME_SLOT_BYTES);
  reader.decoder.decode(small, reader.decoder.restore(small));
  assertEquals([reader.decoder.desyncs, reader.decoder.carried], [1, 0]);
});

Deno.test("StreamDecoder gives small bursts what a large one left behind", () => {
  const reader = new Reader(8, 128 * FRAME_SLOT_BYTES);
  const frames = Array.from(
    { length: 40 },
    (_, seed) => makeFrame(1000 + seed, seed),
  );
  const got = reader.read(stream(frames));
  assertEquals(got.length, 8);
  const small = new Burst(4, FRAME_SLOT_BYTES);
  for (let calls = 0; calls < 40; calls++) {
    small.clear();
    reader.decoder.decode(small, reader.decoder.restore(small));
    assert(small.bytes.length === FRAME_SLOT_BYTES);
    got.push(...framesOf(small));
  }
  assertFrames(got, frames);
});
