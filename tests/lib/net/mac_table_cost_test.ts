/** What the MAC table costs: time, whatever the addresses, and memory. */

import { assert } from "@std/assert";
import { MacTable } from "../../../lib/net/mac_table.ts";
import { seededRandom } from "../../random.ts";
import { frameOf, LENGTH, OFFSET, range } from "./mac_table_subject.ts";

/**
 * Milliseconds to find each station of a table: the fastest of 20 rounds, lest
 * it counts what else this machine does.
 */
function findingMs(table: MacTable, frames: readonly Uint8Array[]): number {
  const rounds = range(0, 20).map(() => {
    const start = performance.now();
    for (const frame of frames) table.find(frame, OFFSET, LENGTH, 0);
    return performance.now() - start;
  });
  return Math.min(...rounds);
}

Deno.test("MacTable spreads addresses that stride, under any seed", () => {
  // A hash that put such addresses into one chain would take a thousand times
  // as long as it takes for random ones; ten times is far from both.
  const random = seededRandom(14);
  const COUNT = 16_384;
  const macs = (stride: number) =>
    range(0, COUNT).map((index) => frameOf(index * stride, index * stride));
  const strangers = range(0, COUNT).map(() => {
    const station = random.next();
    return frameOf(station, station);
  });
  for (const seed of [0, 1, random.next()]) {
    const filled = (frames: readonly Uint8Array[]) => {
      const table = new MacTable({
        capacity: COUNT,
        owners: 1,
        maxAge: 1,
        seed,
      });
      for (const frame of frames) table.learn(frame, OFFSET, LENGTH, 0, 0);
      return table;
    };
    const usual = findingMs(filled(strangers), strangers);
    for (const stride of [1, 0x100, 0x1_0000, 0x10001]) {
      const frames = macs(stride);
      const took = findingMs(filled(frames), frames);
      assert(
        took < 10 * usual + 1,
        `stride ${stride}, seed ${seed}: ${took} ms`,
      );
    }
  }
});

Deno.test("MacTable allocates nothing in ten million steps", () => {
  const BURST = 64;
  const BURSTS = 1563; // about 100,000 steps
  const frames = range(0, 4096).map((station) =>
    frameOf(station * 7 % 4096, station)
  );
  const table = new MacTable({ capacity: 1000, owners: 16, maxAge: 50 });
  let now = 0;
  const run = () => {
    for (let burst = 0; burst < BURSTS; burst++) {
      now += 0.37; // a fraction, as clocks give them, is no small integer
      for (let index = 0; index < BURST; index += 2) {
        const at = (burst * BURST + index) & 4095;
        table.learn(frames[at], OFFSET, LENGTH, index & 15, now);
        table.find(frames[at + 1], OFFSET, LENGTH, now);
      }
    }
  };
  for (let warm = 0; warm < 10; warm++) run();
  const start = Deno.memoryUsage().heapUsed;
  const grown = range(0, 100).map(() => {
    const before = Deno.memoryUsage().heapUsed;
    run();
    return Deno.memoryUsage().heapUsed - before;
  });
  // The smallest object takes 12 bytes or more: one a step, 1.2 MB a run. The
  // median leaves out the runs in which the heap was collected.
  const median = grown.toSorted((a, b) => a - b)[50];
  assert(Math.abs(median) < 200_000, `${median} bytes in a run`);
  const total = Deno.memoryUsage().heapUsed - start;
  assert(total < 8e6, `${total} bytes in all`);
});
