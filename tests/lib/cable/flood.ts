/**
 * Carries ten million frames between two plugs in memory, and prints how many
 * arrived and how the heap has grown meanwhile: for loop_flood_test.ts.
 * Run with `--v8-flags=--expose-gc`.
 *
 * @module
 */

import { EventFd } from "../../../ffi/eventfd.ts";
import { runLoop } from "../../../lib/cable/loop.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../../../lib/net/frame.ts";
import { Counter, Counters } from "../../../lib/plug/counters.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { seededRandom } from "../../random.ts";

const FRAMES = 10_000_000;
const SAMPLE_FRAMES = 1_000_000;
const FRAME_BYTES = 1514;

declare const gc: () => void;

/** Heap in use after a collection, every million frames. */
const heapBytes: number[] = [];

/** Gives frames without end; takes what comes, now and then only a part of it. */
class FloodPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly #event = new EventFd();
  readonly fd = this.#event.fd;
  readonly writeFd = this.#event.fd;
  readonly #random = seededRandom(1);
  taken = 0;

  constructor(private readonly onTaken: (frames: number) => void) {
    this.#event.signal();
  }

  receive(burst: Burst): number {
    const frames = 1 + this.#random.below(burst.room(FRAME_SLOT_BYTES));
    for (let index = 0; index < frames; index++) {
      burst.append(burst.tail, FRAME_BYTES);
    }
    return frames;
  }

  send(burst: Burst, from: number): number {
    const frames = this.#random.below(burst.count - from + 1);
    this.taken += frames;
    this.onTaken(this.taken);
    return frames;
  }

  [Symbol.dispose](): void {
    this.#event[Symbol.dispose]();
  }
}

using stop = new EventFd();
using near = new FloodPlug(() => {});
using far = new FloodPlug((taken) => {
  if (taken < SAMPLE_FRAMES * (heapBytes.length + 1)) return;
  gc();
  heapBytes.push(Deno.memoryUsage().heapUsed);
  if (taken >= FRAMES) stop.signal();
});
const counters = [new Counters(), new Counters()] as const;
runLoop({ plugs: [near, far], counters, stopFd: stop.fd });
console.log(JSON.stringify({
  taken: [far.taken, near.taken],
  frames: counters.map(({ cells }) => cells[Counter.frames]),
  bytes: counters.map(({ cells }) => cells[Counter.bytes]),
  heapBytes,
}));
