/**
 * The page of the main command, but for the list of the others.
 *
 * @module
 */

import type { CommandPage, Section } from "../page.ts";
import { PLUG_OPTIONS } from "../plug_args.ts";
import { CABLE_SIGNALS, ENVIRONMENT, FILES } from "./shared.ts";

const LOCATORS: Section = {
  title: "Virtual network locators",
  paragraphs: [
    "A VNL is SCHEME://ADDRESS, and keys that follow it. Its scheme decides " +
    "what the address is, which keys there are, and in which form they stand: " +
    "vdeplug --help SCHEME and the page vdeplug-SCHEME(7) tell. There are " +
    "these forms:",
  ],
  rows: [
    [
      "SCHEME://ADDRESS/KEY=VALUE/KEY",
      "The slash form, of vxvde and vxlan. The address ends at the first /.",
    ],
    [
      "SCHEME://ADDRESS[KEY=VALUE/KEY]",
      "The bracket form, of those whose address may be a path: vde, switch, " +
      "tap and others. The address ends at the first [. A word alone is the " +
      "value of the scheme's main key, if it has one: vde:///tmp/sw[12] is " +
      "port 12 of the switch in /tmp/sw.",
    ],
    [
      "SCHEME://ADDRESS{VNL}",
      "Some plugins take another VNL, in braces, before or behind the keys.",
    ],
  ],
};

const KEYS: Section = {
  title: "Keys",
  paragraphs: [
    "A key may be shortened: of the keys that begin with what is given, the " +
    "first is meant, so that /exp=30 is /expiretime=30. A key that there is " +
    "not is an error, which lists those that there are; and each may be given " +
    "once.",
    "A key that is there or not (v6) is turned off with =0. Numbers are " +
    "decimal; with 0x they are hexadecimal, with a leading 0 octal. Sizes may " +
    "end in k, m, g or t, for powers of 1024.",
  ],
};

const QUOTING: Section = {
  title: "Quoting",
  paragraphs: [
    "Slashes, brackets, braces and equals signs part a VNL. Where one is meant " +
    "as a part of an address or a value, it is quoted, in one of these ways:",
  ],
  rows: [
    [`'TEXT', "TEXT"`, "All of TEXT is itself, and so are \\ and % in it."],
    ["\\C", "The character C is itself."],
    [
      "%HH",
      "The byte with this hexadecimal code. A % that two such digits do not " +
      "follow is itself.",
    ],
  ],
};

const SHELL: Section = {
  title: "Quoting for the shell",
  paragraphs: [
    "Shells have a meaning of their own for quotes, brackets, braces, > and &. " +
    "It is safe to put each VNL between single quotes, as in vdeplug " +
    "'udp://5000->gate.example:5000' 'tap://t0[mtu=1400]'.",
  ],
};

const WITHOUT_SCHEME: Section = {
  title: "VNLs without a scheme",
  paragraphs: [
    "A VNL without :// is one of these, the first that fits:",
  ],
  rows: [
    [
      "''",
      "The empty VNL is the first line of ~/.vdeplug/default, or else of " +
      "~/.vde2/default.switch, or else vde://, the switch of this host.",
    ],
    [
      "FILE",
      "A regular file: its first line is the VNL, for which the same rules hold.",
    ],
    ["DIRECTORY", "The folder of a VDE switch: vde://DIRECTORY."],
  ],
};

const PLUGINS: Section = {
  title: "Where schemes come from",
  paragraphs: [
    "Built-in schemes come first; then those of modules that --plugin names; " +
    "then a file vdeplug_SCHEME.ts or vdeplug_SCHEME.js in a folder for " +
    "plugins (see FILES); and in the end a plugin of the C library, " +
    "libvdeplug_SCHEME.so. A plugin may do whatever vdeplug may do: use none " +
    "that you do not trust. A crash in one of the C library ends the whole " +
    "program. See vdeplug-plugins(1).",
  ],
};

/** What the main command says of itself. */
export const VDEPLUG_PAGE: CommandPage = {
  name: "vdeplug",
  summary: "join networks, machines and programs to one virtual Ethernet",
  usage: [
    { line: "vdeplug [OPTIONS] VNL VNL", summary: "join two networks" },
    {
      line: "vdeplug [OPTIONS] VNL",
      summary: "join one to standard input and output",
    },
    {
      line: "vdeplug [OPTIONS] VNL = COMMAND ...",
      summary: "join one to a command's input and output",
    },
    {
      line: "vdeplug COMMAND ...",
      summary: "something else: see the commands below",
    },
  ],
  description: [
    "vdeplug joins this host, virtual machines, containers and other hosts to " +
    "one virtual Ethernet.",
    "A VNL (Virtual Network Locator) names a network, or one end of it. " +
    "Without SCHEME:// it is the folder of a VDE switch, or a file whose first " +
    "line is a VNL; '' is what ~/.vdeplug/default or ~/.vde2/default.switch " +
    "says.",
  ],
  operands: [
    { name: "VNL", summary: "a network, or one end of it", completes: "vnl" },
    {
      name: "= COMMAND ...",
      summary: "a program with frames on its standard input and output, each " +
        "behind its length",
      completes: "vnl or =",
    },
  ],
  options: PLUG_OPTIONS,
  examples: [
    {
      line: "sudo vdeplug vxvde:// tap://mytap",
      summary: "put the interface mytap on the LAN's distributed switch",
    },
    {
      line: "vdeplug vxvde:// = ssh remote.host vdeplug tap://mytap",
      summary: "the same with an interface of another host, over ssh",
    },
    {
      line: "vdeplug --stats vxvde://239.1.2.3 'udp://5000->gate.example:5000'",
      summary:
        "carry another network of this LAN through a tunnel, and watch it",
    },
    {
      line: "vdeplug ping vxvde:// 192.0.2.1",
      summary:
        "see whether a host is on the LAN's network, without any privilege",
    },
  ],
  exitStatus: "0 if it was told to end, or a side ended in good order; 1 if " +
    "something failed; 2 for wrong use; with a command, the command's own. " +
    "Counters and messages go to standard error.",
  manual: {
    description: [
      "On standard input and output, of vdeplug itself or of a command, each " +
      "frame stands behind its length: two bytes, the higher one first.",
    ],
    sections: [LOCATORS, KEYS, QUOTING, SHELL, WITHOUT_SCHEME, PLUGINS],
    lastSections: [CABLE_SIGNALS, ENVIRONMENT, FILES],
    seeAlso: ["ip(8)", "ssh(1)"],
  },
};
