/**
 * The environment and file system of this machine, as far as the user's own
 * plugins go.
 *
 * @module
 */

import { variable } from "../../ffi/environment.ts";
import { PlugError } from "../plug/errors.ts";
import { describeFileError } from "../plug/file_error.ts";
import type { ModulePlaces } from "../plug/module_search.ts";
import { readsTypeScript } from "../plug/module_url.ts";
import { thisRuntime } from "../plug/runtime.ts";
import { isFile, namesOrNone } from "./look.ts";

/** The current folder. @throws {PlugError} If it has been removed. */
export function currentFolder(): string {
  try {
    return Deno.cwd();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new PlugError(
      `Cannot find the current folder: ${describeFileError(cause)}`,
      { hint: "go to a folder that exists, or name files from / on", cause },
    );
  }
}

/** Looks at the real ones, through the C library: it takes no other permission. Links are followed. */
export const SYSTEM_MODULES: ModulePlaces = {
  env: variable,
  cwd: currentFolder,
  isFile,
  names: namesOrNone,
  get extensions() {
    // Where it cannot be read, TypeScript comes last, for the error that says so.
    return readsTypeScript(thisRuntime()) ? ["ts", "js"] : ["js", "ts"];
  },
};
