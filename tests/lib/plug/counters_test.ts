import { assertEquals, assertThrows } from "@std/assert";
import {
  Counter,
  type CounterName,
  Counters,
  COUNTERS_BYTES,
  DROP_REASONS,
} from "../../../lib/plug/counters.ts";

const NAMES = Object.keys(Counter) as CounterName[];

Deno.test("Counters have a cell of their own each", () => {
  const counters = new Counters();
  NAMES.forEach((name, index) => counters.add(Counter[name], 2 ** index));
  assertEquals(
    counters.snapshot(),
    Object.fromEntries(NAMES.map((name, index) => [name, 2 ** index])),
  );
  assertEquals(new Set(Object.values(Counter)).size, NAMES.length);
});

Deno.test("Counters begin at zero, and add up", () => {
  const counters = new Counters();
  assertEquals(Object.values(counters.snapshot()), NAMES.map(() => 0));
  counters.add(Counter.bytes, 2 ** 53 - 2);
  counters.add(Counter.bytes, 1);
  assertEquals(counters.snapshot().bytes, Number.MAX_SAFE_INTEGER);
});

Deno.test("Counters.dropped() is the sum of the reasons for drops, and of nothing else", () => {
  const counters = new Counters();
  for (const name of NAMES) counters.add(Counter[name], 1);
  assertEquals(counters.dropped(), DROP_REASONS.length);
  const others = NAMES.filter((name) => !DROP_REASONS.includes(name));
  assertEquals(others, ["frames", "bytes", "bursts", "flooded", "fragmented"]);
});

Deno.test("Counters of several directions share memory without touching one another", () => {
  const memory = new SharedArrayBuffer(2 * COUNTERS_BYTES);
  const [there, back] = [
    new Counters(memory, 0),
    new Counters(memory, COUNTERS_BYTES),
  ];
  for (const name of NAMES) there.add(Counter[name], 1);
  assertEquals(back.dropped() + back.snapshot().frames, 0);
  const seen = new Counters(memory, 0);
  assertEquals(seen.snapshot(), there.snapshot());
});

Deno.test("Counters do not fit into less memory than they need", () => {
  assertThrows(
    () => new Counters(new SharedArrayBuffer(COUNTERS_BYTES), 8),
    RangeError,
  );
});
