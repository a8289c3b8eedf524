/**
 * Plugins that a program has registered for itself, beside the built-in ones.
 *
 * @module
 */

import { definePlugin } from "./define_plugin.ts";
import type { Plugin } from "./plugin.ts";
import { splitScheme } from "./vnl.ts";

const objects = new Map<string, Plugin>();
const urls = new Set<string>();

/**
 * Remembers a plugin, or the module of some.
 *
 * @param builtIn Schemes that cannot be had.
 * @throws {TypeError} If it is no plugin, or its scheme is taken.
 */
export function registerPlugin(
  plugin: Plugin | URL | string,
  builtIn: readonly string[],
): void {
  if (plugin instanceof URL || typeof plugin === "string") {
    // Anything but a whole URL throws: it would be relative to nothing.
    urls.add(new URL(plugin).href);
    return;
  }
  const { scheme } = definePlugin(plugin);
  const isTaken = objects.has(scheme) && objects.get(scheme) !== plugin;
  if (isTaken || builtIn.includes(scheme)) {
    throw new TypeError(
      `Cannot register the plugin "${scheme}": there is one of that scheme already`,
    );
  }
  objects.set(scheme, plugin);
}

/** The registered plugins. */
export function registeredPlugins(): readonly Plugin[] {
  return [...objects.values()];
}

/** URLs of the registered modules. */
export function registeredModules(): readonly string[] {
  return [...urls];
}

/**
 * Refuses VNLs of plugins that are objects of this thread.
 *
 * @param hasModule Whether a module has the scheme: then its plugin counts.
 * @throws {TypeError} With what to do instead.
 */
export async function refuseRegistered(
  vnls: readonly string[],
  hasModule: (scheme: string) => Promise<boolean>,
): Promise<void> {
  for (const vnl of vnls) {
    const scheme = splitScheme(vnl)?.scheme ?? "";
    if (!objects.has(scheme) || await hasModule(scheme)) continue;
    throw new TypeError(
      `Cannot join "${vnl}" as a cable has a thread of its own, which the ` +
        `plugin "${scheme}", registered as an object of this one, cannot ` +
        `reach: register the URL of the module that exports it instead`,
    );
  }
}
