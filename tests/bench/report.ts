/**
 * How the benchmark's results are shown.
 *
 * @module
 */

import type { Sample, SystemResult } from "./measure.ts";
import type { Row } from "./row.ts";
import { BASELINE, titleOf } from "./systems.ts";

/** One line about the machine: kernel, processors, Deno. */
export async function machine(): Promise<string> {
  const cpus = await Deno.readTextFile("/proc/cpuinfo");
  const model = cpus.match(/^model name\s*: (.*)$/m)?.[1] ?? Deno.build.arch;
  const cores = navigator.hardwareConcurrency;
  return `Linux ${Deno.osRelease()}, ${cores} cores of ${model}, Deno ${Deno.version.deno}`;
}

/** One sample while it goes on. */
export function sampleLine(row: Row, sample: Sample): string {
  return `${figure(sample.value)} ${row.load.unit}`;
}

/** A row as a small table. */
export function rowTable(row: Row, results: readonly SystemResult[]): string {
  const { unit, amountUnit } = row.load;
  const header = ["", `median ${unit}`, "range", "ratio"];
  if (amountUnit !== undefined) {
    const per = `CPU s/${amountUnit}`;
    header.push(`plugs ${per}`, `machine ${per}`);
  }
  const lines = results.map((result) => cells(result).slice(0, header.length));
  return align([header, ...lines]);
}

function cells({ system, samples, median, ratio }: SystemResult): string[] {
  const values = samples.map((sample) => sample.value);
  return [
    titleOf(system),
    figure(median.value),
    `${figure(Math.min(...values))}-${figure(Math.max(...values))}`,
    ratio === undefined ? "" : ratio.toFixed(2),
    figure(median.plugCpu),
    figure(median.machineCpu),
  ];
}

/** What the ratios mean. */
export function ratioNote(row: Row): string {
  const better = row.load.moreIsBetter ? "more" : "less";
  return `ratio: to ${titleOf(BASELINE)}; ${better} is better`;
}

/** Three significant digits, however large the number. */
function figure(value: number | undefined): string {
  if (value === undefined) return "-";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function align(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, column) =>
    Math.max(...lines.map((line) => line[column].length))
  );
  return lines.map((line) =>
    line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    ).join("  ").trimEnd()
  ).join("\n");
}
