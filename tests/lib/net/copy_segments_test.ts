import { assertEquals } from "@std/assert";
import { PlainArena, SimdArena } from "../../../lib/net/arena.ts";
import { FRAME_ALIGN_BYTES } from "../../../lib/net/burst.ts";
import { copySegments } from "../../../lib/net/copy_segments.ts";
import { FrameKind } from "../../../lib/net/offload.ts";
import { seededRandom } from "../../random.ts";
import { referenceSegments } from "./reference_segmenter.ts";
import { arena, makeSegmenter, slotBytes } from "./segmenter_check.ts";
import { burstIn, makeSuperframe, place } from "./superframes.ts";

const SEED = 51;

/** Segments of three superframes, and what they are to be. */
function someSegments() {
  const random = seededRandom(SEED);
  const segmenter = makeSegmenter(100);
  const source = burstIn(arena);
  const want: Uint8Array[] = [];
  for (const version of [4, 6, 4] as const) {
    const tcpOptions = random.bytes(12);
    const payload = random.bytes(9000 + random.below(4000));
    const frame = makeSuperframe({ version, tcpOptions, payload }, 1400);
    const index = place(source, frame, source.tail + random.below(64));
    segmenter.cut(source, index, 1514);
    want.push(...referenceSegments(frame, 1514, slotBytes(segmenter)));
  }
  return { segmenter, source, want };
}

Deno.test("copySegments() writes plain frames behind those that the sink holds", () => {
  const { segmenter, source, want } = someSegments();
  const sink = burstIn(new SimdArena(1 << 16), 100);
  sink.bytes.fill(0xa5);
  const first = Uint8Array.of(1, 2, 3);
  sink.push(first);
  sink.kind.fill(9);
  sink.checksumStart.fill(9);
  assertEquals(copySegments(segmenter, 0, source, sink), want.length);
  assertEquals(sink.count, 1 + want.length);
  assertEquals(sink.frame(0), first);
  want.forEach((segment, index) => {
    assertEquals(sink.frame(1 + index), segment);
    assertEquals(sink.kind[1 + index], FrameKind.plain);
    assertEquals(sink.checksumStart[1 + index], 0);
    assertEquals(sink.start[1 + index] % FRAME_ALIGN_BYTES, 0);
  });
});

const SINKS = [
  { name: "whose frames are few", capacity: 4, bytes: 1 << 16 },
  { name: "whose arena is small", capacity: 100, bytes: 5000 },
  { name: "that holds one frame", capacity: 1, bytes: 1536 },
];

for (const { name, capacity, bytes } of SINKS) {
  Deno.test(`copySegments() goes on where it stopped, with a sink ${name}`, () => {
    const { segmenter, source, want } = someSegments();
    const sink = burstIn(new PlainArena(bytes), capacity);
    let from = 0;
    while (from < segmenter.count) {
      sink.clear();
      sink.bytes.fill(0xa5);
      const copied = copySegments(segmenter, from, source, sink);
      assertEquals(copied > 0, true);
      for (let index = 0; index < copied; index++) {
        assertEquals(sink.frame(index), want[from + index]);
      }
      from += copied;
    }
    assertEquals(from, want.length);
    sink.clear();
    assertEquals(copySegments(segmenter, from, source, sink), 0);
  });
}

Deno.test("copySegments() copies nothing into a sink that is too small for one", () => {
  const { segmenter, source } = someSegments();
  const sink = burstIn(new PlainArena(1408), 10);
  sink.bytes.fill(0xa5);
  assertEquals(copySegments(segmenter, 0, source, sink), 0);
  assertEquals(sink.count, 0);
  assertEquals(sink.bytes.every((byte) => byte === 0xa5), true);
});
