/**
 * The page of `vdeplug man`.
 *
 * @module
 */

import { MAN_OPTIONS } from "../man_options.ts";
import type { CommandPage } from "../page.ts";
import { PLUGIN_ENVIRONMENT } from "./shared.ts";

/** What the command says of itself. */
export const MAN_PAGE: CommandPage = {
  name: "vdeplug man",
  summary: "print or write pages of the manual",
  usage: [
    { line: "vdeplug man [OPTIONS]", summary: "list the pages" },
    { line: "vdeplug man [OPTIONS] NAME", summary: "print one" },
    { line: "vdeplug man --folder DIR", summary: "write all of them" },
  ],
  description: [
    "Pages are text for man(1), to be shown or installed. Those of commands are " +
    "vdeplug(1) and vdeplug-COMMAND(1), those of schemes vdeplug-SCHEME(7).",
  ],
  operands: [{
    name: "NAME",
    summary: "a command, such as vdeplug itself, or a scheme, built-in or of " +
      "your own; what is both is the command, and with :// the scheme",
    completes: "page",
  }],
  options: MAN_OPTIONS,
  examples: [
    { line: "vdeplug man vxvde | man -l -", summary: "read about vxvde://" },
    {
      line: "vdeplug man switch:// | man -l -",
      summary: "the scheme switch://, not the command",
    },
    {
      line: "sudo vdeplug man --folder /usr/local/share/man",
      summary: "install all of them: then, man vdeplug shows the first",
    },
  ],
  exitStatus: "0; 1 if a page cannot be made or written; 2 for wrong use.",
  manual: { lastSections: [PLUGIN_ENVIRONMENT], seeAlso: ["man(1)"] },
};
