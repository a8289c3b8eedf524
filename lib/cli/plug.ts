/**
 * The main command: joins two VNLs, a VNL and standard input and output, or a
 * VNL and a program.
 *
 * @module
 */

import { isTerminal } from "../../ffi/fd.ts";
import { Cable, type CableEnd, type CableEndpoint } from "../cable/cable.ts";
import { PlugError } from "../plug/errors.ts";
import type { Log } from "../plug/plugin.ts";
import { Registry } from "../plug/registry.ts";
import { helpText } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { type PlugArgs, readPlugArgs } from "./plug_args.ts";
import { Program } from "./program.ts";
import { reportError } from "./report.ts";
import { showStats } from "./stats_display.ts";
import { VERSION } from "./version.ts";

const STDIN = 0;
const STDOUT = 1;

/** What shells answer when a command is not found, or may not be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

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
      io.out(
        await helpText(await Registry.load(io.pluginModules), options.vnls),
      );
      return ExitStatus.success;
    }
    if (options.version) {
      io.out(`vdeplug ${VERSION}`);
      return ExitStatus.success;
    }
    return await join(options, io);
  } catch (error) {
    return reportError(error, io, "vdeplug --help");
  }
}

async function join(options: PlugArgs, io: CommandIo): Promise<number> {
  const { vnls, command } = options;
  using program = command && new Program(command);
  const near: CableEndpoint = { vnl: vnls[0] };
  const far: CableEndpoint = program
    ? { stream: program.ends }
    : vnls.length === 2
    ? { vnl: vnls[1] }
    : { stream: standardStream(io) };
  const cable = await Cable.open([near, far], {
    pluginModules: io.pluginModules,
    description: options.description,
    log: logOf(options, io),
  });
  if (program !== undefined) {
    const refusal = await startProgram(program, cable, io);
    if (refusal !== undefined) return refusal;
  }
  return await carry(cable, program, options, io);
}

function standardStream(
  io: CommandIo,
): { readFd: number; writeFd: number; peer: string } {
  if (isTerminal(STDIN)) {
    io.err(
      "frames come from and go to this terminal: a second VNL, or = COMMAND, is missing?",
    );
  }
  return { readFd: STDIN, writeFd: STDOUT, peer: "standard input" };
}

function logOf({ verbose }: PlugArgs, io: CommandIo): Log {
  const say = (line: string) => io.err(line);
  return { warn: say, debug: verbose ? say : () => {} };
}

/** Starts the program; if that fails, ends the cable and gives the exit status. */
async function startProgram(
  program: Program,
  cable: Cable,
  io: CommandIo,
): Promise<number | undefined> {
  try {
    program.start();
    return undefined;
  } catch (error) {
    cable.stop();
    await cable.ended;
    reportError(error, io, "vdeplug --help");
    const missing = error instanceof PlugError && error.code === "ENOENT";
    return missing ? NOT_FOUND : NOT_RUNNABLE;
  }
}

async function carry(
  cable: Cable,
  program: Program | undefined,
  options: PlugArgs,
  io: CommandIo,
): Promise<number> {
  const stop = () => cable.stop();
  io.stop.addEventListener("abort", stop);
  if (io.stop.aborted) stop();
  const finishStats = showStats(cable, options, io);
  const end = await cable.ended;
  io.stop.removeEventListener("abort", stop);
  await finishStats();
  const status = await program?.end();
  io.err(describeEnd(end, io));
  if (end.reason === "failed") return ExitStatus.failure;
  if (status === undefined || end.reason === "stopped") {
    return ExitStatus.success;
  }
  if (status.code !== 0) {
    io.err(`the command ended with exit status ${status.code}`);
  }
  return status.code;
}

function describeEnd(end: CableEnd, io: CommandIo): string {
  if (end.reason === "stopped") {
    return `ended by ${io.stop.reason ?? "request"}`;
  }
  const message = end.error?.message ?? "";
  const hint = end.error instanceof PlugError && end.error.hint !== ""
    ? ` (${end.error.hint})`
    : "";
  return end.reason === "closed"
    ? `ended as ${message}${hint}`
    : `${message}${hint}`;
}
