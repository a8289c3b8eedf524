/**
 * The command `vde_plug`, as other programs and scripts call it.
 *
 * @module
 */

import { commandHelp } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { joinNetworks } from "./join.ts";
import { admitLogin } from "./login_shell.ts";
import { reportError } from "./report.ts";
import { UsageError } from "./usage_error.ts";
import { readVdePlugArgs, type VdePlugArgs } from "./vde_plug_args.ts";
import { VERSION } from "./version.ts";

const NAME = "vde_plug";

/** What callers of `vde_plug` know for a wrong command line. */
const USAGE_STATUS = 255;

/**
 * Runs `vde_plug [OPTIONS] [VNL [VNL | = COMMAND …]]`.
 *
 * @param args The command line.
 * @param io Where words go; aborting `io.stop` ends the cable in good order.
 * @returns Exit status.
 */
export async function vdePlug(
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  try {
    const options = readVdePlugArgs(args);
    if (options.help) {
      io.out(await commandHelp("vde_plug"));
      return ExitStatus.success;
    }
    if (options.version) {
      io.out(`vde_plug of vdeplug ${VERSION}`);
      return ExitStatus.success;
    }
    return await join(options, io);
  } catch (error) {
    return refuse(error, io);
  }
}

async function join(options: VdePlugArgs, io: CommandIo): Promise<number> {
  const order = {
    ...options,
    json: false,
    statsSeconds: undefined,
    quiet: true,
  };
  const { loginCommand } = options;
  if (loginCommand === undefined && !io.isLogin) {
    return await joinNetworks(order, io, refuse);
  }
  const admission = admitLogin(loginCommand, io.name ?? NAME);
  if (admission !== undefined) {
    return await joinNetworks({ ...order, ...admission }, io, refuse);
  }
  io.err(
    "Cannot open a shell here: this account is for the command vde_plug alone",
  );
  return USAGE_STATUS;
}

function refuse(error: unknown, io: CommandIo): number {
  reportError(error, io, `${io.invocation ?? NAME} --help`);
  if (error instanceof UsageError) return USAGE_STATUS;
  // Other callers' faults are in a VNL, which is no matter of the command line.
  return ExitStatus.failure;
}
