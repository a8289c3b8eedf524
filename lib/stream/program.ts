/**
 * A program at the far end of a link: frames in the stream form on its
 * standard input and output.
 *
 * @module
 */

import { closeFd, growPipe, pipe } from "../../ffi/fd.ts";
import { SystemError } from "../../ffi/libc.ts";
import { type ExitStatus, pollExit, spawnProgram } from "../../ffi/spawn.ts";
import type { StreamEnds } from "../cable/stream_plug.ts";
import { PlugError } from "../plug/errors.ts";
import {
  awaitEnd,
  awaitEndSync,
  seeEndSync,
  SIGKILL,
  SIGTERM,
  TERM_PATIENCE_MS,
} from "./ending.ts";

/** A pipe holds so many bytes, where this user may ask for it. */
const PIPE_BYTES = 1 << 20;

/** What shells answer for a program that does not start. */
const StartStatus = {
  /** It may not be run. */
  notRunnable: 126,
  /** There is none of that name. */
  notFound: 127,
} as const;

/** How long a program may take to end by itself once its input is closed. */
const CLOSE_PATIENCE_MS = 500;

/** A program that is to be started, with pipes to it. */
export class Program implements Disposable {
  /** Our ends of its pipes: they become a stream plug's. */
  readonly ends: StreamEnds;
  readonly #argv: readonly string[];
  readonly #theirs: readonly [readFd: number, writeFd: number];
  #theirsOpen = true;
  #pid = 0;
  #status: ExitStatus | undefined;

  /**
   * Makes the pipes; starts nothing yet.
   *
   * @param argv Name, found along PATH, and arguments.
   * @throws {SystemError} If there are no descriptors left.
   */
  constructor(argv: readonly string[]) {
    this.#argv = argv;
    const [theirInput, ourOutput] = pipe();
    let output: [number, number];
    try {
      output = pipe();
    } catch (error) {
      for (const fd of [theirInput, ourOutput]) closeFd(fd);
      throw error;
    }
    const [ourInput, theirOutput] = output;
    for (const fd of [ourOutput, theirOutput]) growPipe(fd, PIPE_BYTES);
    this.ends = {
      readFd: ourInput,
      writeFd: ourOutput,
      peer: `command "${argv[0]}"`,
    };
    this.#theirs = [theirInput, theirOutput];
  }

  /** Its process id; 0 before it is started. */
  get pid(): number {
    return this.#pid;
  }

  /**
   * Starts it.
   *
   * @throws {PlugError} If there is no such program, or it may not be run.
   */
  start(): void {
    const [input, output] = this.#theirs;
    try {
      this.#pid = spawnProgram(this.#argv, [[input, 0], [output, 1]]);
    } catch (error) {
      throw startError(error);
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** How it ended; undefined while it runs, or is not started. */
  status(): ExitStatus | undefined {
    if (this.#pid === 0) return undefined;
    return this.#status ??= pollExit(this.#pid);
  }

  /**
   * Waits for its end, and hastens it if it takes long. Its input is closed by now.
   *
   * @returns How it ended; undefined if it was never started.
   */
  async end(): Promise<ExitStatus | undefined> {
    if (this.#pid === 0) return undefined;
    return this.#status ??= await awaitEnd(this.#pid, [
      { patienceMs: CLOSE_PATIENCE_MS, signal: SIGTERM },
      { patienceMs: TERM_PATIENCE_MS, signal: SIGKILL },
    ]);
  }

  /**
   * The same, at once, and blocks this thread.
   *
   * @param patienceMs How long it may take to end by itself.
   */
  endNow(patienceMs: number): ExitStatus | undefined {
    if (this.#pid === 0) return undefined;
    return this.#status ??= awaitEndSync(this.#pid, [
      { patienceMs, signal: SIGTERM },
      { patienceMs: TERM_PATIENCE_MS, signal: SIGKILL },
    ]);
  }

  /**
   * Waits for an end that is near; blocks this thread, sends nothing.
   *
   * @param patienceMs For how long.
   * @returns How it ended; undefined if it still runs.
   */
  endSoon(patienceMs: number): ExitStatus | undefined {
    if (this.#pid === 0) return undefined;
    return this.#status ??= seeEndSync(this.#pid, patienceMs);
  }

  /** Closes the program's own ends of the pipes. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#theirsOpen) return;
    this.#theirsOpen = false;
    for (const fd of this.#theirs) closeFd(fd);
  }
}

/**
 * The error of a program that did not start.
 *
 * @param cause What starting it threw.
 * @returns A {@linkcode PlugError} for the kernel's refusals; anything else as it is.
 */
export function startError(cause: unknown): unknown {
  if (!(cause instanceof SystemError)) return cause;
  const { code, message } = cause;
  const hint = code === "ENOENT" ? "no such program along PATH" : undefined;
  return new PlugError(message, { code, hint, cause });
}

/** The exit status that tells of an error of {@linkcode startError}. */
export function startStatus(error: unknown): number {
  const isMissing = error instanceof PlugError && error.code === "ENOENT";
  return isMissing ? StartStatus.notFound : StartStatus.notRunnable;
}
