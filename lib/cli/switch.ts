/**
 * `vdeplug switch`: a switch that stands alone, the short way.
 *
 * @module
 */

import { splitScheme } from "../plug/vnl.ts";
import { readOptions } from "./getopt.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { joinNetworks } from "./join.ts";
import { splitAtCommand } from "./operands.ts";
import { PLUG_OPTIONS, type PlugArgs, readPlugArgs } from "./plug_args.ts";
import { reportError } from "./report.ts";
import { VERSION } from "./version.ts";
import { UsageError } from "./usage_error.ts";

const SCHEMES = ["switch", "hub", "multi", "bonding"];
const NOTHING = "null://";

/** What `vdeplug switch --help` prints. */
const SWITCH_HELP = `Usage: vdeplug switch [options] [PATH]

Makes a switch that virtual machines and other VDE clients of this host join:
"vdeplug vde://PATH tap://t0", "kvm -netdev vde,id=n0,sock=PATH", vde_plug. The
same as "vdeplug switch://PATH null://".

  PATH         folder of the switch, made by it and removed at its end; without
               one, /tmp/vdenode_USER. Keys of switch:// may follow in brackets
               (see "vdeplug --help switch"), and hub://PATH, multi://PATH or
               bonding://PATH makes one of those

Options:
  -m, --mod OCTAL       who may join: permission bits [600]
  -g, --group GROUP     the group that they hold for
      --stats[=SECONDS] what passes, port by port, every SECONDS [1]
      --json            the same as JSON, one object a line
  -d, --daemon          go on in the background
  -p, --pidfile FILE    write the process id to FILE
  -l, --log             tell the system's log of start and end
  -v, --verbose         say more: who joins, and who leaves
  -h, --help            print this text

Signal USR1 prints the ports, and the stations behind them.

Examples:
  vdeplug switch /tmp/sw
               a switch for this user
  vdeplug switch --mod 660 --group kvm --stats=10 /run/sw
               one for the members of group kvm, and its ports every ten seconds
  vdeplug switch '/tmp/sw[expiretime=30]'
               one that forgets silent stations after half a minute`;

/**
 * Runs `vdeplug switch [options] [PATH]`.
 *
 * @param args What stands behind the command's name.
 * @param io Where words go; aborting `io.stop` ends the switch in good order.
 * @returns Exit status.
 */
export async function switchCommand(
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  try {
    const options = readSwitchArgs(args);
    if (options.help) {
      io.out(SWITCH_HELP);
      return ExitStatus.success;
    }
    if (options.version) {
      io.out(`vdeplug ${VERSION}`);
      return ExitStatus.success;
    }
    return await joinNetworks(options, io, refuse);
  } catch (error) {
    return refuse(error, io);
  }
}

function refuse(error: unknown, io: CommandIo): number {
  return reportError(error, io, "vdeplug switch --help");
}

/**
 * The main command's arguments, with PATH as the first VNL and nothing as the
 * second.
 *
 * @throws {UsageError} If they say nothing that can be done.
 */
export function readSwitchArgs(args: readonly string[]): PlugArgs {
  const { own, command } = splitAtCommand(args);
  if (command !== undefined) {
    throw new UsageError(
      'Cannot join a command to a switch here: use "vdeplug switch://PATH = COMMAND"',
    );
  }
  const { operands } = readOptions(own, PLUG_OPTIONS);
  if (operands.length > 1) {
    throw new UsageError(
      `Cannot make ${operands.length} switches at a time: received ${
        operands.map((path) => `"${path}"`).join(" ")
      }`,
    );
  }
  const options = readPlugArgs([...own, ...operands.length > 0 ? [] : [""]]);
  return { ...options, vnls: [switchVnl(operands[0] ?? ""), NOTHING] };
}

function switchVnl(path: string): string {
  const scheme = splitScheme(path)?.scheme;
  if (scheme === undefined) return `switch://${path}`;
  if (SCHEMES.includes(scheme)) return path;
  throw new UsageError(
    `Cannot make a switch "${path}" as PATH is a folder, or a VNL of ${
      SCHEMES.join(", ")
    }`,
  );
}
