/**
 * The environment and file system of this machine, as far as plugins go.
 *
 * @module
 */

import type { ModulePlaces } from "./module_search.ts";
import { readsTypeScript, type Runtime } from "./module_url.ts";
import { EMBEDDED_ROOT } from "./own_modules.ts";

/** The runtime that this is. */
export function thisRuntime(): Runtime {
  // In the threads of a compiled program, Deno 2.4.2 says that it is none.
  const standalone = Deno.build.standalone || EMBEDDED_ROOT !== undefined;
  return { standalone, version: Deno.version.deno };
}

/** Looks at the real ones. Links are followed. */
export const SYSTEM_MODULES: ModulePlaces = {
  env: (name) => Deno.env.get(name),
  cwd: () => Deno.cwd(),
  isFile(path) {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  },
  names(folder) {
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
