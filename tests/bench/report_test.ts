import { assertEquals } from "@std/assert";
import type { SystemResult } from "./measure.ts";
import { rowTable } from "./report.ts";
import { ROWS } from "./rows.ts";

function result(
  system: SystemResult["system"],
  values: readonly number[],
  plugCpu: number | undefined,
): SystemResult {
  const samples = values.map((value) => ({ value, plugCpu, machineCpu: 1 }));
  return { system, samples, median: samples[0], ratio: values[0] / 1000 };
}

Deno.test("rowTable() shows medians, ranges and ratios, and costs where they mean something", () => {
  const [tcp] = ROWS.filter((row) => row.name === "tcp-1450");
  const results = [
    result("c", [1000, 900], 6.625),
    result("kernel", [31_250], undefined),
  ];
  assertEquals(
    rowTable(tcp, results),
    `
               median Mbit/s        range  ratio  plugs CPU s/GB  machine CPU s/GB
C vde_plug              1000     900-1000   1.00            6.63              1.00
kernel device          31250  31250-31250  31.25               -              1.00
`.slice(1, -1),
  );
});

Deno.test("rowTable() leaves out costs that mean nothing", () => {
  const [ping] = ROWS.filter((row) => row.name === "ping");
  assertEquals(
    rowTable(ping, [result("c", [50], 1)]),
    `
            median us      range  ratio
C vde_plug       50.0  50.0-50.0   0.05
`.slice(1, -1),
  );
});
