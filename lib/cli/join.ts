/**
 * What the commands do that join networks: open a cable, keep it company, and
 * say how it ended.
 *
 * @module
 */

import { isTerminal } from "../../ffi/fd.ts";
import { Cable, type CableEnd, type CableEndpoint } from "../cable/cable.ts";
import { PlugError } from "../plug/errors.ts";
import type { Log } from "../plug/plugin.ts";
import { Program, startStatus } from "../stream/program.ts";
import { type CableSettings, isAccess } from "./cable_options.ts";
import { inBackground } from "./daemon.ts";
import { Footprint } from "./footprint.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { MAIN_NAME } from "./names.ts";
import type { Ends } from "./operands.ts";
import { PidFile } from "./pid_file.ts";
import { SessionLog } from "./session_log.ts";
import { showStats, type StatsOptions } from "./stats_display.ts";
import { UsageError } from "./usage_error.ts";

const STDIN = 0;
const STDOUT = 1;
/** What standard input is called as the other end of a stream. */
const STDIN_PEER = "standard input";

/** What is to be joined, and how. */
export interface JoinOrder extends CableSettings, StatsOptions, Ends {
  /** Whether it ends without a word when it is told to, or its standard input ends. */
  readonly quiet?: boolean;
}

/** A cable in the making: what its parts need of each other. */
interface Session {
  readonly order: JoinOrder;
  readonly io: CommandIo;
  /** To be called once all is open. */
  readonly opened: () => void;
  readonly journal: SessionLog | undefined;
  readonly refuse: Refuse;
}

/** Says what is wrong; gives the exit status. */
export type Refuse = (error: unknown, io: CommandIo) => number;

/**
 * Joins two networks, or one and a stream, until something ends it.
 *
 * @param order What to join. Without a VNL, the default network.
 * @param io Where words go; aborting `io.stop` ends the cable in good order.
 * @param refuse Called with what keeps the cable from being opened.
 * @returns Exit status.
 */
export async function joinNetworks(
  order: JoinOrder,
  io: CommandIo,
  refuse: Refuse,
): Promise<number> {
  const journal = order.log ? new SessionLog(io.name ?? MAIN_NAME) : undefined;
  const run = async (io: CommandIo, opened: () => void) => {
    try {
      return await runSession({ order, io, opened, journal, refuse });
    } catch (error) {
      return refuse(error, io);
    }
  };
  if (!order.daemon) return await run(io, () => {});
  try {
    return await inBackground(io, {
      keeps: standardUse(order),
      say: journal && ((line) => journal.say(line)),
    }, run);
  } catch (error) {
    return refuse(error, io);
  }
}

/** The standard descriptors that frames pass through. */
function standardUse({ vnls, command }: Ends): number[] {
  if (vnls.length === 2 || command !== undefined) return [];
  if (!isTerminal(STDIN)) return [STDIN, STDOUT];
  throw new UsageError(
    "Cannot go on in the background with frames from and to this terminal: " +
      "a second VNL, or = COMMAND, is missing",
  );
}

function warnOfUselessAccess(
  { vnls, access: [, second] }: JoinOrder,
  io: CommandIo,
): void {
  if (!isAccess(second) || vnls.length === 2) return;
  io.err("--port2, --group2 and --mod2 have no effect: there is no second VNL");
}

async function runSession(session: Session): Promise<number> {
  const { order, io, opened, journal } = session;
  warnOfUselessAccess(order, io);
  using pidFile = order.pidFile === undefined
    ? undefined
    : new PidFile(order.pidFile);
  using _journal = journal;
  using program = order.command && new Program(order.command);
  journal?.start();
  await using footprint = new Footprint();
  const cable = await Cable.open(cableEnds(order, program, io), {
    pluginModules: [...io.pluginModules, ...order.plugins],
    description: order.description,
    log: logOf(session),
    onSource: order.ipLog ? (source) => journal?.source(source) : undefined,
  });
  try {
    program?.start();
    pidFile?.write();
  } catch (error) {
    return await abandon(error, cable, program, session);
  }
  opened();
  footprint.settle();
  return await carry(cable, program, session);
}

function cableEnds(
  { vnls, access }: JoinOrder,
  program: Program | undefined,
  io: CommandIo,
): [CableEndpoint, CableEndpoint] {
  const near: CableEndpoint = { vnl: vnls[0] ?? "", access: access[0] };
  if (program !== undefined) return [near, { stream: program.ends }];
  if (vnls.length === 2) return [near, { vnl: vnls[1], access: access[1] }];
  return [near, { stream: standardStream(io) }];
}

function standardStream(
  io: CommandIo,
): { readFd: number; writeFd: number; peer: string } {
  if (isTerminal(STDIN)) {
    io.err(
      "frames come from and go to this terminal: a second VNL, or = COMMAND, is missing?",
    );
  }
  return { readFd: STDIN, writeFd: STDOUT, peer: STDIN_PEER };
}

function logOf({ order, io }: Session): Log {
  const say = (line: string) => io.err(line);
  const isVerbose = order.verbose || io.verbose === true;
  return { warn: say, debug: isVerbose ? say : () => {} };
}

/** Ends a cable that cannot be used after all; gives the exit status. */
async function abandon(
  error: unknown,
  cable: Cable,
  program: Program | undefined,
  { io, refuse }: Session,
): Promise<number> {
  cable.stop();
  await cable.ended;
  const isStarted = program !== undefined && program.pid !== 0;
  await program?.end();
  const status = refuse(error, io);
  return program === undefined || isStarted ? status : startStatus(error);
}

async function carry(
  cable: Cable,
  program: Program | undefined,
  { order, io }: Session,
): Promise<number> {
  const stop = () => cable.stop();
  io.stop.addEventListener("abort", stop);
  if (io.stop.aborted) stop();
  const finishStats = showStats(cable, order, io);
  const end = await cable.ended;
  io.stop.removeEventListener("abort", stop);
  await finishStats();
  const status = await program?.end();
  // The same signal may have ended the other side first: a program of our group.
  const isStopped = end.reason === "stopped" || io.stop.aborted;
  if (!order.quiet || !isExpected(end)) io.err(describeEnd(end, io));
  if (end.reason === "failed" && !isStopped) return ExitStatus.failure;
  if (status === undefined || isStopped) return ExitStatus.success;
  if (status.code !== 0) {
    io.err(`the command ended with exit status ${status.code}`);
  }
  return status.code;
}

/** Whether whoever runs this has ended it. */
function isExpected({ reason, error }: CableEnd): boolean {
  return reason === "stopped" ||
    (reason === "closed" && error?.message.startsWith(STDIN_PEER) === true);
}

function describeEnd(end: CableEnd, io: CommandIo): string {
  if (end.reason === "stopped" || io.stop.aborted) {
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
