/**
 * The options of `vdeplug man`.
 *
 * @module
 */

import { HELP_OPTION } from "./cable_options.ts";
import type { OptionSpec } from "./getopt.ts";
import { PLUGIN_OPTION } from "./plugin_option.ts";

/** As they are read and shown. */
export const MAN_OPTIONS: readonly OptionSpec[] = [
  {
    name: "folder",
    value: "DIR",
    summary: "write all pages, but those of plugins of your own, into " +
      "DIR/man1 and DIR/man7",
    completes: "folder",
  },
  PLUGIN_OPTION,
  HELP_OPTION,
];
