/**
 * The command `dpipe`: runs other commands with pipes straight between them,
 * one for each direction. Nothing passes through this process, which only
 * waits for their end, or becomes the last of them.
 *
 * @module
 */

import { leadProcessGroup } from "../../ffi/process_group.ts";
import { startError, startStatus } from "../stream/program.ts";
import { inBackground } from "./daemon.ts";
import { ProcessFiles } from "./dpipe_files.ts";
import { CommandGroup } from "./dpipe_group.ts";
import { type DpipeOptions, readDpipeOptions } from "./dpipe_options.ts";
import { type PipePlan, planPipes } from "./dpipe_plan.ts";
import { commandHelp } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { reportError } from "./report.ts";

/**
 * Runs `dpipe [OPTIONS] COMMAND = COMMAND [= COMMAND]…`. This process becomes
 * the leader of a process group, to which all commands belong.
 *
 * @param args The command line.
 * @param io Where words go; aborting `io.stop` ends the commands.
 * @returns Exit status: the last command's. Does not return where the last
 * command takes the place of this process.
 */
export async function dpipe(
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  try {
    const options = readDpipeOptions(args);
    if (options.help) {
      io.out(await commandHelp("dpipe"));
      return ExitStatus.success;
    }
    const plan = planPipes(options.words);
    const go = (io: CommandIo, opened: () => void) =>
      run({ plan, options, io, opened });
    return options.daemon
      ? await inBackground(io, { keeps: [] }, go)
      : await go(io, () => {});
  } catch (error) {
    return refuse(error, io);
  }
}

/** What is to be done, and for whom. */
interface Task {
  readonly plan: PipePlan;
  readonly options: DpipeOptions;
  readonly io: CommandIo;
  /** Called once all commands run. */
  readonly opened: () => void;
}

/** Runs the commands to their end; tells what goes wrong to the one whom it concerns. */
async function run(task: Task): Promise<number> {
  try {
    leadProcessGroup();
    using files = new ProcessFiles(task.options);
    using group = new CommandGroup(task.plan);
    return await runGroup(task, group, files);
  } catch (error) {
    return refuse(error, task.io);
  }
}

async function runGroup(
  task: Task,
  group: CommandGroup,
  files: ProcessFiles,
): Promise<number> {
  // Should this process end in haste, the commands and files do not stay.
  const leave = () => {
    group[Symbol.dispose]();
    files[Symbol.dispose]();
  };
  addEventListener("unload", leave);
  try {
    const refusal = await start(task, group, files);
    if (refusal !== undefined) return refusal;
    task.opened();
    return (await group.ended(task.io.stop)).code;
  } finally {
    removeEventListener("unload", leave);
  }
}

/** Starts the commands; if that fails, ends those that run and gives the exit status. */
async function start(
  { plan, options, io, opened }: Task,
  group: CommandGroup,
  files: ProcessFiles,
): Promise<number | undefined> {
  const { length } = plan.commands;
  try {
    group.start(options.inPlace ? length - 1 : length);
    if (!options.inPlace) return undefined;
    // Whoever waits to hear of a failure hears nothing of this process later.
    group.checkLast();
    if (!options.keepFiles) files.removeLater();
    opened();
    group.becomeLast();
  } catch (error) {
    await group.abandon();
    const refusal = startError(error);
    refuse(refusal, io);
    return startStatus(refusal);
  }
}

function refuse(error: unknown, io: CommandIo): number {
  const help = `${io.invocation ?? "dpipe"} --help`;
  return reportError(startError(error), io, help);
}
