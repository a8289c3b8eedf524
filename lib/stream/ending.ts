/**
 * The end of a program that this process started: it is waited for, and
 * hastened if it takes long. The steps are the same for a thread that may
 * block and for one that must not.
 *
 * @module
 */

import { PollSet } from "../../ffi/poll.ts";
import { type ExitStatus, killProcess, pollExit } from "../../ffi/spawn.ts";

export const SIGKILL = 9;
export const SIGTERM = 15;
const SIGCONT = 18;

/** A signal that is sent once a program has been given some time. */
export interface Reminder {
  /** How long to wait before. */
  readonly patienceMs: number;
  readonly signal: number;
}

/** How long a program may take to end after SIGTERM. */
export const TERM_PATIENCE_MS = 5000;

/** After SIGKILL only the kernel itself can hold a program up. */
const KILL_PATIENCE_MS = 2000;

/** Time between two looks: from the first to the second value, twice as long each time. */
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 20;

/**
 * Waits for the end; never blocks.
 *
 * @param pid A child that was not waited for yet.
 * @param reminders In their order; SIGKILL last ends what pays no heed.
 * @returns How it ended; undefined if it is still there.
 */
export async function awaitEnd(
  pid: number,
  reminders: readonly Reminder[],
): Promise<ExitStatus | undefined> {
  const steps = endSteps(pid, reminders);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await new Promise((resolve) => setTimeout(resolve, value));
  }
}

/** The same, but blocks this thread. */
export function awaitEndSync(
  pid: number,
  reminders: readonly Reminder[],
): ExitStatus | undefined {
  return block(endSteps(pid, reminders));
}

/**
 * Waits for an end that is near, sends nothing, and blocks this thread.
 *
 * @param pid A child that was not waited for yet.
 * @returns How it ended; undefined if it is still there.
 */
export function seeEndSync(
  pid: number,
  patienceMs: number,
): ExitStatus | undefined {
  return block(look(pid, patienceMs));
}

/** Goes through steps that give the time to wait before the next one. */
function block<T>(steps: Generator<number, T>): T {
  const nothing = new PollSet(1);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    nothing.wait(value);
  }
}

/** Gives the time to wait before the next step. */
function* endSteps(
  pid: number,
  reminders: readonly Reminder[],
): Generator<number, ExitStatus | undefined> {
  for (const { patienceMs, signal } of reminders) {
    const status = yield* look(pid, patienceMs);
    if (status !== undefined) return status;
    killProcess(pid, signal);
    // A stopped program ends only once it goes on.
    killProcess(pid, SIGCONT);
  }
  return yield* look(pid, KILL_PATIENCE_MS);
}

function* look(
  pid: number,
  patienceMs: number,
): Generator<number, ExitStatus | undefined> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = FIRST_LOOK_MS;; pauseMs *= 2) {
    const status = pollExit(pid);
    if (status !== undefined) return status;
    const leftMs = Math.ceil(deadline - performance.now());
    if (leftMs <= 0) return undefined;
    yield Math.min(pauseMs, LAST_LOOK_MS, leftMs);
  }
}
