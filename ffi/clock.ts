/**
 * A clock that only goes forward (clock_gettime(2)).
 *
 * @module
 */

import { libc } from "./libc.ts";

/** Ticks every few milliseconds; costs no system call. */
const CLOCK_MONOTONIC_COARSE = 6;

const bound = libc({
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" }, // clockid_t, struct timespec *
});

/** `struct timespec`: i64 seconds, i64 nanoseconds; the low halves are at 0 and 2. */
const timespec = new Uint32Array(4);

/**
 * Milliseconds since some moment before this process began; never set back.
 * Accurate to a few milliseconds. Allocates nothing.
 */
export function monotonicMs(): number {
  bound().clock_gettime(CLOCK_MONOTONIC_COARSE, timespec);
  return timespec[0] * 1000 + timespec[2] / 1_000_000;
}
