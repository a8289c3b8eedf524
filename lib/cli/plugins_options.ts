/**
 * The options of `vdeplug plugins`.
 *
 * @module
 */

import { HELP_OPTION } from "./cable_options.ts";
import type { OptionSpec } from "./getopt.ts";
import { PLUGIN_OPTION } from "./plugin_option.ts";

/** As they are read and shown. */
export const PLUGINS_OPTIONS: readonly OptionSpec[] = [
  PLUGIN_OPTION,
  {
    name: "json",
    summary: "for machines: an array of scheme, summary, syntax and from, " +
      "which is built-in, the module, or the library of a native one, whose " +
      "syntax is not known; of a plugin that cannot be loaded, scheme, from " +
      "and error",
  },
  HELP_OPTION,
];
