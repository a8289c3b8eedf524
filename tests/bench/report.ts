/**
 * How the benchmark's results are shown.
 *
 * @module
 */

import { digits, figureText } from "./figures.ts";
import type { Verdict } from "./goals.ts";
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
  const rest = row.figures.filter((figure) => sample[figure] !== undefined)
    .map((figure) =>
      `, ${digits(sample[figure])} ${figureText(figure, row.load).title}`
    );
  return `${digits(sample.value)} ${row.load.unit}${rest.join("")}`;
}

/** A row as a small table. */
export function rowTable(row: Row, results: readonly SystemResult[]): string {
  const titles = row.figures.map((each) => figureText(each, row.load).title);
  const header = ["", `median ${row.load.unit}`, "range", "ratio", ...titles];
  return align([header, ...results.map((result) => cells(row, result))]);
}

function cells(
  row: Row,
  { system, samples, median, ratio }: SystemResult,
): string[] {
  const values = samples.map((sample) => sample.value);
  return [
    titleOf(system),
    digits(median.value),
    `${digits(Math.min(...values))}-${digits(Math.max(...values))}`,
    ratio === undefined ? "" : ratio.toFixed(2),
    ...row.figures.map((figure) => digits(median[figure])),
  ];
}

/** One line a goal. */
export function verdictLines(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ text, found, because, met }) =>
    `${met ? "met    " : "NOT MET"} ${text}: ${digits(found)} (${because})`
  ).join("\n");
}

/** Every goal of every row, and how many are met. */
export function summaryLines(
  rows: readonly {
    readonly name: string;
    readonly verdicts: readonly Verdict[];
  }[],
): string {
  const lines = rows.flatMap(({ name, verdicts }) =>
    verdicts.map((each) => [name, verdictLines([each])])
  );
  const all = rows.flatMap(({ verdicts }) => verdicts);
  const met = all.filter((verdict) => verdict.met).length;
  const width = Math.max(0, ...lines.map(([name]) => name.length));
  const table = lines.map(([name, line]) => `${name.padEnd(width)}  ${line}`);
  return [...table, `${met} of ${all.length} goals met`].join("\n");
}

/** What the ratios mean. */
export function ratioNote(row: Row): string {
  const better = row.load.moreIsBetter ? "more" : "less";
  return `ratio: to ${titleOf(BASELINE)}; ${better} is better`;
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
