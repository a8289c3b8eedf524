/**
 * Our own program as a command.
 *
 * @module
 */

import { LabError } from "./errors.ts";
import { spawn } from "./process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Names an executable to test in place of this tree. */
const VARIABLE = "VDEPLUG";

/** The executable that is tested; undefined: what is in this tree. */
export function compiledVdeplug(): string | undefined {
  const file = Deno.env.get(VARIABLE);
  if (!file) return undefined;
  try {
    return Deno.realPathSync(file);
  } catch {
    throw new LabError(
      `Cannot test "${file}" (${VARIABLE}) as vdeplug: there is no such file`,
    );
  }
}

/**
 * The command line that runs `vdeplug`: the executable that `$VDEPLUG` names,
 * or else what is in this tree.
 *
 * @param args Its arguments.
 * @returns Program and arguments.
 */
export function vdeplug(...args: string[]): string[] {
  const compiled = compiledVdeplug();
  if (compiled !== undefined) return [compiled, ...args];
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
  if (compiledVdeplug() !== undefined) return;
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
