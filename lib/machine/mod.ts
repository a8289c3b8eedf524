/**
 * This machine, as far as networks and their plugins are looked for on it: what
 * a `Registry` is given that opens plugs. The registry itself knows no file.
 *
 * @module
 */

import { NATIVE_PLUGINS } from "../native/native_plugins.ts";
import type { Machine } from "../plug/registry.ts";
import { SYSTEM_MODULES } from "./modules.ts";
import { SYSTEM_PLACES } from "./places.ts";

/** Looks at the real files, through the C library: it takes no other permission. */
export const THIS_MACHINE: Machine = {
  finder: NATIVE_PLUGINS,
  modules: SYSTEM_MODULES,
  places: SYSTEM_PLACES,
};
