import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Burst,
  FRAME_ALIGN_BYTES,
  FRAME_SLOT_BYTES,
} from "../../../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../../../lib/net/frame.ts";
import { seededRandom } from "../../random.ts";

Deno.test("FRAME_SLOT_BYTES holds the longest frame and keeps slots aligned", () => {
  assertEquals(FRAME_SLOT_BYTES >= MAX_FRAME_BYTES, true);
  assertEquals(FRAME_SLOT_BYTES % FRAME_ALIGN_BYTES, 0);
});

Deno.test("Burst has room for its capacity of the longest frames by default", () => {
  const burst = new Burst();
  assertEquals(burst.count, 0);
  assertEquals(burst.room(FRAME_SLOT_BYTES), burst.capacityFrames);
});

for (const bad of [NaN, -1, 1.5, Infinity]) {
  Deno.test(`Burst refuses ${bad} as its room`, () => {
    const found = `is a whole number: received ${bad}`;
    assertThrows(() => new Burst(bad), RangeError, found);
    assertThrows(() => new Burst(1, bad), RangeError, found);
  });
}

Deno.test("Burst.push() keeps every frame's bytes apart and aligned", () => {
  const random = seededRandom(2);
  const burst = new Burst(64, 64 * 1536);
  burst.bytes.fill(0xa5);
  const frames = Array.from(
    { length: 64 },
    () => random.bytes(1 + random.below(1536)),
  );
  for (const frame of frames) assertEquals(burst.push(frame), true);
  assertEquals(burst.count, frames.length);
  let end = 0;
  frames.forEach((frame, index) => {
    assertEquals(burst.frame(index), frame);
    assertEquals(burst.length[index], frame.length);
    assertEquals(burst.start[index] % FRAME_ALIGN_BYTES, 0);
    assertEquals(burst.start[index] >= end, true);
    end = burst.start[index] + frame.length;
  });
});

Deno.test("Burst.push() takes a frame that fills the arena, and no byte more", () => {
  const burst = new Burst(4, 128);
  assertEquals(burst.push(new Uint8Array(129)), false);
  assertEquals(burst.push(new Uint8Array(128).fill(1)), true);
  assertEquals(burst.push(new Uint8Array(1)), false);
  assertEquals(burst.count, 1);
  assertEquals(burst.bytes, new Uint8Array(128).fill(1));
});

Deno.test("Burst.push() refuses more frames than the capacity", () => {
  const burst = new Burst(2, 1024);
  assertEquals(burst.push(new Uint8Array(14)), true);
  assertEquals(burst.push(new Uint8Array(14)), true);
  assertEquals(burst.push(new Uint8Array(14).fill(7)), false);
  assertEquals(burst.count, 2);
  assertEquals(burst.bytes.includes(7), false);
});

Deno.test("Burst.push() copies: the frame stays the caller's", () => {
  const burst = new Burst(1, 64);
  const frame = new Uint8Array(14).fill(3);
  burst.push(frame);
  frame.fill(4);
  assertEquals(burst.frame(0), new Uint8Array(14).fill(3));
});

Deno.test("Burst.append() notes a plain frame over what a superframe left", () => {
  const burst = new Burst(2, 1024);
  burst.kind[0] = 1;
  burst.checksumStart[0] = 34;
  burst.append(128, 60);
  assertEquals(burst.count, 1);
  assertEquals(burst.start[0], 128);
  assertEquals(burst.length[0], 60);
  assertEquals(burst.kind[0], 0);
  assertEquals(burst.checksumStart[0], 0);
});

const TAILS = [
  { name: "rounds up to the next boundary", frames: [[0, 60]], tail: 64 },
  {
    name: "stays on a boundary that the frame ends on",
    frames: [[0, 64]],
    tail: 64,
  },
  {
    name: "counts a header kept free before the frame",
    frames: [[10, 60]],
    tail: 128,
  },
  {
    name: "is behind the last of equal slots",
    frames: [[0, 60], [256, 60]],
    tail: 320,
  },
  {
    name: "does not go back for a frame further ahead",
    frames: [[256, 60], [0, 60]],
    tail: 320,
  },
];

for (const { name, frames, tail } of TAILS) {
  Deno.test(`Burst.tail ${name}`, () => {
    const burst = new Burst(4, 1024);
    for (const [start, length] of frames) burst.append(start, length);
    assertEquals(burst.tail, tail);
  });
}

const ROOMS = [
  {
    name: "is bounded by the arena",
    capacity: 9,
    arena: 1000,
    used: 0,
    slot: 128,
    want: 8,
  },
  {
    name: "is bounded by the capacity",
    capacity: 3,
    arena: 1024,
    used: 0,
    slot: 128,
    want: 3,
  },
  {
    name: "counts from the tail",
    capacity: 9,
    arena: 1024,
    used: 130,
    slot: 128,
    want: 6,
  },
  {
    name: "is one for an arena of one slot",
    capacity: 9,
    arena: 128,
    used: 0,
    slot: 128,
    want: 1,
  },
  {
    name: "is 0 where a slot is larger than the rest",
    capacity: 9,
    arena: 256,
    used: 129,
    slot: 128,
    want: 0,
  },
  {
    name: "is 0 for a full capacity",
    capacity: 1,
    arena: 1024,
    used: 64,
    slot: 64,
    want: 0,
  },
];

for (const { name, capacity, arena, used, slot, want } of ROOMS) {
  Deno.test(`Burst.room() ${name}`, () => {
    const burst = new Burst(capacity, arena);
    if (used > 0) burst.append(0, used);
    assertEquals(burst.room(slot), want);
  });
}

Deno.test("Burst.clear() gives all room back and moves no memory", () => {
  const burst = new Burst(4, 1024);
  const { bytes } = burst;
  while (burst.push(new Uint8Array(100).fill(9)));
  assertEquals(burst.count, 4);
  burst.clear();
  assertEquals(burst.count, 0);
  assertEquals(burst.tail, 0);
  assertEquals(burst.room(256), 4);
  assertStrictEquals(burst.bytes, bytes);
});
