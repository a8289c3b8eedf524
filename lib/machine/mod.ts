/**
 * This machine, as far as networks and their plugins are looked for on it: what
 * a `Registry` is given that opens plugs. The registry itself knows no file.
 *
 * @module
 */

import type { Machine, PluginFinder } from "../plug/registry.ts";
import { SYSTEM_MODULES } from "./modules.ts";
import { SYSTEM_PLACES } from "./places.ts";

/** Native plugins, whose code takes 3.5 MB of each cable's thread: for those alone that ask for one. */
const NATIVE_WHEN_ASKED: PluginFinder = {
  find: async (scheme) => await (await nativePlugins()).find(scheme),
  describePlaces: async (scheme) =>
    await (await nativePlugins()).describePlaces(scheme),
};

async function nativePlugins(): Promise<PluginFinder> {
  const { NATIVE_PLUGINS } = await import("../native/native_plugins.ts");
  return NATIVE_PLUGINS;
}

/** Looks at the real files, through the C library: it takes no other permission. */
export const THIS_MACHINE: Machine = {
  finder: NATIVE_WHEN_ASKED,
  modules: SYSTEM_MODULES,
  places: SYSTEM_PLACES,
};
