/**
 * An outside world for a command, which keeps what the command prints.
 *
 * @module
 */

import type { CommandIo } from "../../../lib/cli/io.ts";

/** What a command is given, and what it printed. */
export class Recorder implements CommandIo {
  /** Results. */
  readonly outLines: string[] = [];
  /** Faults and progress. */
  readonly errLines: string[] = [];
  /** Lines for machines. */
  readonly dataLines: string[] = [];
  /** Lines drawn over one another, where that can be done. */
  readonly drawnLines: string[] = [];
  readonly redraw?: (line: string) => void;
  readonly #stop = new AbortController();
  readonly stop = this.#stop.signal;

  /** @param options `terminal`: lines can be drawn again. */
  constructor(
    readonly pluginModules: readonly string[] = [],
    options: { readonly terminal?: boolean } = {},
  ) {
    if (options.terminal) {
      this.redraw = (line) => void this.drawnLines.push(line);
    }
  }

  /** Stops the command as a signal would. */
  abort(signal = "SIGTERM"): void {
    this.#stop.abort(signal);
  }

  out(line: string): void {
    this.outLines.push(line);
  }

  err(line: string): void {
    this.errLines.push(line);
  }

  data(line: string): void {
    this.dataLines.push(line);
  }
}
