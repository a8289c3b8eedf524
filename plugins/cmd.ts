/**
 * `cmd://` plugs: a program, with frames in the stream form on its standard
 * input and output. Its standard error, process group and terminal are this
 * process's, so that `ssh` can ask for a password.
 *
 * A program that ends closes both pipes, but frames that it wrote before may
 * still be in one of them. So the end of its input is no news: what is sent
 * then is dropped. The link ends once its output is read to the end; or, where
 * somebody else holds that open (a program that it left in the background),
 * once the program has ended and nothing more waits.
 *
 * @module
 */

import { closeFd } from "../ffi/fd.ts";
import { EpollSet } from "../ffi/epoll.ts";
import { SystemError } from "../ffi/libc.ts";
import { type ExitStatus, openExitFd } from "../ffi/spawn.ts";
import { StreamPlug } from "../lib/cable/stream_plug.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../lib/net/burst.ts";
import { Counter, type Counters } from "../lib/plug/counters.ts";
import { LinkEnd, PlugError } from "../lib/plug/errors.ts";
import type { OpenOptions, Plug, Plugin } from "../lib/plug/plugin.ts";
import { splitShellWords } from "../lib/plug/shell_words.ts";
import type { Vnl } from "../lib/plug/vnl.ts";
import { Program } from "../lib/stream/program.ts";

/** How long a program may take to end after it closed its output, before it is told to. */
const END_PATIENCE_MS = 500;

/** Opens `cmd://` plugs. */
export const cmdPlugin: Plugin = {
  scheme: "cmd",
  summary:
    "A program that speaks the stream form on its standard input and output.",
  description: [
    "The program has frames on its standard input and output, each behind " +
    "its length, as vde_plug and dpipe have them. Its standard error and " +
    "terminal are those of vdeplug, so that ssh can ask for a password.",
    "The link ends when the program does, and is a failure if that " +
    "failed. When the link is closed first, the program is told to end " +
    "with SIGTERM.",
  ],
  syntax: {
    form: "raw",
    address: "COMMAND LINE",
    addressSummary:
      "program and arguments; quotes and backslashes as in a shell",
    keys: [],
    examples: [
      {
        vnl: "cmd://ssh host.example vde_plug",
        summary: "a network of another machine",
      },
      {
        vnl: "cmd://sh -c 'tee log | vde_plug vde:///tmp/sw'",
        summary: "more than one program, by way of a shell",
      },
    ],
  },
  open(vnl, options) {
    const words = readWords(vnl);
    try {
      return new CommandPlug(words, options);
    } catch (error) {
      throw openError(vnl, error);
    }
  },
};

function readWords(vnl: Vnl): string[] {
  const words = splitShellWords(vnl.address);
  if (words.length > 0 && words[0] !== "") return words;
  throw new TypeError(
    `Cannot open "${vnl.text}" as cmd needs a program and its arguments: received ${
      words.length === 0 ? "none" : "a program without a name"
    }`,
  );
}

function openError(vnl: Vnl, cause: unknown): unknown {
  if (!(cause instanceof PlugError || cause instanceof SystemError)) {
    return cause;
  }
  const { code, message } = cause;
  const hint = cause instanceof PlugError ? cause.hint : undefined;
  return new PlugError(`Cannot open "${vnl.text}": ${message}`, {
    code,
    hint,
    cause,
  });
}

/** A running program. */
class CommandPlug implements Plug {
  readonly maxFrameBytes: number;
  readonly accepts: number;
  readonly writeFd: number;
  /** Readable when there are frames, and when the program has ended. */
  readonly fd: number;
  readonly #program: Program;
  readonly #stream: StreamPlug;
  readonly #sendCounters: Counters;
  /** What `dispose` undoes, the last first. */
  readonly #undo = new DisposableStack();
  /** The program reads no more. */
  #deaf = false;
  /** What ended the link: told again whenever it is asked. */
  #end: PlugError | undefined;

  /** @throws {PlugError | SystemError} If it cannot be started; nothing is left behind then. */
  constructor(words: readonly string[], options: OpenOptions) {
    this.#sendCounters = options.sendCounters;
    try {
      // Pipes are closed first, which ends most programs by itself.
      this.#program = this.#undo.adopt(
        new Program(words),
        (program) => {
          program.endNow(0);
          program[Symbol.dispose]();
        },
      );
      this.#stream = this.#undo.use(
        new StreamPlug(this.#program.ends, options),
      );
      this.#program.start();
      this.fd = this.#watch();
    } catch (error) {
      this.#undo.dispose();
      throw error;
    }
    this.maxFrameBytes = this.#stream.maxFrameBytes;
    this.accepts = this.#stream.accepts;
    this.writeFd = this.#stream.writeFd;
    options.log.debug(
      `${this.#program.ends.peer} runs as process ${this.#program.pid}`,
    );
  }

  /** One descriptor for the program's output and its end, where the kernel tells of the latter. */
  #watch(): number {
    const exitFd = openExitFd(this.#program.pid);
    if (exitFd < 0) return this.#stream.fd;
    this.#undo.defer(() => closeFd(exitFd));
    const both = this.#undo.use(new EpollSet());
    both.add(this.#stream.fd);
    both.add(exitFd);
    return both.fd;
  }

  receive(burst: Burst): number {
    if (this.#end !== undefined) throw this.#end;
    try {
      const frames = this.#stream.receive(burst);
      if (frames > 0 || this.#program.status() === undefined) return frames;
      // What it wrote last may have come between the two questions.
      const last = this.#stream.receive(burst);
      if (last > 0 || burst.room(FRAME_SLOT_BYTES) < 1) return last;
    } catch (error) {
      if (!(error instanceof LinkEnd)) throw error;
    }
    throw this.#end = this.#tellEnd();
  }

  /** Why the link ended: the program's exit status says it, if there is one. */
  #tellEnd(): PlugError {
    const { peer } = this.#program.ends;
    const status = this.#program.endSoon(END_PATIENCE_MS);
    if (status === undefined) return new LinkEnd(`${peer} closed the stream`);
    return status.code === 0
      ? new LinkEnd(`${peer} ended with exit status 0`)
      : new PlugError(`Cannot go on with ${peer}: ${describeExit(status)}`);
  }

  send(burst: Burst, from: number): number {
    if (!this.#deaf) {
      try {
        return this.#stream.send(burst, from);
      } catch (error) {
        if (!(error instanceof LinkEnd)) throw error;
        this.#deaf = true;
      }
    }
    const frames = burst.count - from;
    this.#sendCounters.add(Counter.down, frames);
    return frames;
  }

  [Symbol.dispose](): void {
    this.#undo.dispose();
  }
}

function describeExit({ code, signal }: ExitStatus): string {
  return signal === 0
    ? `it ended with exit status ${code}`
    : `signal ${signal} ended it (exit status ${code})`;
}
