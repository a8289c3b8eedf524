/**
 * The page of `vdeplug switch`.
 *
 * @module
 */

import type { CommandPage } from "../page.ts";
import { SWITCH_OPTIONS } from "../switch_options.ts";

/** What the command says of itself. */
export const SWITCH_PAGE: CommandPage = {
  name: "vdeplug switch",
  summary: "a switch for virtual machines and others of this host",
  usage: [{ line: "vdeplug switch [OPTIONS] [PATH]" }],
  description: [
    "Makes a switch that virtual machines and other VDE clients of this host " +
    'join: "vdeplug vde://PATH tap://t0", "kvm -netdev vde,id=n0,sock=PATH", ' +
    'vde_plug. The same as "vdeplug switch://PATH null://".',
  ],
  operands: [{
    name: "PATH",
    summary: "folder of the switch, made by it and removed at its end; " +
      "without one, /tmp/vdenode_USER. Keys of switch:// may follow in " +
      'brackets (see "vdeplug --help switch"), and hub://PATH, multi://PATH ' +
      "or bonding://PATH makes one of those",
    completes: "switch folder",
  }],
  options: SWITCH_OPTIONS,
  sections: [{
    title: "Signals",
    rows: [
      ["SIGUSR1", "print the ports, and the stations behind them"],
      ["SIGINT, SIGTERM, SIGHUP", "end, and take the folder away"],
    ],
  }],
  examples: [
    { line: "vdeplug switch /tmp/sw", summary: "a switch for this user" },
    {
      line: "vdeplug switch --mod 660 --group kvm --stats=10 /run/sw",
      summary:
        "one for the members of group kvm, and its ports every ten seconds",
    },
    {
      line: "vdeplug switch '/tmp/sw[expiretime=30]'",
      summary: "one that forgets silent stations after half a minute",
    },
  ],
  exitStatus: "0 if it was told to end; 1 if something failed; 2 for wrong " +
    "use.",
  manual: {
    lastSections: [{
      title: "Files",
      rows: [[
        "/tmp/vdenode_USER",
        "Folder of the switch where no PATH is given. In each such folder is " +
        "the socket ctl, through which clients join.",
      ]],
    }],
    seeAlso: ["vdeplug-switch(7)", "vdeplug-hub(7)"],
  },
};
