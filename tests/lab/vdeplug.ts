/**
 * Our own program as a command.
 *
 * @module
 */

import { LabError } from "./errors.ts";
import { spawn } from "./process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * The command line that runs `vdeplug` from this tree.
 *
 * @param args Its arguments.
 * @returns Program and arguments.
 */
export function vdeplug(...args: string[]): string[] {
  const options = [
    "--quiet",
    "--allow-all",
    "--no-prompt",
    "--config",
    `${ROOT}deno.json`,
  ];
  return [Deno.execPath(), "run", ...options, `${ROOT}cli.ts`, ...args];
}

/**
 * Fetches what {@linkcode vdeplug} depends on: in a namespace it could not.
 *
 * @throws {LabError} If that fails.
 */
export async function prepareVdeplug(): Promise<void> {
  const config = ["--config", `${ROOT}deno.json`];
  await using process = spawn([
    Deno.execPath(),
    "cache",
    "--quiet",
    ...config,
    `${ROOT}cli.ts`,
  ]);
  const { code } = await process.exited;
  if (code !== 0) {
    throw new LabError(
      `Cannot fetch what "${ROOT}cli.ts" depends on: ${process.report()}`,
    );
  }
}
