/**
 * Signals that the runtime must not see (signal.h).
 *
 * @module
 */

import { libc } from "./libc.ts";

/** `SIGUSR1` of x86-64 and arm64. */
export const SIGUSR1 = 10;
const SIG_IGN = 1n;

const bound = libc({
  signal: { parameters: ["i32", "pointer"], result: "pointer" }, // int, handler
});

/**
 * Lets nothing happen at a signal, whatever the runtime or the program has
 * asked for before. Programs that are started from here on with `spawnProgram`
 * or `becomeProgram` are not concerned in the case of {@linkcode SIGUSR1}.
 */
export function ignoreSignal(signal: number): void {
  bound().signal(signal, Deno.UnsafePointer.create(SIG_IGN));
}
