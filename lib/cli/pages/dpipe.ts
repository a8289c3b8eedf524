/**
 * The page of `dpipe`.
 *
 * @module
 */

import { DPIPE_OPTIONS } from "../dpipe_options.ts";
import type { CommandPage } from "../page.ts";

/** What the command says of itself. */
export const DPIPE_PAGE: CommandPage = {
  name: "dpipe",
  summary: "run commands with pipes between them, both ways",
  usage: [{ line: "dpipe [OPTIONS] COMMAND = COMMAND [= COMMAND]..." }],
  description: [
    "Runs commands and connects them with pipes: the output of each is the " +
    "input of the other. A command between two others has its left neighbour " +
    "on standard input and output, and its right neighbour on the two " +
    "descriptors whose numbers are in ALTERNATE_STDIN and ALTERNATE_STDOUT.",
  ],
  operands: [{
    name: "COMMAND",
    summary: "a program and its arguments; what stands between two tells " +
      "which way the pipes go",
    completes: "command line",
    repeats: true,
  }],
  options: DPIPE_OPTIONS,
  sections: [{
    title: "Signs",
    rows: [
      ["a = b", "connects a and b, both ways"],
      ["a = b = c", "puts b between a and c"],
      ["a =} b }= c", "lets b see only what goes from a to c: left to right"],
      ["a ={ b {= c", "lets b see only what goes from c to a: right to left"],
      ["a =} b }={ c {= d", "puts b on the way there, c on the way back"],
    ],
  }],
  examples: [
    {
      line: "dpipe vde_plug /tmp/sw = ssh remote.host vde_plug /tmp/sw",
      summary: "join switches of two hosts, over ssh",
    },
  ],
  exitStatus: "the last command's; 128 + N if signal N ended it; 127 if a " +
    "command does not exist, 126 if it cannot be run.",
  manual: {
    description: [
      'It is called as "vdeplug dpipe", or through a link to vdeplug that is ' +
      "named dpipe. Nothing passes through dpipe itself, which waits for the " +
      "end of its commands. They are one process group, and dpipe leads it.",
    ],
    lastSections: [
      {
        title: "Signals",
        rows: [[
          "SIGINT, SIGTERM, SIGHUP",
          "Are handed on to the commands, and end dpipe.",
        ]],
      },
      {
        title: "Environment",
        rows: [[
          "ALTERNATE_STDIN, ALTERNATE_STDOUT",
          "Set for a command between two others: the numbers of the " +
          "descriptors on which its right neighbour is.",
        ]],
      },
    ],
    seeAlso: ["ssh(1)"],
  },
};
