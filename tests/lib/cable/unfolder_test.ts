import { assertEquals, assertGreater } from "@std/assert";
import { Unfolder } from "../../../lib/cable/unfolder.ts";
import { makeArena } from "../../../lib/net/arena.ts";
import { Burst } from "../../../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../../../lib/net/frame.ts";
import { FrameKind, KIND_ECN } from "../../../lib/net/offload.ts";
import { MAX_SEGMENT_HEADER_BYTES } from "../../../lib/net/segmenter.ts";
import { Counters } from "../../../lib/plug/counters.ts";
import { Offload } from "../../../lib/plug/plugin.ts";
import { assertFrames } from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { referenceSegments } from "../net/reference_segmenter.ts";
import {
  Flag,
  makePlainFrame,
  makeSuperframe,
  place,
  type TestFrame,
} from "../net/superframes.ts";

const FILL = 0xa5;
const ARENA_BYTES = 1 << 19;
const payload = seededRandom(77).bytes(30_000);
const short = payload.subarray(0, 301);

const PLAIN = makePlainFrame({ payload: short });
const WANTING = makePlainFrame({
  payload: short,
  transport: "udp",
  complete: false,
});
const TCP4 = makeSuperframe({ payload, flags: Flag.ack | Flag.psh }, 1400);
const TCP6 = makeSuperframe({ payload, version: 6 }, 1301);
const UDP4 = makeSuperframe({ payload, transport: "udp" }, 1000);
const UDP6 = makeSuperframe({ payload, transport: "udp", version: 6 }, 999);
const ECN4 = { ...TCP4, kind: TCP4.kind | KIND_ECN };
const ECN6 = { ...TCP6, kind: TCP6.kind | KIND_ECN };
const FRAMES = { PLAIN, WANTING, TCP4, TCP6, UDP4, UDP6, ECN4, ECN6 };

function burstWith(
  frames: readonly TestFrame[],
  capacity = 1024,
  bytes = ARENA_BYTES,
): Burst {
  const burst = new Burst(capacity, makeArena(bytes));
  burst.bytes.fill(FILL);
  for (const column of [burst.kind, burst.checksumStart]) column.fill(FILL);
  for (const frame of frames) place(burst, frame, burst.tail);
  return burst;
}

/** What a sink that knows nothing gets of a frame. */
function plainFrames(frame: TestFrame): Uint8Array[] {
  if (frame === WANTING) {
    return [makePlainFrame({ payload: short, transport: "udp" }).bytes];
  }
  if (frame.kind === FrameKind.plain) return [frame.bytes];
  return referenceSegments(frame, MAX_FRAME_BYTES, MAX_SEGMENT_HEADER_BYTES);
}

/** Unfolds a whole burst into a sink again and again; gives all that came. */
function unfoldAll(unfolder: Unfolder, source: Burst, sink: Burst) {
  const got: Uint8Array[] = [];
  let rounds = 0;
  for (let from = 0; from < source.count; rounds++) {
    sink.clear();
    from = unfolder.unfold(source, from, sink);
    for (let index = 0; index < sink.count; index++) {
      assertEquals([sink.kind[index], sink.checksumStart[index]], [0, 0]);
      got.push(sink.frame(index).slice());
    }
  }
  return { got, rounds };
}

Deno.test("Unfolder.unfold() makes plain frames of everything for a sink that takes nothing else", () => {
  const frames = Object.values(FRAMES);
  const counters = new Counters();
  const unfolder = new Unfolder(0, counters);
  const source = burstWith(frames);
  assertEquals(unfolder.takesAll(source), false);
  const { got, rounds } = unfoldAll(unfolder, source, burstWith([]));
  assertFrames(got, frames.flatMap(plainFrames));
  assertEquals([rounds, counters.dropped()], [1, 0]);
});

const SINKS = [
  { name: "few frames", capacity: 3, bytes: ARENA_BYTES },
  { name: "one frame", capacity: 1, bytes: 1536 },
  { name: "few bytes", capacity: 100, bytes: 5000 },
];

for (const { name, capacity, bytes } of SINKS) {
  Deno.test(`Unfolder.unfold() goes on where it stopped, into a sink with room for ${name}`, () => {
    const frames = Object.values(FRAMES);
    const unfolder = new Unfolder(0, new Counters());
    const sink = burstWith([], capacity, bytes);
    const { got, rounds } = unfoldAll(unfolder, burstWith(frames), sink);
    assertFrames(got, frames.flatMap(plainFrames));
    assertGreater(rounds, got.length / capacity - 1);
  });
}

const { checksum, tcp4, tcp6, ecn, udp4, udp6 } = Offload;
const ACCEPTS: readonly {
  readonly accepts: number;
  readonly takes: readonly (keyof typeof FRAMES)[];
}[] = [
  { accepts: 0, takes: ["PLAIN"] },
  { accepts: tcp4, takes: ["PLAIN"] },
  { accepts: checksum, takes: ["PLAIN", "WANTING"] },
  { accepts: checksum | tcp4, takes: ["PLAIN", "WANTING", "TCP4"] },
  { accepts: checksum | tcp6, takes: ["PLAIN", "WANTING", "TCP6"] },
  {
    accepts: checksum | tcp4 | ecn,
    takes: ["PLAIN", "WANTING", "TCP4", "ECN4"],
  },
  { accepts: checksum | udp4, takes: ["PLAIN", "WANTING"] },
  {
    accepts: checksum | udp4 | udp6,
    takes: ["PLAIN", "WANTING", "UDP4", "UDP6"],
  },
  {
    accepts: checksum | tcp4 | tcp6 | ecn | udp4 | udp6,
    takes: Object.keys(FRAMES) as (keyof typeof FRAMES)[],
  },
];

for (const { accepts, takes } of ACCEPTS) {
  Deno.test(`Unfolder hands ${takes.join(", ")} on as it is to a sink that accepts 0x${accepts.toString(16)}`, () => {
    for (const [name, frame] of Object.entries(FRAMES)) {
      const unfolder = new Unfolder(accepts, new Counters());
      const source = burstWith([frame]);
      const taken = takes.some((each) => each === name);
      assertEquals(unfolder.takesAll(source), taken, name);
      const sink = burstWith([]);
      assertEquals(unfolder.unfold(source, 0, sink), 1);
      if (!taken) {
        assertFrames(
          Array.from({ length: sink.count }, (_, index) => sink.frame(index)),
          plainFrames(frame),
        );
        continue;
      }
      assertFrames([sink.frame(0)], [frame.bytes]);
      assertEquals(
        [sink.kind[0], sink.checksumStart[0]],
        [frame.kind, frame.checksumStart],
      );
      if (frame.checksumStart === 0) continue;
      assertEquals(
        [sink.segmentSize[0], sink.checksumOffset[0]],
        [frame.segmentSize, frame.checksumOffset],
      );
    }
  });
}

const MALFORMED = [
  { name: "of an unknown kind", frame: { ...TCP4, kind: 3 } },
  { name: "of the other version", frame: { ...TCP4, kind: FrameKind.tcp6 } },
  { name: "without a segment size", frame: { ...TCP4, segmentSize: 0 } },
  {
    name: "that is cut short",
    frame: { ...TCP4, bytes: TCP4.bytes.slice(0, 2000) },
  },
  { name: "of too many segments", frame: { ...TCP4, segmentSize: 20 } },
  {
    name: "whose segments are too long for a frame",
    frame: makeSuperframe({ payload, transport: "udp" }, 20_000),
  },
  {
    name: "whose checksum is outside of it",
    frame: { ...WANTING, checksumStart: 600 },
  },
];

for (const { name, frame } of MALFORMED) {
  Deno.test(`Unfolder.unfold() drops and counts a frame ${name}, and goes on`, () => {
    const counters = new Counters();
    const unfolder = new Unfolder(0, counters);
    const source = burstWith([PLAIN, frame, TCP4, frame, PLAIN]);
    const { got } = unfoldAll(unfolder, source, burstWith([], 5));
    assertFrames(got, [PLAIN, TCP4, PLAIN].flatMap(plainFrames));
    assertEquals(counters.snapshot().malformed, 2);
    assertEquals(counters.dropped(), 2);
  });
}
