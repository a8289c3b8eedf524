/**
 * Counters on standard error while a cable runs: a line each period, one line
 * that is drawn again and again on a terminal, or JSON.
 *
 * @module
 */

import type { CommandIo } from "./io.ts";
import { type Directions, StatsReporter } from "./stats.ts";

/** How counters are shown. */
export interface StatsOptions {
  /** Seconds between two lines; undefined: none, and no summary. */
  readonly statsSeconds: number | undefined;
  /** JSON for machines; without a period, one object at the end. */
  readonly json: boolean;
}

/**
 * Shows counters until it is told to finish.
 *
 * @returns Shows the summary, and ends.
 */
export function showStats(
  directions: Directions,
  { statsSeconds, json }: StatsOptions,
  io: CommandIo,
): () => void {
  if (statsSeconds === undefined && !json) return () => {};
  const reporter = new StatsReporter(directions, performance.now());
  const show = () => {
    const now = performance.now();
    if (json) io.data(reporter.json(now));
    else if (io.redraw) io.redraw(reporter.line(now));
    else io.err(reporter.line(now));
  };
  const timer = statsSeconds === undefined
    ? undefined
    : setInterval(show, statsSeconds * 1000);
  return () => {
    clearInterval(timer);
    const now = performance.now();
    if (json) io.data(reporter.json(now));
    else reporter.summary(now).forEach((line) => io.err(line));
  };
}
