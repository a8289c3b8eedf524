/**
 * The page of `vdeplug completion`.
 *
 * @module
 */

import { HELP_OPTION } from "../cable_options.ts";
import type { CommandPage } from "../page.ts";

/** What the command says of itself. */
export const COMPLETION_PAGE: CommandPage = {
  name: "vdeplug completion",
  summary: "print the script with which a shell completes words",
  usage: [{ line: "vdeplug completion bash|fish|zsh" }],
  description: [
    "With the script, the shell completes the words of vdeplug, vde_plug and " +
    "dpipe when the tabulator key is pressed: commands, options, schemes, the " +
    "keys of VNLs, interfaces, switches that run, and the commands behind =. " +
    "The script asks the program each time, and so knows your own plugins, too.",
  ],
  operands: [{
    name: "SHELL",
    summary: "bash, fish or zsh",
    completes: "shell",
  }],
  options: [HELP_OPTION],
  examples: [
    {
      line: "source <(vdeplug completion bash)",
      summary: "in ~/.bashrc; for zsh, in ~/.zshrc behind compinit",
    },
    {
      line: "vdeplug completion fish | source",
      summary: "in ~/.config/fish/config.fish",
    },
    {
      line:
        "vdeplug completion zsh > /usr/local/share/zsh/site-functions/_vdeplug",
      summary: "for all users of zsh",
    },
  ],
  exitStatus: "0; 2 for wrong use.",
  manual: {
    description: [
      "For a VNL whose plugin is a file that --plugin names, or one of your " +
      "own, that file is loaded, as it is when the VNL is opened. Nothing is " +
      "opened, made or sent.",
      "Shells take [, {, > and other signs for their own: in a word that " +
      "begins with a single quote, they are left as they are, and completion " +
      "works there, too.",
    ],
    seeAlso: ["bash(1)", "fish(1)", "zsh(1)"],
  },
};
