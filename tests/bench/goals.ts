/**
 * Whether a row reaches what it must.
 *
 * @module
 */

import { median } from "../lab/mod.ts";
import { digits, figureText } from "./figures.ts";
import type { SystemResult } from "./measure.ts";
import type { Figure, Goal, Quantity, Row, SystemName } from "./row.ts";
import { titleOf } from "./systems.ts";

/** A goal, judged. */
export interface Verdict {
  readonly text: string;
  /** Median of the figure, or of its ratios of all rounds. */
  readonly found: number;
  /** The medians behind a ratio, in words. */
  readonly because: string;
  readonly met: boolean;
}

/** How a bound is meant: the figure of one system to that of another. */
export interface RatioOptions {
  readonly figure?: Figure;
  readonly system?: SystemName;
  readonly to?: SystemName;
}

/** So many times what another system does, or more. */
export function atLeast(factor: number, options: RatioOptions = {}): Goal {
  const [of, to] = pair(options);
  const text = `at least ${factor} x ${titleOf(to.system)}`;
  return { text: about(of) + text, of, to, atLeast: factor };
}

/** So many times what another system takes, or less. */
export function atMost(factor: number, options: RatioOptions = {}): Goal {
  const [of, to] = pair(options);
  const text = `at most ${factor} x ${titleOf(to.system)}`;
  return { text: about(of) + text, of, to, atMost: factor };
}

/** A figure of ours that another of the same measurement limits. */
export function atMostOther(
  system: SystemName,
  factor: number,
  [figure, other]: readonly [Figure, Figure],
): Goal {
  const text = `${titleOf(system)}, ${WORDS[figure]}: at most ${factor} x ` +
    WORDS[other];
  const to = { system, figure: other };
  return { text, of: { system, figure }, to, atMost: factor };
}

/** A figure that has a limit of its own. */
export function limit(
  figure: Figure,
  most: number,
  system: SystemName = "ours",
): Goal {
  const of = { system, figure };
  return { text: `${about(of)}at most ${most}`, of, atMost: most };
}

const WORDS: Readonly<Record<Figure, string>> = {
  value: "",
  loss: "loss",
  plugCpu: "CPU of both plugs",
  nearCpu: "CPU of the sending plug",
  farCpu: "CPU of the receiving plug",
  machineCpu: "CPU of the machine",
  rss: "resident MB of one process",
  fragments: "IP fragments",
};

function about({ system, figure }: Quantity): string {
  const parts = [WORDS[figure]];
  if (system !== "ours") parts.unshift(titleOf(system));
  const words = parts.filter((part) => part !== "").join(", ");
  return words === "" ? "" : `${words}: `;
}

function pair(
  { figure = "value", system = "ours", to = "c" }: RatioOptions,
): [Quantity, Quantity] {
  return [{ system, figure }, { system: to, figure }];
}

/**
 * Judges the goals of a row.
 *
 * @returns Those whose systems were measured.
 */
export function judge(
  row: Row,
  results: readonly SystemResult[],
): Verdict[] {
  return row.goals.flatMap((goal) => {
    const values = valuesOf(goal.of, results);
    const others = goal.to && valuesOf(goal.to, results);
    if (values.length === 0 || others?.length === 0) return [];
    const found = others ? median(ratios(values, others)) : median(values);
    const { unit } = figureText(goal.of.figure, row.load);
    const because = others
      ? `${digits(median(values))} to ${digits(median(others))} ${unit}`
      : `${digits(found)} ${unit}`;
    const { text, atLeast = -Infinity, atMost = Infinity } = goal;
    const met = found >= atLeast && found <= atMost;
    return [{ text, found, because, met }];
  });
}

/**
 * Round by round: what else the machine did meanwhile weighs on both.
 *
 * @param others As many as there are values.
 */
export function ratios(
  values: readonly number[],
  others: readonly number[],
): number[] {
  return values.map((value, round) =>
    value === others[round] ? 1 : value / others[round]
  );
}

function valuesOf(
  { system, figure }: Quantity,
  results: readonly SystemResult[],
): number[] {
  const result = results.find((each) => each.system === system);
  return (result?.samples ?? []).map((sample) => sample[figure])
    .filter((value) => value !== undefined);
}
