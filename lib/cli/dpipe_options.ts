/**
 * The options of `dpipe`, which stand before the first command.
 *
 * @module
 */

import { type OptionSpec, readOptions } from "./getopt.ts";

/** What `dpipe` is to do. */
export interface DpipeOptions {
  readonly help: boolean;
  /** Go on in the background, without a terminal. */
  readonly daemon: boolean;
  /** The last command takes this process's place. */
  readonly inPlace: boolean;
  /** The files stay when all is over. */
  readonly keepFiles: boolean;
  /** File for the process id. */
  readonly pidFile: string | undefined;
  /** File for the process group. */
  readonly groupFile: string | undefined;
  /** Commands and the signs between them. */
  readonly words: readonly string[];
}

/** Its options. */
export const DPIPE_OPTIONS: readonly OptionSpec[] = [
  { name: "daemon", letter: "d", summary: "go on in the background" },
  {
    name: "pidfile",
    letter: "p",
    value: "FILE",
    summary: "write the process id to FILE",
    completes: "file",
  },
  {
    name: "pgrpfile",
    letter: "P",
    value: "FILE",
    summary: "write the process group, with a minus before it, to FILE",
    completes: "file",
  },
  {
    name: "nowrapproc",
    letter: "n",
    summary: "let the last command take the place of dpipe",
  },
  {
    name: "nowrapnoclean",
    letter: "N",
    summary: "the same, and leave the files of -p and -P there",
  },
  { name: "help", letter: "h", summary: "this text" },
];

/**
 * Reads the arguments.
 *
 * @throws {UsageError} If an option is unknown, lacks its value or has one too many.
 */
export function readDpipeOptions(args: readonly string[]): DpipeOptions {
  const { given, operands } = readOptions(args, DPIPE_OPTIONS, {
    stopEarly: true,
  });
  return {
    help: given.has("help"),
    daemon: given.has("daemon"),
    inPlace: given.has("nowrapproc") || given.has("nowrapnoclean"),
    keepFiles: given.has("nowrapnoclean"),
    pidFile: given.get("pidfile"),
    groupFile: given.get("pgrpfile"),
    words: operands,
  };
}
