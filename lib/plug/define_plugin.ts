/**
 * Where a plugin's author hears of mistakes first.
 *
 * @module
 */

import type { Plugin } from "./plugin.ts";
import { findPluginFault, SCHEME_RULE } from "./plugin_shape.ts";
import { SCHEME_PATTERN } from "./vnl.ts";

/**
 * Says that a value is a plugin: gives it back, with its type checked by
 * TypeScript and its shape at run time, for those who write JavaScript.
 *
 * @param plugin Scheme, summary, syntax and `open`.
 * @returns The same object.
 * @throws {TypeError} If something is missing or wrong; the message says what.
 *
 * @example A link on which nobody answers
 * ```ts
 * import { definePlugin, Offload, type Plugin } from "@vdeplug/vdeplug";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * export const silencePlugin: Plugin = definePlugin({
 *   scheme: "silence",
 *   summary: "Takes every frame, gives none.",
 *   syntax: { form: "slash", keys: [] },
 *   open: () => ({
 *     maxFrameBytes: 1514,
 *     fd: -1,
 *     accepts: Offload.tcp4 | Offload.tcp6 | Offload.checksum,
 *     receive: () => 0,
 *     send: (burst, from) => burst.count - from,
 *     [Symbol.dispose]() {},
 *   }),
 * });
 * // What a plugin module exports, so that `pluginModules` can name it:
 * export const plugins = { silence: () => Promise.resolve(silencePlugin) };
 *
 * assertEquals(silencePlugin.scheme, "silence");
 * assertThrows(
 *   () => definePlugin({ ...silencePlugin, scheme: "Silence!" }),
 *   TypeError,
 *   'found "Silence!"',
 * );
 * ```
 */
export function definePlugin<P extends Plugin>(plugin: P): P {
  const scheme: unknown = (plugin as Partial<Plugin> | undefined)?.scheme;
  if (typeof scheme !== "string" || !SCHEME_PATTERN.test(scheme)) {
    throw new TypeError(
      `Cannot define a plugin as its scheme is ${SCHEME_RULE}: found ${
        typeof scheme === "string" ? `"${scheme}"` : typeof scheme
      }`,
    );
  }
  const fault = findPluginFault(plugin, scheme);
  if (fault === undefined) return plugin;
  throw new TypeError(`Cannot define the plugin "${scheme}": ${fault}`);
}
