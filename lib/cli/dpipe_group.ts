/**
 * The commands of a `dpipe`, started with pipes straight between them, and how
 * they end.
 *
 * @module
 */

import { closeFd, pipe } from "../../ffi/fd.ts";
import { inForeground } from "../../ffi/process_group.ts";
import {
  becomeProgram,
  checkProgram,
  type Descriptors,
  type ExitStatus,
  freeDescriptors,
  killProcess,
  spawnProgram,
  waitForExit,
} from "../../ffi/spawn.ts";
import {
  awaitEnd,
  SIGKILL,
  SIGTERM,
  TERM_PATIENCE_MS,
} from "../stream/ending.ts";
import type { PipePlan, PlannedCommand } from "./dpipe_plan.ts";

const STDIN = 0;
const STDOUT = 1;
/** Alternate descriptors have the lowest free numbers from here on. */
const FIRST_ALTERNATE = 3;

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGTERM,
};
const SIGCONT = 18;

/** How long the other commands may take to end once the last one has. */
const OTHERS_PATIENCE_MS = 2000;

/** Running commands. */
export class CommandGroup implements Disposable {
  readonly #plan: PipePlan;
  readonly #pipes: (readonly [readFd: number, writeFd: number])[] = [];
  readonly #alternates = freeDescriptors(FIRST_ALTERNATE, 2);
  readonly #pids: number[] = [];
  /** Those that were not waited for: their numbers are nobody else's. */
  readonly #running = new Set<number>();

  /**
   * Makes the pipes; starts nothing yet.
   *
   * @throws {SystemError} If there are not enough descriptors.
   */
  constructor(plan: PipePlan) {
    this.#plan = plan;
    try {
      while (this.#pipes.length < plan.pipes) this.#pipes.push(pipe());
    } catch (error) {
      this.#closePipes();
      throw error;
    }
  }

  /**
   * Starts the first commands, from left to right.
   *
   * @param count How many.
   * @throws {SystemError} If one does not start. Those before it run.
   */
  start(count: number): void {
    for (const command of this.#plan.commands.slice(0, count)) {
      const pid = spawnProgram(command.argv, this.#descriptorsOf(command), {
        environment: this.#environment(),
      });
      this.#pids.push(pid);
      this.#running.add(pid);
    }
    if (count === this.#plan.commands.length) this.#closePipes();
  }

  /**
   * Puts the last command in the place of this process.
   *
   * @throws {SystemError} If it does not start.
   */
  becomeLast(): never {
    const last = this.#last;
    becomeProgram(last.argv, this.#descriptorsOf(last), this.#environment());
  }

  /**
   * Sees whether the last command is there to be started.
   *
   * @throws {SystemError} If it is not.
   */
  checkLast(): void {
    checkProgram(this.#last.argv[0]);
  }

  get #last(): PlannedCommand {
    return this.#plan.commands[this.#plan.commands.length - 1];
  }

  #environment(): Record<string, string> {
    const [input, output] = this.#alternates;
    return { ALTERNATE_STDIN: `${input}`, ALTERNATE_STDOUT: `${output}` };
  }

  #descriptorsOf({ input, output, alternate }: PlannedCommand): Descriptors {
    const standard = [
      [this.#pipes[input][0], STDIN],
      [this.#pipes[output][1], STDOUT],
    ] as const;
    if (alternate === undefined) return standard;
    return [
      ...standard,
      [this.#pipes[alternate.input][0], this.#alternates[0]],
      [this.#pipes[alternate.output][1], this.#alternates[1]],
    ];
  }

  /**
   * Waits until all have ended. Told to stop, passes the signal on to the last
   * command, and ends the others after it.
   *
   * @returns How the last one ended.
   */
  async ended(stop: AbortSignal): Promise<ExitStatus> {
    // The last one first, should there be more of them than threads to wait on.
    const ends = this.#pids.toReversed().map((pid) => this.#waitFor(pid));
    const all = Promise.all(ends);
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    const onStop = () => resolve();
    stop.addEventListener("abort", onStop);
    if (stop.aborted) resolve();
    await Promise.race([all, stopped]);
    stop.removeEventListener("abort", onStop);
    if (stop.aborted) {
      this.#passOn(String(stop.reason));
      await within(ends[0], TERM_PATIENCE_MS);
      this.#tell(SIGTERM);
      await within(all, OTHERS_PATIENCE_MS);
      this.#tell(SIGKILL);
    }
    await all;
    return await ends[0];
  }

  async #waitFor(pid: number): Promise<ExitStatus> {
    const status = await waitForExit(pid);
    this.#running.delete(pid);
    return status;
  }

  #passOn(signal: string): void {
    // What is typed at the terminal has gone to all of the group already.
    if (signal === "SIGINT" && inForeground()) return;
    const last = this.#pids[this.#pids.length - 1];
    if (!this.#running.has(last)) return;
    killProcess(last, SIGNALS[signal] ?? SIGTERM);
    killProcess(last, SIGCONT);
  }

  /** Sends a signal to all that are left. */
  #tell(signal: number): void {
    for (const pid of this.#running) {
      killProcess(pid, signal);
      killProcess(pid, SIGCONT);
    }
  }

  /** Ends what was started, after the start of another one failed. */
  async abandon(): Promise<void> {
    this.#closePipes();
    await Promise.all(Array.from(this.#running, async (pid) => {
      await awaitEnd(pid, [
        { patienceMs: 0, signal: SIGTERM },
        { patienceMs: OTHERS_PATIENCE_MS, signal: SIGKILL },
      ]);
      this.#running.delete(pid);
    }));
  }

  #closePipes(): void {
    for (const fd of this.#pipes.flat()) closeFd(fd);
    this.#pipes.length = 0;
  }

  /** Kills what is left: there is no time to wait. */
  [Symbol.dispose](): void {
    this.#closePipes();
    this.#tell(SIGKILL);
  }
}

/** Waits for a promise, but not for ever. */
async function within(
  promise: Promise<unknown>,
  timeMs: number,
): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeMs);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
