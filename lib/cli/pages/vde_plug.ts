/**
 * The page of `vde_plug`.
 *
 * @module
 */

import type { CommandPage } from "../page.ts";
import { VDE_PLUG_OPTIONS } from "../vde_plug_args.ts";
import { CABLE_SIGNALS, ENVIRONMENT, FILES } from "./shared.ts";

/** What the command says of itself. */
export const VDE_PLUG_PAGE: CommandPage = {
  name: "vde_plug",
  summary: "join networks, with the options of the C program",
  usage: [
    {
      line: "vde_plug [OPTIONS] [VNL]",
      summary: "join standard input and output",
    },
    { line: "vde_plug [OPTIONS] VNL VNL", summary: "join two networks" },
    {
      line: "vde_plug [OPTIONS] [VNL] = COMMAND ...",
      summary: "join a command's input and output",
    },
  ],
  description: [
    "A VNL names a network: SCHEME://ADDRESS, the folder of a VDE switch, or a " +
    "file whose first line is a VNL. Without one, or with '', it is what the " +
    "file ~/.vdeplug/default or ~/.vde2/default.switch says, else the switch " +
    'of this host (/var/run/vde.ctl or /tmp/vde.ctl). "vdeplug --help" lists ' +
    "the schemes.",
  ],
  operands: [
    { name: "VNL", summary: "a network", completes: "vnl or =" },
    {
      name: "= COMMAND ...",
      summary: "a program with frames on its standard input and output, each " +
        "behind its length",
      completes: "vnl or =",
    },
  ],
  options: VDE_PLUG_OPTIONS,
  examples: [
    {
      line: "vde_plug vxvde://239.1.2.3 tap://mytap",
      summary: "an interface of this host on a network of the LAN",
    },
    {
      line: "vde_plug /tmp/vde.ctl /tmp/vde2.ctl",
      summary: "join two switches of this host",
    },
    {
      line: "vde_plug = ssh remote.machine.org vde_plug",
      summary: "join the switches of two hosts, over ssh",
    },
    {
      line:
        "vde_plug -d -p /run/c.pid vde:///run/sw 'udp://5000->gate.example:5000'",
      summary: "a tunnel from a switch, in the background",
    },
  ],
  exitStatus: "0 if it was told to end, or a side ended in good order; 1 if " +
    "something failed; 255 for wrong use; with a command, the command's own.",
  manual: {
    description: [
      'It is called as "vdeplug vde_plug", or through a link to vdeplug that ' +
      "is named vde_plug: scripts and programs that call the C program find " +
      "what they look for. vdeplug(1) tells what a VNL may say.",
      "As a login shell, it joins the one who logs in with -c vde_plug to a " +
      "network, and runs nothing else. The system's log is told, and of members " +
      "of the group vdeplug_iplog the IP addresses that they use, too.",
    ],
    lastSections: [CABLE_SIGNALS, ENVIRONMENT, FILES],
  },
};
