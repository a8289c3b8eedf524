/**
 * What a command is given by whoever runs it: where its words go, what stops
 * it, and which plugins there are. A command neither prints nor exits by
 * itself.
 *
 * @module
 */

import type { Self } from "./daemon.ts";

/** The outside world of one command. */
export interface CommandIo {
  /** Prints a line of results; adds the line end. */
  out(line: string): void;
  /** Prints a line about faults and progress; adds the line end. */
  err(line: string): void;
  /** Prints a line for machines where `err` prints, as it is; adds the line end. */
  data(line: string): void;
  /** Draws a line over the last one that was drawn; absent where that cannot be done. */
  readonly redraw?: (line: string) => void;
  /** Aborted when the command shall come to its end in good order; the reason says by what: "SIGINT". */
  readonly stop: AbortSignal;
  /** Absolute URLs of plugin modules, in the order of their precedence. */
  readonly pluginModules: readonly string[];
  /** What the command calls itself: "vdeplug" unless given. */
  readonly name?: string;
  /** What the user types to call it. */
  readonly invocation?: string;
  /** Whether options before the command ask for more words. */
  readonly verbose?: boolean;
  /** Whether it was started as somebody's login shell. */
  readonly isLogin?: boolean;
  /** This program, for commands that go to the background; absent where they cannot. */
  readonly self?: Self;
}

/** What a command returns for the shell. */
export const ExitStatus = {
  /** It did what was asked. */
  success: 0,
  /** It tried, and failed. */
  failure: 1,
  /** It was asked wrongly, and did not try. */
  usage: 2,
} as const;
