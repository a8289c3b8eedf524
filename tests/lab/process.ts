/**
 * A command that runs while a test goes on: what it prints is collected, and
 * a test waits for a line of it rather than for some time to pass.
 *
 * @module
 */

import { LabError } from "./errors.ts";

/** How long a lab waits for anything before it gives up: far above what a slow machine needs. */
export const PATIENCE_MS = 30_000;

/** What a {@linkcode LabProcess} is started with. */
export interface SpawnOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder to run in. */
  readonly cwd?: string;
  /** Whether `write` and `closeInput` work; without it, standard input is empty. */
  readonly input?: boolean;
}

/** Text that a stream has given so far. */
class Transcript {
  text = "";
  ended = false;
  readonly done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>, changed: () => void) {
    this.done = this.#collect(stream, changed);
  }

  async #collect(
    stream: ReadableStream<Uint8Array>,
    changed: () => void,
  ): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.text += decoder.decode(chunk, { stream: true });
      changed();
    }
    this.text += decoder.decode();
    this.ended = true;
    changed();
  }

  /** What is there in whole lines: a line that still grows could match too early. */
  complete(): string {
    return this.ended
      ? this.text
      : this.text.slice(0, this.text.lastIndexOf("\n") + 1);
  }
}

/** A command started by {@linkcode spawn}. Disposing kills it. */
export class LabProcess implements AsyncDisposable {
  /** Its process id; `nsenter` and `unshare` have become the command itself. */
  readonly pid: number;
  /** Settles when it has ended and all it printed is collected. */
  readonly exited: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Transcript;
  readonly #stderr: Transcript;
  readonly #watchers = new Set<() => void>();
  #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #status: Deno.CommandStatus | undefined;

  /** @param title What to call it in errors. */
  constructor(
    readonly title: string,
    child: Deno.ChildProcess,
    input: boolean,
  ) {
    this.pid = child.pid;
    this.#child = child;
    const changed = () => this.#watchers.forEach((watch) => watch());
    this.#stdout = new Transcript(child.stdout, changed);
    this.#stderr = new Transcript(child.stderr, changed);
    if (input) this.#input = child.stdin.getWriter();
    this.exited = this.#wait(changed);
  }

  /** What it has written to standard output. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** What it has written to standard error. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** How it ended; undefined while it runs. */
  get status(): Deno.CommandStatus | undefined {
    return this.#status;
  }

  /**
   * Waits until a line of standard output or standard error matches.
   *
   * @param pattern Tried on whole lines only, all of them at once.
   * @param timeoutMs When to give up.
   * @returns The first match.
   * @throws {LabError} If time is up, or it ended without.
   */
  waitFor(
    pattern: RegExp,
    timeoutMs: number = PATIENCE_MS,
  ): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(undefined, `after ${timeoutMs} ms`),
        timeoutMs,
      );
      const settle = (match: RegExpMatchArray | undefined, problem: string) => {
        clearTimeout(timer);
        this.#watchers.delete(watch);
        if (match) return resolve(match);
        reject(
          new LabError(
            `Cannot find ${pattern} in "${this.title}" ${problem}:\n${this.report()}`,
          ),
        );
      };
      const watch = () => {
        const match = this.#stdout.complete().match(pattern) ??
          this.#stderr.complete().match(pattern);
        if (match) settle(match, "");
        else if (this.#status) settle(undefined, "before it ended");
      };
      this.#watchers.add(watch);
      watch();
    });
  }

  /** Writes to standard input. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#requireInput().write(bytes);
  }

  /** Ends standard input. */
  async closeInput(): Promise<void> {
    const input = this.#requireInput();
    this.#input = undefined;
    await input.close();
  }

  /**
   * Sends a signal and waits for the end; kills what does not end in time.
   *
   * @returns How it ended, also if it had ended before.
   */
  async terminate(
    signal: Deno.Signal = "SIGTERM",
    timeoutMs: number = PATIENCE_MS,
  ): Promise<Deno.CommandStatus> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal("SIGKILL"), timeoutMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal; nothing happens if it has ended. */
  signal(signal: Deno.Signal): void {
    if (this.#status) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It ended by itself between the question and the signal.
      if (
        !(error instanceof TypeError || error instanceof Deno.errors.NotFound)
      ) throw error;
    }
  }

  /** Status and output, for error texts. */
  report(): string {
    const state = this.#status
      ? `ended with ${this.#status.signal ?? `status ${this.#status.code}`}`
      : "still runs";
    return `${state}\nstdout: ${this.stdout.trimEnd()}\nstderr: ${this.stderr.trimEnd()}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate("SIGKILL");
  }

  async #wait(changed: () => void): Promise<Deno.CommandStatus> {
    const [status] = await Promise.all([
      this.#child.status,
      this.#stdout.done,
      this.#stderr.done,
    ]);
    this.#status = status;
    // A reader that is gone makes closing fail, which is no news any more.
    await this.#input?.close().catch(() => {});
    this.#input = undefined;
    changed();
    return status;
  }

  #requireInput(): WritableStreamDefaultWriter<Uint8Array> {
    if (this.#input) return this.#input;
    throw new LabError(
      `Cannot write to "${this.title}": its standard input is not open`,
    );
  }
}

/**
 * Starts a command.
 *
 * @param command Program and arguments.
 * @throws {LabError} If there is no such program.
 */
export function spawn(
  command: readonly string[],
  options: SpawnOptions = {},
): LabProcess {
  const [program, ...args] = command;
  const settings: Deno.CommandOptions = {
    args,
    cwd: options.cwd,
    env: { PATH: searchPath(), ...options.env },
    stdin: options.input ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  };
  try {
    const child = new Deno.Command(program, settings).spawn();
    return new LabProcess(command.join(" "), child, options.input ?? false);
  } catch (error) {
    throw new LabError(`Cannot run "${program}": ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** `PATH`, and where Debian keeps `ip`, `tcpdump` and their like from ordinary users. */
export function searchPath(): string {
  const path = Deno.env.get("PATH") ?? "/usr/local/bin:/usr/bin:/bin";
  return `${path}:/usr/sbin:/sbin`;
}
