/**
 * `vdeplug switch`: a switch that stands alone, the short way.
 *
 * @module
 */

import { splitScheme } from "../plug/vnl.ts";
import { readOptions } from "./getopt.ts";
import { commandHelp } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { joinNetworks } from "./join.ts";
import { splitAtCommand } from "./operands.ts";
import { type PlugArgs, readPlugArgs } from "./plug_args.ts";
import { reportError } from "./report.ts";
import { SWITCH_OPTIONS } from "./switch_options.ts";
import { VERSION } from "./version.ts";
import { UsageError } from "./usage_error.ts";

const SCHEMES = ["switch", "hub", "multi", "bonding"];
const NOTHING = "null://";

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
      io.out(await commandHelp("switch"));
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
  const { operands } = readOptions(own, SWITCH_OPTIONS);
  if (operands.length > 1) {
    throw new UsageError(
      `Cannot make ${operands.length} switches at a time: received ${
        operands.map((path) => `"${path}"`).join(" ")
      }`,
    );
  }
  const options = readPlugArgs(
    [...own, ...operands.length > 0 ? [] : [""]],
    SWITCH_OPTIONS,
  );
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
