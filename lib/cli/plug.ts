/**
 * The main command: joins two VNLs, a VNL and standard input and output, or a
 * VNL and a program.
 *
 * @module
 */

import { THIS_MACHINE } from "../machine/mod.ts";
import { Registry } from "../plug/registry.ts";
import { helpText } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { joinNetworks } from "./join.ts";
import { readPlugArgs } from "./plug_args.ts";
import { reportError } from "./report.ts";
import { VERSION } from "./version.ts";

/**
 * Runs `vdeplug [OPTIONS] VNL [VNL | = COMMAND …]`.
 *
 * @param args The command line.
 * @param io Where words go; aborting `io.stop` ends the cable in good order.
 * @returns Exit status.
 */
export async function plug(
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  try {
    const options = readPlugArgs(args);
    if (options.help) {
      const modules = [...io.pluginModules, ...options.plugins];
      const registry = await Registry.load(modules, THIS_MACHINE);
      io.out(await helpText(registry, options.vnls));
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
  return reportError(error, io, "vdeplug --help");
}
