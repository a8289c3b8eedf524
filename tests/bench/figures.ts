/**
 * What is measured beside the load's own value, and how it is put into words.
 *
 * @module
 */

import type { Figure, Load } from "./row.ts";

/** One figure for people. */
export interface FigureText {
  /** Head of its column. */
  readonly title: string;
  readonly unit: string;
}

/**
 * What a figure is called.
 *
 * @param load What runs: processor time is for each `amountUnit` of it.
 */
export function figureText(figure: Figure, load: Load): FigureText {
  const per = `CPU s/${load.amountUnit}`;
  switch (figure) {
    case "value":
      return { title: `median ${load.unit}`, unit: load.unit };
    case "loss":
      return { title: "lost %", unit: "%" };
    case "plugCpu":
      return { title: `plugs ${per}`, unit: per };
    case "nearCpu":
      return { title: `sender ${per}`, unit: per };
    case "farCpu":
      return { title: `receiver ${per}`, unit: per };
    case "machineCpu":
      return { title: `machine ${per}`, unit: per };
    case "rss":
      return { title: "memory MB", unit: "MB" };
    case "fragments":
      return { title: "IP fragments", unit: "IP fragments" };
  }
}

/** Three significant digits, however large the number. */
export function digits(value: number | undefined): string {
  if (value === undefined) return "-";
  if (value === 0) return "0";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
