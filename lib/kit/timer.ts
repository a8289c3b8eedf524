/**
 * A clock for plugs by others: a timer of the kernel whose delays are checked.
 *
 * @module
 */

import { TimerFd } from "../../ffi/timer_fd.ts";
import type { Timer } from "../plug/kit.ts";
import { misuse } from "../plug/fault.ts";
import { orPlugError } from "./plug_error.ts";

/** Longest delay, in milliseconds: about seven weeks. */
const MAX_DELAY_MS = 2 ** 32 - 1;

/** What is shorter counts as this: to the kernel, 0 is no time, but none at all. */
const MIN_DELAY_MS = 1;

/** Makes one; see `PluginKit.timer`. */
export function makeTimer(): Timer {
  return orPlugError(() => new CheckedTimer());
}

class CheckedTimer implements Timer {
  readonly fd: number;
  readonly #timer = new TimerFd();

  constructor() {
    this.fd = this.#timer.fd;
  }

  set(delayMs: number): void {
    // NaN is none of these, either; nor is a text that looks like a number.
    const isDelay = typeof delayMs === "number" && delayMs >= 0 &&
      delayMs <= MAX_DELAY_MS;
    if (!isDelay) throw misuse(noDelay(delayMs));
    this.#timer.set(Math.max(delayMs, MIN_DELAY_MS));
  }

  clear(): void {
    this.#timer.clear();
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}

function noDelay(received: unknown): RangeError {
  return new RangeError(
    `Cannot set a timer as its delay must be 0 to ${MAX_DELAY_MS} ` +
      `milliseconds: received ${Deno.inspect(received)}`,
  );
}
