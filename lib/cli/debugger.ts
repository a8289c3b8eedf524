/**
 * Deno's own debugger, which `deno run` opens on SIGUSR1 (from 2.9.2 on; a
 * compiled program does not).
 *
 * @module
 */

import { readText } from "../../ffi/files.ts";

/** It opens within milliseconds, if it does. */
const PATIENCE_MS = 1000;
const STEP_MS = 5;

/**
 * Whether {@linkcode shutDebugger} may do so. Where it may not, SIGUSR1 must
 * not reach the runtime at all.
 */
export function mayShutDebugger(): boolean {
  return Deno.build.standalone ||
    Deno.permissions.querySync({ name: "sys" }).state === "granted";
}

/**
 * Shuts the debugger that SIGUSR1 is about to open, or has just opened: it
 * listens on the loopback interface without a password, and whoever reaches it
 * could run code as this program. To be called when the signal comes.
 *
 * @param giveUp Aborted when the program ends.
 */
export async function shutDebugger(giveUp: AbortSignal): Promise<void> {
  if (Deno.build.standalone || isWanted()) return;
  // Not at the start: it takes memory that nobody needs without the signal.
  const inspector = await import("node:inspector");
  const deadline = performance.now() + PATIENCE_MS;
  while (!giveUp.aborted && performance.now() < deadline) {
    if (inspector.url() !== undefined) {
      inspector.close();
      return;
    }
    await pause(giveUp);
  }
}

async function pause(giveUp: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, STEP_MS);
  const stop = () => resolve();
  giveUp.addEventListener("abort", stop);
  await promise;
  giveUp.removeEventListener("abort", stop);
  clearTimeout(timer);
}

/** Whether whoever started the program asked for a debugger. */
function isWanted(): boolean {
  return readText("/proc/self/cmdline").split("\0")
    .some((arg) => arg.startsWith("--inspect"));
}
