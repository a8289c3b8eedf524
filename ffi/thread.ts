/**
 * Threads of this process (gettid(2), tgkill(2)).
 *
 * @module
 */

import { libc } from "./libc.ts";

const bound = libc({
  // long number, three arguments; by number, as older C libraries have no
  // functions of these names. A result of 31 bits is enough for a thread.
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i32" },
});

const IS_ARM = Deno.build.arch === "aarch64";
const SYS_gettid = IS_ARM ? 178n : 186n;
const SYS_tgkill = IS_ARM ? 131n : 234n;

/** The kernel's number for the thread that asks. */
export function currentThread(): number {
  return bound().syscall(SYS_gettid, 0n, 0n, 0n);
}

/**
 * Whether a thread of this process is there. Numbers are given out anew, but
 * only after some ten thousands of others.
 *
 * @param thread What {@linkcode currentThread} returned in it.
 */
export function isThreadAlive(thread: number): boolean {
  // Signal 0 is none: the kernel only looks whether it could be sent.
  return bound()
    .syscall(SYS_tgkill, BigInt(Deno.pid), BigInt(thread), 0n) === 0;
}
