/**
 * Going on in the background.
 *
 * A runtime with threads cannot fork. So this program starts itself anew, with
 * the same command line, in a session of its own. The new process does all the
 * work; it tells the old one, through a pipe, what a person should read, and
 * when all is open. Then the old process ends with status 0; if the new one
 * ends before that, the old one ends with its status.
 *
 * The folder stays the current one, so that relative paths keep their meaning;
 * every descriptor that was inherited stays open.
 *
 * @module
 */

import { removeVariable, variable } from "../../ffi/environment.ts";
import { EPIPE } from "../../ffi/errno.ts";
import {
  closeFd,
  O_RDWR,
  openFile,
  pipe,
  readBytes,
  writeBytes,
} from "../../ffi/fd.ts";
import { readText } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import { requireFfi } from "../../ffi/permission.ts";
import { waitReadable } from "../../ffi/poll.ts";
import { keepToOurselves } from "../../ffi/session.ts";
import {
  freeDescriptors,
  killProcess,
  spawnProgram,
  waitForExit,
} from "../../ffi/spawn.ts";
import { SOCK_SEQPACKET, socketType } from "../../ffi/unix_socket.ts";
import { PlugError } from "../plug/errors.ts";
import { type CommandIo, ExitStatus } from "./io.ts";

/** Tells the new process the number of its end of the pipe. */
const VARIABLE = "VDEPLUG_BACKGROUND";

const FIRST_FREE_FD = 3;
/** A socket of packets among them is a VNL's. */
const STANDARD_FDS = [0, 1, 2];
const SIGTERM = 15;
const FOREVER = -1;

/** This program, as it was started. */
export interface Self {
  /** The file that the kernel runs. */
  readonly file: string;
  /** Its command line, with the name that it was called by. */
  readonly argv: readonly string[];
  /** The pipe to whoever started it in the background; undefined: nobody did. */
  readonly reportFd: number | undefined;
}

/** What the new process says. */
type Report = { readonly say: string } | { readonly open: true };

/** How a command goes to the background. */
export interface BackgroundOptions {
  /** Those of standard input and output that frames pass through. The others are `/dev/null`. */
  readonly keeps: readonly number[];
  /** Where its lines go once nobody is there to read them; absent: nowhere. */
  readonly say?: (line: string) => void;
}

/**
 * Finds out how this program was started. To be called once, before anything
 * else is started: what it finds is nobody else's.
 */
export function thisProgram(): Self {
  const argv = readText("/proc/self/cmdline").split("\0");
  argv.pop();
  const fd = Number(variable(VARIABLE) ?? NaN);
  removeVariable(VARIABLE);
  const isReport = Number.isInteger(fd) && fd >= FIRST_FREE_FD &&
    keepToOurselves(fd);
  return {
    file: Deno.execPath(),
    argv,
    reportFd: isReport ? fd : undefined,
  };
}

/**
 * Runs a command in the background.
 *
 * @param io Of this process; its `self` says which of the two it is.
 * @param options What it keeps of the foreground.
 * @param run Called in the new process only; calls `opened` once all is open,
 * so that whoever started it may go.
 * @returns Exit status.
 * @throws {PlugError} If the new process cannot be started.
 */
export async function inBackground(
  io: CommandIo,
  options: BackgroundOptions,
  run: (io: CommandIo, opened: () => void) => Promise<number>,
): Promise<number> {
  const { self } = io;
  if (self === undefined) {
    requireFfi();
    throw new PlugError(
      "Cannot go on in the background: this is no process of its own",
    );
  }
  if (self.reportFd === undefined) return await launch(self, options, io);
  using reporter = new Reporter(self.reportFd);
  const say = (line: string) =>
    reporter.isHeard ? reporter.say(line) : options.say?.(line);
  try {
    return await run(
      { ...io, err: say, out: say, data: say },
      () => reporter.open(),
    );
  } catch (error) {
    // Standard error leads nowhere here, and a fault of ours must be seen.
    say(error instanceof Error ? error.stack ?? error.message : String(error));
    throw error;
  }
}

/** The new process's end of the pipe. */
class Reporter implements Disposable {
  readonly #fd: number;
  #isHeard = true;

  /** @param fd Becomes the reporter's. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Whether there is still somebody to tell. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  say(line: string): void {
    this.#write({ say: line });
  }

  open(): void {
    if (this.#isHeard) this.#write({ open: true });
    this[Symbol.dispose]();
  }

  #write(report: Report): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(report)}\n`);
    try {
      writeBytes(this.#fd, bytes);
    } catch (error) {
      // Whoever started this has been killed: it goes on all the same.
      const isGone = error instanceof SystemError && error.errno === EPIPE;
      if (!isGone) throw error;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#isHeard) return;
    this.#isHeard = false;
    closeFd(this.#fd);
  }
}

async function launch(
  self: Self,
  options: BackgroundOptions,
  io: CommandIo,
): Promise<number> {
  const [readFd, writeFd] = pipe();
  using closing = new DisposableStack();
  closing.defer(() => closeFd(readFd));
  let pid: number;
  try {
    pid = startAgain(self, options, writeFd);
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    throw new PlugError(
      `Cannot go on in the background: ${cause.message}`,
      { code: cause.code, cause },
    );
  } finally {
    closeFd(writeFd);
  }
  const stop = () => killProcess(pid, SIGTERM);
  io.stop.addEventListener("abort", stop);
  let said = 0;
  try {
    for await (const report of reports(readFd)) {
      if ("open" in report) return ExitStatus.success;
      io.err(report.say);
      said++;
    }
  } finally {
    io.stop.removeEventListener("abort", stop);
  }
  const { code } = await waitForExit(pid);
  if (said === 0) {
    io.err(
      `Cannot go on in the background: the process ended with status ${code}`,
    );
  }
  return code;
}

/**
 * Starts this program again, in a session of its own; gives its process id.
 * It lets go of the terminal from the start: the runtime keeps copies of the
 * standard descriptors, which nobody can close later.
 */
function startAgain(
  { file, argv }: Self,
  { keeps }: BackgroundOptions,
  reportFd: number,
): number {
  const [theirs] = freeDescriptors(FIRST_FREE_FD, 1);
  const nothing = openFile("/dev/null", O_RDWR);
  try {
    const unused = STANDARD_FDS.filter((fd) =>
      !keeps.includes(fd) && socketType(fd) !== SOCK_SEQPACKET
    );
    return spawnProgram(
      argv,
      [[reportFd, theirs], ...unused.map((fd) => [nothing, fd] as const)],
      {
        file,
        session: true,
        environment: { [VARIABLE]: String(theirs) },
      },
    );
  } finally {
    closeFd(nothing);
  }
}

async function* reports(fd: number): AsyncGenerator<Report> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(4096);
  let text = "";
  for (;;) {
    if (!await waitReadable([fd], FOREVER)) continue;
    const n = readBytes(fd, bytes);
    if (n === 0) return;
    const lines =
      (text + decoder.decode(bytes.subarray(0, n), { stream: true }))
        .split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}
