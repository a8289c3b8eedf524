/**
 * What the author of a plugin imports: types, and {@linkcode definePlugin}.
 *
 * A plugin is a file `vdeplug_NAME.ts` (or `.js`) that exports one object,
 * `plugin`. It is found in the folders of `$VDEPLUG_PLUGIN_PATH`, or in
 * `~/.config/vdeplug/plugins`, when somebody says `NAME://`; or it is named
 * with `--plugin FILE`. `vdeplug plugins new NAME` writes one to begin with.
 *
 * A file that imports types alone works in the compiled program, too, where no
 * package is at hand: all that its plugs are built with is in `options.kit`.
 *
 * @example A plugin
 * ```ts no-eval
 * import type { Plugin } from "@vdeplug/vdeplug/plugin";
 *
 * export const plugin: Plugin = {
 *   scheme: "mine",
 *   summary: "Frames between two local sockets.",
 *   syntax: { form: "bracket", address: "PATH", keys: [] },
 *   open(vnl, options) {
 *     const { kit } = options;
 *     const socket = kit.localSocket(vnl.address, `${vnl.address}.peer`);
 *     return kit.framePlug(socket, options);
 *   },
 * };
 * ```
 *
 * @module
 */

export type { Arena } from "../net/arena.ts";
export type { Burst } from "../net/burst.ts";
export type { Counter, CounterName, Counters } from "../plug/counters.ts";
export type { LinkEnd, PlugError, PlugErrorOptions } from "../plug/errors.ts";
export type { FrameLink, PluginKit, SendResult, WakeUp } from "../plug/kit.ts";
export type {
  Access,
  Log,
  OpenOptions,
  Plug,
  Plugin,
  PluginTable,
} from "../plug/plugin.ts";
export { definePlugin } from "../plug/define_plugin.ts";
export type {
  FlagKey,
  KeyBase,
  NumberKey,
  TextKey,
  TextKind,
  Vnl,
  VnlKey,
  VnlSyntax,
} from "../plug/vnl.ts";
