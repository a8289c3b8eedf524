/**
 * A clock that wakes whoever waits for a descriptor (timerfd_create(2)).
 *
 * @module
 */

import { closeFd, O_CLOEXEC, O_NONBLOCK } from "./fd.ts";
import { check, libc } from "./libc.ts";

const CLOCK_MONOTONIC = 1;
const MS_PER_SECOND = 1000;
const NS_PER_MS = 1_000_000;

const bound = libc({
  timerfd_create: { parameters: ["i32", "i32"], result: "i32" }, // clockid_t, int flags
  timerfd_settime: {
    // fd, int flags, const struct itimerspec *new, struct itimerspec *old
    parameters: ["i32", "i32", "buffer", "pointer"],
    result: "i32",
  },
});

/** `struct itimerspec`: interval and value, each i64 seconds and i64 nanoseconds. */
const VALUE_SECONDS = 4;
const VALUE_NANOSECONDS = 6;

/** Readable once a time has passed. */
export class TimerFd implements Disposable {
  /** For poll(2): readable from the end of the time until the next `set` or `clear`. */
  readonly fd: number;
  readonly #time = new Uint32Array(8);
  #open = true;

  /** @throws {SystemError} If there are no descriptors left. */
  constructor() {
    this.fd = check(
      bound().timerfd_create(CLOCK_MONOTONIC, O_CLOEXEC | O_NONBLOCK),
      "make a timer",
    );
  }

  /**
   * Begins a time anew.
   *
   * @param delayMs At least 1, below 2^32.
   */
  set(delayMs: number): void {
    const seconds = Math.floor(delayMs / MS_PER_SECOND);
    this.#settle(seconds, (delayMs - seconds * MS_PER_SECOND) * NS_PER_MS);
  }

  /** Makes it unreadable until the next `set`. */
  clear(): void {
    this.#settle(0, 0);
  }

  #settle(seconds: number, nanoseconds: number): void {
    if (!this.#open) return;
    this.#time[VALUE_SECONDS] = seconds;
    this.#time[VALUE_NANOSECONDS] = nanoseconds;
    bound().timerfd_settime(this.fd, 0, this.#time, null);
  }

  /** Closes it. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }
}
