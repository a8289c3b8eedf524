/**
 * A program at the far end of a cable: frames in the stream form on its
 * standard input and output.
 *
 * @module
 */

import { closeFd, growPipe, pipe } from "../../ffi/fd.ts";
import { SystemError } from "../../ffi/libc.ts";
import {
  type ExitStatus,
  killProcess,
  spawnProgram,
  waitForExit,
} from "../../ffi/spawn.ts";
import type { StreamEnds } from "../cable/stream_plug.ts";
import { PlugError } from "../plug/errors.ts";

const SIGKILL = 9;
const SIGTERM = 15;

/** A pipe holds so many bytes, where this user may ask for it. */
const PIPE_BYTES = 1 << 20;

/** How long a program may take to end by itself once its input is closed, and after SIGTERM. */
const CLOSE_PATIENCE_MS = 500;
const TERM_PATIENCE_MS = 5000;

/** A program that is to be started once the other end of the cable is open. */
export class Program implements Disposable {
  /** Our ends of its pipes: they become the cable's. */
  readonly ends: StreamEnds;
  readonly #argv: readonly string[];
  readonly #theirs: readonly [readFd: number, writeFd: number];
  #theirsOpen = true;
  #pid = 0;
  #exited: Promise<ExitStatus> | undefined;

  /**
   * Makes the pipes; starts nothing yet.
   *
   * @param argv Name, found along PATH, and arguments.
   */
  constructor(argv: readonly string[]) {
    this.#argv = argv;
    const [theirInput, ourOutput] = pipe();
    const [ourInput, theirOutput] = pipe();
    for (const fd of [ourOutput, theirOutput]) growPipe(fd, PIPE_BYTES);
    this.ends = {
      readFd: ourInput,
      writeFd: ourOutput,
      peer: `command "${argv[0]}"`,
    };
    this.#theirs = [theirInput, theirOutput];
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
    } catch (cause) {
      if (!(cause instanceof SystemError)) throw cause;
      const hint = cause.code === "ENOENT"
        ? "no such program along PATH"
        : undefined;
      throw new PlugError(cause.message, { code: cause.code, hint, cause });
    } finally {
      this[Symbol.dispose]();
    }
    this.#exited = waitForExit(this.#pid);
  }

  /** Waits for its end, and hastens it if it takes long. Its input is closed by now. */
  async end(): Promise<ExitStatus | undefined> {
    if (this.#exited === undefined) return undefined;
    const patience = [[CLOSE_PATIENCE_MS, SIGTERM], [
      TERM_PATIENCE_MS,
      SIGKILL,
    ]];
    for (const [waitMs, signal] of patience) {
      const status = await within(this.#exited, waitMs);
      if (status !== undefined) return status;
      killProcess(this.#pid, signal);
    }
    return await this.#exited;
  }

  /** Closes the program's own ends of the pipes. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#theirsOpen) return;
    this.#theirsOpen = false;
    for (const fd of this.#theirs) closeFd(fd);
  }
}

async function within<T>(
  promise: Promise<T>,
  waitMs: number,
): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), waitMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
