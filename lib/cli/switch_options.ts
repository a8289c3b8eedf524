/**
 * The options of `vdeplug switch`: those of the main command that are of use to
 * a switch.
 *
 * @module
 */

import { HELP_OPTION, VERSION_OPTION } from "./cable_options.ts";
import type { OptionSpec } from "./getopt.ts";

/** As they are read and shown. */
export const SWITCH_OPTIONS: readonly OptionSpec[] = [
  {
    name: "mod",
    letter: "m",
    value: "OCTAL",
    summary: "who may join: permission bits (default 600)",
  },
  {
    name: "group",
    letter: "g",
    value: "GROUP",
    summary: "the group that they hold for",
    completes: "group",
  },
  {
    name: "stats",
    value: "SECONDS",
    standard: "1",
    summary: "what passes, port by port, every SECONDS (default 1)",
  },
  { name: "json", summary: "the same as JSON, one object a line" },
  { name: "daemon", letter: "d", summary: "go on in the background" },
  {
    name: "pidfile",
    letter: "p",
    value: "FILE",
    summary: "write the process id to FILE",
    completes: "file",
  },
  {
    name: "log",
    letter: "l",
    summary: "tell the system's log of start and end",
  },
  {
    name: "verbose",
    letter: "v",
    summary: "say more: who joins, and who leaves",
  },
  VERSION_OPTION,
  HELP_OPTION,
];
