/**
 * The environment and file system of this machine, as far as plugins go.
 *
 * @module
 */

import { mayReadVariable, requireReading } from "./denial.ts";
import type { ModulePlaces } from "./module_search.ts";
import { readsTypeScript, type Runtime } from "./module_url.ts";
import { EMBEDDED_ROOT } from "./own_modules.ts";

/** The runtime that this is. */
export function thisRuntime(): Runtime {
  // In the threads of a compiled program, Deno 2.4.2 says that it is none.
  const standalone = Deno.build.standalone || EMBEDDED_ROOT !== undefined;
  return { standalone, version: Deno.version.deno };
}

const ATTEMPT = "look for the user's own plugins";

/**
 * Looks at the real ones. Links are followed. A folder that Deno does not let
 * us see is a `PlugError` that tells how to; without the permission to read a
 * variable, there is none that names a folder.
 */
export const SYSTEM_MODULES: ModulePlaces = {
  env: (name) => mayReadVariable(name) ? Deno.env.get(name) : undefined,
  cwd: () => Deno.cwd(),
  isFile(path) {
    requireReading(ATTEMPT, path);
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  },
  names(folder) {
    requireReading(ATTEMPT, folder);
    try {
      return Array.from(Deno.readDirSync(folder), ({ name }) => name);
    } catch {
      return [];
    }
  },
  get extensions() {
    // Where it cannot be read, TypeScript comes last, for the error that says so.
    return readsTypeScript(thisRuntime()) ? ["ts", "js"] : ["js", "ts"];
  },
};
