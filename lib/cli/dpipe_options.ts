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

/** Text for `--help`. */
export const DPIPE_HELP =
  `Usage: dpipe [OPTIONS] COMMAND = COMMAND [= COMMAND]...

Runs commands and connects them with pipes: the output of each is the input of
the other. A command between two others has its left neighbour on standard
input and output, and its right neighbour on the two descriptors whose numbers
are in ALTERNATE_STDIN and ALTERNATE_STDOUT.

  a = b             a and b, both ways
  a = b = c         b between a and c
  a =} b }= c       b sees only what goes from a to c: left to right
  a ={ b {= c       b sees only what goes from c to a: right to left
  a =} b }={ c {= d   b on the way there, c on the way back

Options:
  -d, --daemon          go on in the background
  -p, --pidfile FILE    write the process id to FILE
  -P, --pgrpfile FILE   write the process group, with a minus before it, to FILE
  -n, --nowrapproc      let the last command take the place of dpipe
  -N, --nowrapnoclean   the same, and leave the files of -p and -P there
  -h, --help            show this text

The exit status is the last command's; 128 + N if signal N ended it; 127 if a
command does not exist, 126 if it cannot be run.`;

const OPTIONS: readonly OptionSpec[] = [
  { name: "help", letter: "h" },
  { name: "daemon", letter: "d" },
  { name: "pidfile", letter: "p", value: "FILE" },
  { name: "pgrpfile", letter: "P", value: "FILE" },
  { name: "nowrapproc", letter: "n" },
  { name: "nowrapnoclean", letter: "N" },
];

/**
 * Reads the arguments.
 *
 * @throws {UsageError} If an option is unknown, lacks its value or has one too many.
 */
export function readDpipeOptions(args: readonly string[]): DpipeOptions {
  const { given, operands } = readOptions(args, OPTIONS, { stopEarly: true });
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
