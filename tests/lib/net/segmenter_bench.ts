/**
 * What sums, segments and copies cost:
 * `deno bench tests/lib/net/segmenter_bench.ts`.
 *
 * @module
 */

import { type Arena, PlainArena, SimdArena } from "../../../lib/net/arena.ts";
import type { Burst } from "../../../lib/net/burst.ts";
import { copySegments } from "../../../lib/net/copy_segments.ts";
import { Segmenter } from "../../../lib/net/segmenter.ts";
import { seededRandom } from "../../random.ts";
import { burstIn, makeSuperframe, place } from "./superframes.ts";

const ARENA_BYTES = 1 << 20;
const SUPERFRAMES = 8;
const PAYLOAD_BYTES = 45 * 1448;

const random = seededRandom(1);
const tcpOptions = random.bytes(12);
const payload = random.bytes(PAYLOAD_BYTES);
const segmenter = new Segmenter({ capacity: 64, headroomBytes: 8 });

function superframes(arena: Arena, version: 4 | 6): Burst {
  const burst = burstIn(arena, SUPERFRAMES);
  const frame = makeSuperframe({ version, tcpOptions, payload }, 1448);
  while (burst.count < SUPERFRAMES) place(burst, frame, burst.tail + 10);
  return burst;
}

const bursts = {
  "IPv4, SimdArena": superframes(new SimdArena(ARENA_BYTES), 4),
  "IPv6, SimdArena": superframes(new SimdArena(ARENA_BYTES), 6),
  "IPv4, PlainArena": superframes(new PlainArena(ARENA_BYTES), 4),
};
let round = 0;

for (const [name, burst] of Object.entries(bursts)) {
  Deno.bench(`sum of 1398 bytes: ${name}`, () => {
    burst.arena.sum(76 + (round++ & 31) * 1448, 1398);
  });

  Deno.bench(`45 sums of 1448 bytes: ${name}`, () => {
    const index = round++ % SUPERFRAMES;
    burst.arena.sumPieces(burst.start[index] + 66, PAYLOAD_BYTES, 1448);
  });

  Deno.bench(`65,160 bytes of TCP cut into 45: ${name}`, () => {
    segmenter.clear();
    segmenter.cut(burst, round++ % SUPERFRAMES, 1534);
  });
}

const source = bursts["IPv4, SimdArena"];
const sink = burstIn(new SimdArena(ARENA_BYTES), 64);

Deno.bench("65,160 bytes of TCP cut into 45 and copied", () => {
  segmenter.clear();
  sink.clear();
  segmenter.cut(source, round++ % SUPERFRAMES, 1534);
  copySegments(segmenter, 0, source, sink);
});
