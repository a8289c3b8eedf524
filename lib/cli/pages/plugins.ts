/**
 * The page of `vdeplug plugins`.
 *
 * @module
 */

import type { CommandPage } from "../page.ts";
import { PLUGINS_OPTIONS } from "../plugins_options.ts";
import { PLUGIN_ENVIRONMENT, PLUGIN_FILES } from "./shared.ts";

/** What the command says of itself. */
export const PLUGINS_PAGE: CommandPage = {
  name: "vdeplug plugins",
  summary: "list and explain the schemes, begin a plugin of your own",
  usage: [
    { line: "vdeplug plugins [OPTIONS]", summary: "list all schemes" },
    {
      line: "vdeplug plugins [OPTIONS] NAME ...",
      summary: "explain schemes: address, keys, examples",
    },
    {
      line: "vdeplug plugins new NAME [FOLDER]",
      summary: "begin a plugin of your own",
    },
  ],
  description: [
    'A plugin of your own is a module that exports it as "plugin". It is ' +
    "loaded with --plugin, or found, when somebody says NAME://, as " +
    "vdeplug_NAME.ts or vdeplug_NAME.js in a folder of $VDEPLUG_PLUGIN_PATH " +
    "(with colons between), or in ~/.config/vdeplug/plugins. Built-in schemes " +
    "come first, native plugins of the C library (libvdeplug_NAME.so) last. " +
    "Any may do whatever vdeplug may do: load none that you do not trust.",
    '"new" writes vdeplug_NAME.ts, which works as it is and is yours to ' +
    "change, and vdeplug_NAME_test.ts, which holds it to what all plugins " +
    "keep, into FOLDER, or the current one. Files that are there stay as they " +
    "are.",
  ],
  operands: [{
    name: "NAME",
    summary: "a scheme, or a VNL",
    completes: "scheme",
    repeats: true,
  }],
  options: PLUGINS_OPTIONS,
  examples: [
    { line: "vdeplug plugins vxvde", summary: "explain one" },
    {
      line: "vdeplug plugins new mine ~/.config/vdeplug/plugins",
      summary: "begin a plugin where it is found by its name",
    },
    {
      line: "vdeplug --plugin ./vdeplug_mine.ts mine:///tmp/a,/tmp/b tap://t0",
      summary: "use one from where it is",
    },
  ],
  exitStatus: "0; 1 if a plugin cannot be loaded; 2 for wrong use.",
  manual: {
    lastSections: [PLUGIN_ENVIRONMENT, PLUGIN_FILES],
  },
};
