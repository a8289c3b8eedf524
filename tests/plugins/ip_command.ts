/**
 * `ip` in the namespace of a test.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { searchPath } from "../lab/process.ts";

/** Runs `ip`, which must succeed; gives what it printed. */
export function ip(...args: string[]): string {
  return runCommand("ip", ...args);
}

/** Runs a command, which must succeed; gives what it printed. */
export function runCommand(program: string, ...args: string[]): string {
  const { code, stdout, stderr } = new Deno.Command(program, {
    args,
    env: { PATH: searchPath() },
  }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, `${program} ${args.join(" ")}: ${text(stderr)}`);
  return text(stdout);
}
