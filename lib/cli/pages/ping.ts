/**
 * The page of `vdeplug ping`.
 *
 * @module
 */

import type { CommandPage } from "../page.ts";
import { PING_OPTIONS } from "../ping_options.ts";
import { PLUGIN_ENVIRONMENT } from "./shared.ts";

/** What the command says of itself. */
export const PING_PAGE: CommandPage = {
  name: "vdeplug ping",
  summary: "ping a host on a network, without an interface",
  usage: [{ line: "vdeplug ping [OPTIONS] VNL ADDRESS" }],
  description: [
    "Pings a host of a virtual network: through any VNL, without an interface " +
    "of this machine and without privileges. Ends after 4 pings, as scripts " +
    "like it.",
  ],
  operands: [
    {
      name: "VNL",
      summary: 'the network, as in "vdeplug VNL VNL"',
      completes: "vnl",
    },
    {
      name: "ADDRESS",
      summary: "IPv4 or IPv6 address of a host on it",
      completes: "none",
    },
  ],
  options: PING_OPTIONS,
  examples: [
    {
      line: "vdeplug ping vxvde:// 192.0.2.1",
      summary: "is 192.0.2.1 on the LAN's distributed switch?",
    },
    {
      line: "vdeplug ping -c 100 -i 0.01 vde:///tmp/switch 2001:db8::1",
      summary: "a hundred pings in a second through a VDE switch",
    },
    {
      line: "vdeplug ping --vlan 7 --from 192.0.2.200 vxvde:// 192.0.2.1",
      summary: "in VLAN 7, from an address of your choice",
    },
  ],
  exitStatus: "0 if a reply came, 1 if none came, 2 if the command is wrong.",
  manual: {
    description: [
      "Without --from, the address to ping from is asked for first, as a host " +
      "does before it takes one, and used if nobody answers. The hardware " +
      "address is made up.",
    ],
    lastSections: [{
      title: "Signals",
      rows: [[
        "SIGINT, SIGTERM, SIGHUP",
        "End with the summary; the exit status is the same as at the end.",
      ]],
    }, PLUGIN_ENVIRONMENT],
    seeAlso: ["ping(8)"],
  },
};
