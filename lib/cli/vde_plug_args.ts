/**
 * The arguments of `vde_plug`, and its help text.
 *
 * @module
 */

import {
  CABLE_OPTIONS,
  type CableSettings,
  readCableSettings,
} from "./cable_options.ts";
import { type OptionSpec, readOptions } from "./getopt.ts";
import { checkEnds, splitAtCommand } from "./operands.ts";

/** What `vde_plug` is to do. */
export interface VdePlugArgs extends CableSettings {
  /** Two at most. */
  readonly vnls: readonly string[];
  /** What stands behind `=`: a program and its arguments. */
  readonly command: readonly string[] | undefined;
  /** What a user logs in for, given with `-c` to a login shell; undefined: it is none. */
  readonly loginCommand: string | undefined;
}

/** What `vde_plug --help` prints. */
export const VDE_PLUG_HELP = `Usage:
  vde_plug [OPTIONS] [VNL]                  join standard input and output
  vde_plug [OPTIONS] VNL VNL                join two networks
  vde_plug [OPTIONS] [VNL] = COMMAND ...    join a command's input and output

A VNL names a network: SCHEME://ADDRESS, the folder of a VDE switch, or a file
whose first line is a VNL. Without one, or with '', it is what the file
~/.vdeplug/default or ~/.vde2/default.switch says, else the switch of this host
(/var/run/vde.ctl or /tmp/vde.ctl). "vdeplug --help" lists the schemes.

Options:
  -d, --daemon        go on in the background once all is open
  -p, --pidfile FILE  write the process id to FILE
  -l, --log           write start and end to the system's log
  -L, --iplog         the same, and each IP address seen coming from the stream
                      or from the second VNL
  -g, --group GROUP   who may join what the first VNL makes
  -m, --mod OCTAL     its permissions, as for chmod
      --port N        port of its switch: better write [N] behind the VNL
  -G, --group2 GROUP  the same three for the second VNL
  -M, --mod2 OCTAL
      --port2 N
  -D, --descr TEXT    who we are, for the switch's listings (default vdeplug:)
  -c vde_plug         as a login shell: what users run here, and nothing else
      --plugin FILE   a plugin of your own: see "vdeplug plugins --help"
  -v, --verbose       say more about what happens
      --version       the version
  -h, --help          this text

Examples:
  vde_plug vxvde://239.1.2.3 tap://mytap
  vde_plug /tmp/vde.ctl /tmp/vde2.ctl
  vde_plug = ssh remote.machine.org vde_plug
  vde_plug -d -p /run/cable.pid vde:///run/sw udp://5000->gate.example:5000

Exit status: 0 if it was told to end, or a side ended in good order; 1 if
something failed; 255 for wrong use; with a command, the command's own.`;

const VDE_PLUG_OPTIONS: readonly OptionSpec[] = [
  ...CABLE_OPTIONS,
  { name: "command", letter: "c", value: "vde_plug" },
];

/**
 * Reads the arguments.
 *
 * @throws {UsageError} If they say nothing that can be done.
 */
export function readVdePlugArgs(args: readonly string[]): VdePlugArgs {
  const { own, command } = splitAtCommand(args);
  const options = readOptions(own, VDE_PLUG_OPTIONS);
  const { given, operands } = options;
  const result: VdePlugArgs = {
    ...readCableSettings(options),
    vnls: operands,
    command,
    loginCommand: given.get("command"),
  };
  if (!result.help && !result.version) checkEnds(result);
  return result;
}
