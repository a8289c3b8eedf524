/**
 * vdeplug joins virtual machines, containers, namespaces and hosts to one
 * virtual Ethernet.
 *
 * A network is named by a Virtual Network Locator (VNL), such as `vxvde://` or
 * `tap://mytap`. {@linkcode join} joins two of them with a cable on a thread of
 * its own; {@linkcode openPlug} opens one, for a program that wants the frames
 * itself.
 *
 * Needs Linux on x86-64 or arm64, and the permissions `--allow-ffi`,
 * `--allow-read` (to load the plugins) and `--allow-env`.
 *
 * @example Put an interface on the LAN's distributed switch
 * ```ts no-eval
 * import { join } from "@vdeplug/vdeplug";
 *
 * const cable = await join("vxvde://", "tap://mytap");
 * const { reason } = await cable.ended;
 * console.log(`the cable was ${reason}`);
 * ```
 *
 * @module
 */

import { Cable, type CableOptions } from "./lib/cable/cable.ts";
import { Counters } from "./lib/plug/counters.ts";
import type { Log, OpenOptions, Plug, Plugin } from "./lib/plug/plugin.ts";
import {
  refuseRegistered,
  registeredModules,
  registerPlugin,
} from "./lib/plug/registered.ts";
import { Registry } from "./lib/plug/registry.ts";
// Its place in a compiled executable comes from here: it is loaded by its URL.
import { plugins as builtIn } from "./plugins/mod.ts";

export { Cable } from "./lib/cable/cable.ts";
export type {
  CableEnd,
  CableEndpoint,
  CableOptions,
  FrameSource,
} from "./lib/cable/cable.ts";
export type { StreamEnds } from "./lib/cable/stream_plug.ts";
export type { Arena } from "./lib/net/arena.ts";
export { Burst } from "./lib/net/burst.ts";
export { Counter, Counters, DROP_REASONS } from "./lib/plug/counters.ts";
export type { CounterName } from "./lib/plug/counters.ts";
export { definePlugin } from "./lib/plug/define_plugin.ts";
export { LinkEnd, PlugError } from "./lib/plug/errors.ts";
export type { PlugErrorOptions } from "./lib/plug/errors.ts";
export { MIN_BURST_FRAMES, Offload } from "./lib/plug/plugin.ts";
export type {
  FrameLink,
  PluginKit,
  SendResult,
  WakeUp,
} from "./lib/plug/kit.ts";
export type {
  PlugStatus,
  PortStatus,
  StationStatus,
} from "./lib/plug/status.ts";
export type {
  Access,
  Log,
  OpenOptions,
  OpenRequest,
  Plug,
  Plugin,
  PluginTable,
} from "./lib/plug/plugin.ts";
export type {
  FlagKey,
  KeyBase,
  NumberKey,
  TextKey,
  Vnl,
  VnlKey,
  VnlSyntax,
} from "./lib/plug/vnl.ts";

const SILENT: Log = { warn: () => {}, debug: () => {} };

/** What may be said about a plug or a cable. */
export interface JoinOptions {
  /** URLs of further plugin modules: each exports a plugin, `plugin`, or a table of them, `plugins`. */
  readonly pluginModules?: readonly string[];
  /** Text for the peers' listings, at most 127 bytes of UTF-8; "vdeplug:" if absent. */
  readonly description?: string;
  /** Lines about what happens; absent: nobody is told. */
  readonly log?: Log;
}

/**
 * Opens one plug, to receive and send frames oneself.
 *
 * @param vnl Which network, e.g. `vxvde://239.1.2.3`.
 * @param options Plugins beside the built-in ones, description, log, counters.
 * @returns The plug: the caller's to dispose.
 * @throws {TypeError | RangeError | SyntaxError} If the VNL is at fault.
 * @throws {PlugError} If the plug cannot be opened.
 */
export async function openPlug(
  vnl: string,
  options: JoinOptions & Partial<OpenOptions> = {},
): Promise<Plug> {
  const registry = await Registry.load(modules(options));
  return await registry.open(vnl, {
    description: options.description ?? "vdeplug:",
    log: options.log ?? SILENT,
    receiveCounters: options.receiveCounters ?? new Counters(),
    sendCounters: options.sendCounters ?? new Counters(),
  });
}

/**
 * Joins two networks with a cable.
 *
 * @param first One network.
 * @param second The other.
 * @param options Plugins beside the built-in ones, description, log.
 * @returns The cable; stop it with `stop()`, and await `ended`.
 * @throws {TypeError | RangeError | SyntaxError} If a VNL is at fault.
 * @throws {PlugError} If a plug cannot be opened. Nothing stays behind.
 */
export async function join(
  first: string,
  second: string,
  options: JoinOptions = {},
): Promise<Cable> {
  // Further modules may have a plugin of the same scheme for the thread.
  if (modules(options).length === 1) refuseRegistered([first, second]);
  const cable: CableOptions = { ...options, pluginModules: modules(options) };
  return await Cable.open([{ vnl: first }, { vnl: second }], cable);
}

/**
 * Adds a plugin for this program, beside the built-in ones.
 *
 * A plugin that is an object serves {@linkcode openPlug} alone: a cable has a
 * thread of its own, which objects of this one cannot reach. The URL of a
 * module that exports it (`new URL("./mine.ts", import.meta.url)`) serves
 * {@linkcode join}, too.
 *
 * @example A plugin in a file beside this one
 * ```ts no-eval
 * import { register } from "@vdeplug/vdeplug";
 *
 * register(new URL("./vdeplug_mine.ts", import.meta.url));
 * ```
 *
 * @param plugin The plugin, or the absolute URL of its module. The same one
 * again is harmless.
 * @throws {TypeError} If it is no plugin, there is one of its scheme already,
 * or the URL is not absolute.
 */
export function register(plugin: Plugin | URL | string): void {
  registerPlugin(plugin, Object.keys(builtIn));
}

function modules(options: JoinOptions): string[] {
  return [
    import.meta.resolve("./plugins/mod.ts"),
    ...registeredModules(),
    ...options.pluginModules ?? [],
  ];
}
