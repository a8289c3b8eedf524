import { assertEquals } from "@std/assert";
import { judge } from "./goals.ts";
import { medianSample, type Sample, type SystemResult } from "./measure.ts";
import { rowTable, verdictLines } from "./report.ts";
import type { Row } from "./row.ts";
import { ROWS } from "./rows.ts";

function rowNamed(name: string): Row {
  return ROWS.find((row) => row.name === name)!;
}

function result(
  system: SystemResult["system"],
  samples: readonly Sample[],
): SystemResult {
  const median = medianSample(samples);
  return { system, samples, median, ratio: median.value / 1000 };
}

Deno.test("rowTable() shows medians, ranges and ratios, and costs where there are any", () => {
  const results = [
    result(
      "c",
      [1000, 900, 1100].map((value) => ({
        value,
        plugCpu: 6.625,
        machineCpu: 1,
      })),
    ),
    result("kernel", [{ value: 31_250, machineCpu: 1 }]),
  ];
  assertEquals(
    rowTable(rowNamed("tcp-1450"), results),
    `
               median Mbit/s        range  ratio  plugs CPU s/GB  machine CPU s/GB
C vde_plug              1000     900-1100   1.00            6.63              1.00
kernel device          31250  31250-31250  31.25               -              1.00
`.slice(1, -1),
  );
});

Deno.test("rowTable() leaves out costs that mean nothing", () => {
  assertEquals(
    rowTable(rowNamed("ping"), [result("c", [{ value: 50, plugCpu: 1 }])]),
    `
            median us      range  ratio
C vde_plug       50.0  50.0-50.0   0.05
`.slice(1, -1),
  );
});

Deno.test("judge() takes the median of each round's ratio, not the ratio of medians", () => {
  // The machine was slow in one round for both: 8, 8 and 2 times.
  const c = result("c", [100, 10, 90].map((value) => ({ value })));
  const ours = result("ours", [800, 80, 180].map((value) => ({ value })));
  const [verdict] = judge(rowNamed("tcp-1450"), [c, ours]);
  assertEquals([verdict.found, verdict.met], [8, true]);
});

const VERDICTS = [
  {
    name: "a bound that is reached exactly",
    row: "ping",
    c: { value: 80 },
    ours: { value: 80 },
    want: "met     at most 1 x C vde_plug: 1.00 (80.0 to 80.0 us)",
  },
  {
    name: "a bound that is missed",
    row: "udp-tunnel",
    c: { value: 100 },
    ours: { value: 399 },
    want: "NOT MET at least 4 x C vde_plug: 3.99 (399 to 100 Mbit/s)",
  },
  {
    name: "no loss on either side as equal",
    row: "udp-64",
    c: { value: 1, loss: 0 },
    ours: { value: 2, loss: 0 },
    want: "met     at least 2 x C vde_plug: 2.00 (2.00 to 1.00 packets/s)\n" +
      "met     loss: at most 1 x C vde_plug: 1.00 (0 to 0 %)",
  },
  {
    name: "a limit that is none of C's",
    row: "rss",
    c: { value: 1, rss: 2 },
    ours: { value: 1, rss: 64.5 },
    want: "NOT MET resident MB of one process: at most 64: 64.5 (64.5 MB)",
  },
] as const;

for (const { name, row, c, ours, want } of VERDICTS) {
  Deno.test(`verdictLines() shows ${name}`, () => {
    const results = [result("c", [c]), result("ours", [ours])];
    assertEquals(verdictLines(judge(rowNamed(row), results)), want);
  });
}

Deno.test("judge() says nothing of systems that were not measured", () => {
  const ours = result("ours", [{ value: 1, plugCpu: 1 }]);
  assertEquals(judge(rowNamed("tcp-1450"), [ours]), []);
});
