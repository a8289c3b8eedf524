/**
 * What is shown on standard error while a cable runs: a line of counters each
 * period, one line that is drawn again and again on a terminal, or JSON. With
 * a switch at an end, its ports too. SIGUSR1 shows all of it at once.
 *
 * @module
 */

import type { Cable } from "../cable/cable.ts";
import type { PlugStatus } from "../plug/status.ts";
import { shutDebugger } from "./debugger.ts";
import type { CommandIo } from "./io.ts";
import { StatsReporter } from "./stats.ts";
import { viewStatus } from "./status_view.ts";

/** How counters are shown. */
export interface StatsOptions {
  /** Seconds between two lines; undefined: none, and no summary. */
  readonly statsSeconds: number | undefined;
  /** JSON for machines; without a period, one object at the end. */
  readonly json: boolean;
}

/** The part of a cable that is shown. */
export type Shown = Pick<Cable, "counters" | "status">;

/**
 * Shows counters until it is told to finish.
 *
 * @returns Shows the summary, and ends. To be called once the cable has ended.
 */
export function showStats(
  cable: Shown,
  options: StatsOptions,
  io: CommandIo,
): () => Promise<void> {
  const display = new Display(cable, options, io);
  const over = new AbortController();
  let shut = Promise.resolve();
  const onSignal = () => {
    void display.showAll();
    shut = shutDebugger(over.signal);
  };
  Deno.addSignalListener("SIGUSR1", onSignal);
  const { statsSeconds } = options;
  const timer = statsSeconds === undefined
    ? undefined
    : setInterval(() => void display.showPeriod(), statsSeconds * 1000);
  return async () => {
    clearInterval(timer);
    Deno.removeSignalListener("SIGUSR1", onSignal);
    over.abort();
    await shut;
    await display.finish();
  };
}

class Display {
  readonly #cable: Shown;
  readonly #options: StatsOptions;
  readonly #io: CommandIo;
  readonly #reporter: StatsReporter;

  constructor(cable: Shown, options: StatsOptions, io: CommandIo) {
    this.#cable = cable;
    this.#options = options;
    this.#io = io;
    this.#reporter = new StatsReporter(cable.counters, performance.now());
  }

  /** The line of a period; a switch's ports have lines of their own. */
  async showPeriod(): Promise<void> {
    const plugs = await this.#cable.status();
    const now = performance.now();
    if (this.#options.json) return this.#json(plugs, now);
    const line = this.#reporter.line(now);
    if (this.#io.redraw && plugs.length === 0) this.#io.redraw(line);
    else this.#io.err(line);
    this.#view(plugs, false);
  }

  /** Everything, for whoever asked just now. */
  async showAll(): Promise<void> {
    const plugs = await this.#cable.status();
    const now = performance.now();
    if (this.#options.json) return this.#json(plugs, now);
    this.#reporter.summary(now).forEach((line) => this.#io.err(line));
    this.#view(plugs, true);
  }

  /** The summary, where one is wanted. */
  async finish(): Promise<void> {
    const { statsSeconds, json } = this.#options;
    if (statsSeconds === undefined && !json) return;
    const plugs = await this.#cable.status();
    const now = performance.now();
    if (json) return this.#json(plugs, now);
    this.#reporter.summary(now).forEach((line) => this.#io.err(line));
    this.#view(plugs, false);
  }

  #json(plugs: readonly PlugStatus[], now: number): void {
    this.#io.data(this.#reporter.json(now, plugs));
  }

  #view(plugs: readonly PlugStatus[], stations: boolean): void {
    for (const plug of plugs) {
      viewStatus(plug, { stations }).forEach((line) => this.#io.data(line));
    }
  }
}
