import { assertEquals } from "@std/assert";
import {
  formatBytes,
  formatRate,
  StatsReporter,
} from "../../../lib/cli/stats.ts";
import {
  Counter,
  type CounterName,
  Counters,
} from "../../../lib/plug/counters.ts";

const BYTES = [
  { bytes: 0, text: "0 B" },
  { bytes: 1, text: "1 B" },
  { bytes: 999, text: "999 B" },
  { bytes: 1000, text: "1.00 kB" },
  { bytes: 1234, text: "1.23 kB" },
  { bytes: 12_345, text: "12.3 kB" },
  { bytes: 123_456, text: "123 kB" },
  { bytes: 999_499, text: "999 kB" },
  { bytes: 999_500, text: "1.00 MB" },
  { bytes: 999_999, text: "1.00 MB" },
  { bytes: 1_000_000, text: "1.00 MB" },
  { bytes: 5e9, text: "5.00 GB" },
  { bytes: 5e12, text: "5.00 TB" },
  { bytes: 9e15, text: "9.00 PB" },
] as const;

for (const { bytes, text } of BYTES) {
  Deno.test(`formatBytes() writes ${bytes} as ${text}`, () => {
    assertEquals(formatBytes(bytes), text);
  });
}

const RATES = [
  { rate: 0, text: "0 bit/s" },
  { rate: 0.4, text: "0 bit/s" },
  { rate: 999, text: "999 bit/s" },
  { rate: 999.7, text: "1.00 kbit/s" },
  { rate: 1500, text: "1.50 kbit/s" },
  { rate: 999_999, text: "1.00 Mbit/s" },
  { rate: 2.5e9, text: "2.50 Gbit/s" },
  { rate: 1e12, text: "1.00 Tbit/s" },
] as const;

for (const { rate, text } of RATES) {
  Deno.test(`formatRate() writes ${rate} as ${text}`, () => {
    assertEquals(formatRate(rate), text);
  });
}

/** Counters of two directions, from what is counted in each. */
function directions(
  ...counts: readonly Partial<Record<CounterName, number>>[]
): [Counters, Counters] {
  const [there, back] = [new Counters(), new Counters()];
  [there, back].forEach((counters, index) => {
    for (const [name, count] of Object.entries(counts[index] ?? {})) {
      counters.add(Counter[name as CounterName], count);
    }
  });
  return [there, back];
}

Deno.test("StatsReporter.line() tells totals, and the rate since the line before", () => {
  const [there, back] = directions();
  const reporter = new StatsReporter([there, back], 5000);
  assertEquals(
    reporter.line(5000),
    "0:00  → 0 frames 0 B 0 bit/s  ← 0 frames 0 B 0 bit/s  dropped 0",
  );
  there.add(Counter.frames, 1234);
  there.add(Counter.bytes, 500_000);
  back.add(Counter.frames, 1);
  back.add(Counter.bytes, 60);
  back.add(Counter.full, 2000);
  there.add(Counter.runt, 1);
  there.add(Counter.flooded, 77);
  assertEquals(
    reporter.line(7000),
    "0:02  → 1,234 frames 500 kB 2.00 Mbit/s  ← 1 frames 60 B 240 bit/s  dropped 2,001",
  );
  assertEquals(
    reporter.line(8000),
    "0:03  → 1,234 frames 500 kB 0 bit/s  ← 1 frames 60 B 0 bit/s  dropped 2,001",
  );
});

Deno.test("StatsReporter.line() begins with what has been counted when it was made", () => {
  const reporter = new StatsReporter(directions({ bytes: 1000 }), 0);
  assertEquals(
    reporter.line(1000),
    "0:01  → 0 frames 1.00 kB 0 bit/s  ← 0 frames 0 B 0 bit/s  dropped 0",
  );
});

const ELAPSED = [
  { ms: 0, text: "0:00" },
  { ms: 999, text: "0:00" },
  { ms: 59_999, text: "0:59" },
  { ms: 60_000, text: "1:00" },
  { ms: 3_599_000, text: "59:59" },
  { ms: 3_600_000, text: "1:00:00" },
  { ms: 90_061_000, text: "25:01:01" },
] as const;

for (const { ms, text } of ELAPSED) {
  Deno.test(`StatsReporter.line() writes ${ms} ms as ${text}`, () => {
    const reporter = new StatsReporter(directions(), 0);
    assertEquals(reporter.line(ms).split(" ")[0], text);
  });
}

Deno.test("StatsReporter.summary() tells the average rate and each reason for drops", () => {
  const counters = directions(
    { frames: 2, bytes: 250_000 },
    { frames: 1500, bytes: 3000, runt: 1, full: 1200, echo: 3, flooded: 9 },
  );
  const reporter = new StatsReporter(counters, 1000);
  assertEquals(reporter.summary(3000), [
    "→ 2 frames, 250 kB, 1.00 Mbit/s on average, none dropped",
    "← 1,500 frames, 3.00 kB, 12.0 kbit/s on average, dropped: 1 runt, 3 echo, 1,200 full",
  ]);
  assertEquals(
    new StatsReporter(directions(), 0).summary(0)[0],
    "→ 0 frames, 0 B, 0 bit/s on average, none dropped",
  );
});

Deno.test("StatsReporter.json() tells every counter", () => {
  const counters = directions({ frames: 2, bytes: 2 ** 52 }, { down: 7 });
  const found = JSON.parse(new StatsReporter(counters, 500).json(2000));
  assertEquals(found, {
    seconds: 1.5,
    forward: counters[0].snapshot(),
    backward: counters[1].snapshot(),
  });
  assertEquals([found.forward.bytes, found.backward.down], [2 ** 52, 7]);
});
