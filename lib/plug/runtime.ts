/**
 * The runtime that this is.
 *
 * @module
 */

import type { Runtime } from "./module_url.ts";
import { EMBEDDED_ROOT } from "./own_modules.ts";

/** Whether this is a compiled program, and of which Deno. */
export function thisRuntime(): Runtime {
  // In the threads of a compiled program, Deno 2.4.2 says that it is none.
  const standalone = Deno.build.standalone || EMBEDDED_ROOT !== undefined;
  return { standalone, version: Deno.version.deno };
}
