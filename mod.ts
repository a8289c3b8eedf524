/**
 * vdeplug joins virtual machines, containers, namespaces and hosts to one
 * virtual Ethernet.
 *
 * A network is named by a Virtual Network Locator (VNL), such as `vxvde://` or
 * `tap://mytap`.
 *
 * - {@linkcode open} opens one and gives a {@linkcode Connection}, through
 *   which a program receives and sends frames itself.
 * - {@linkcode join} joins two with a {@linkcode Cable}, on a thread of its
 *   own, which is the fast way.
 * - {@linkcode definePlugin} makes a scheme of your own out of a few functions.
 * - {@linkcode openPlug} opens the bare {@linkcode Plug} that stands below:
 *   bursts in, bursts out, no waiting.
 *
 * A scheme that no module has is looked for among the native plugins of
 * libvdeplug, `libvdeplug_NAME.so`. They are foreign code in this process: a
 * crash in one cannot be caught, and ends the process.
 *
 * Needs Linux on x86-64 or arm64, and the permissions `--allow-ffi`,
 * `--allow-read` (to load the plugins) and `--allow-env`; single plugs need
 * more. Importing this module alone needs none, and opens nothing.
 *
 * What goes wrong is told in three ways. A caller's own fault is a `TypeError`,
 * `RangeError` or `SyntaxError`; a world that does not play along is a
 * {@linkcode PlugError}, with the kernel's name for the fault; frames that
 * cannot be passed on are dropped and counted, see {@linkcode Counters}.
 *
 * @example Receive a frame, change it, send it
 * ```ts
 * import { open } from "@vdeplug/vdeplug";
 *
 * await using network = await open("probe://192.0.2.1");
 * await network.send(arpQuestion([192, 0, 2, 1]));
 * for await (const frame of network) {
 *   const sender = frame.slice(6, 12);
 *   frame.copyWithin(6, 0, 6); // who received it sends it now,
 *   frame.set(sender, 0); // back to where it came from
 *   await network.send(frame);
 *   break; // one will do
 * }
 *
 * function arpQuestion(address: number[]): Uint8Array {
 *   const frame = new Uint8Array(42).fill(0xff, 0, 6); // to everybody
 *   frame.set([2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1], 6);
 *   frame.set([2, 0, 0, 0, 0, 9, 192, 0, 2, 9], 22);
 *   frame.set(address, 38);
 *   return frame;
 * }
 * ```
 *
 * @example Put an interface on the LAN's distributed switch
 * ```ts ignore
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
import { PLUGIN_KIT } from "./lib/kit/mod.ts";
import { THIS_MACHINE } from "./lib/machine/mod.ts";
import type { Connection } from "./lib/connection/connection.ts";
import { openConnection } from "./lib/connection/open.ts";
import { unlessAborted } from "./lib/plug/abort.ts";
import { Counters } from "./lib/plug/counters.ts";
import type {
  Access,
  Log,
  OpenRequest,
  Plug,
  Plugin,
} from "./lib/plug/plugin.ts";
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
} from "./lib/cable/cable.ts";
export type { FrameSource } from "./lib/cable/messages.ts";
export { Connection } from "./lib/connection/connection.ts";
export type {
  BurstsOptions,
  ConnectionCounters,
  ConnectionParts,
  ReceiveOptions,
} from "./lib/connection/connection.ts";
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
  AnyOf,
  FrameLink,
  PluginKit,
  SendResult,
  Timer,
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
  TextKind,
  Vnl,
  VnlKey,
  VnlSyntax,
} from "./lib/plug/vnl.ts";

const SILENT: Log = { warn: () => {}, debug: () => {} };

/** What may be said about a connection, a plug or a cable. */
export interface JoinOptions {
  /** Absolute URLs of further plugin modules (`import.meta.resolve("./mine.ts")`): each exports a plugin, `plugin`, or a table of them, `plugins`. */
  readonly pluginModules?: readonly string[];
  /** Text for the peers' listings, at most 127 bytes of UTF-8; "vdeplug:" if absent. */
  readonly description?: string;
  /** Lines about what happens; absent: nobody is told. */
  readonly log?: Log;
  /**
   * Gives up opening, which is rejected with its reason, and leaves nothing
   * behind. Later it stops a cable; a bare plug stays open.
   */
  readonly signal?: AbortSignal;
}

/** How a connection is opened. */
export interface ConnectionOptions extends JoinOptions {
  /** Port, group and mode asked for beside the VNL, of plugs that have such a thing. */
  readonly access?: Access;
  /**
   * Gives up opening; later, closes the connection, and whatever waits is
   * rejected with its reason.
   */
  readonly signal?: AbortSignal;
}

/**
 * Opens one end of a network, to receive and send frames oneself.
 *
 * @param vnl Which network, e.g. `vxvde://239.1.2.3`.
 * @param options May be left out: plugins beside the built-in ones,
 * description, log, access, signal.
 * @returns The connection: the caller's to close, best with `await using`.
 * @throws {TypeError | RangeError | SyntaxError} If the VNL is at fault.
 * @throws {PlugError} If the plug cannot be opened. Nothing stays behind.
 * @throws The reason of the signal, if it was aborted.
 *
 * @example A network on which nobody answers, until time is up
 * ```ts
 * import { open } from "@vdeplug/vdeplug";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const signal = AbortSignal.timeout(50);
 * await using network = await open("null://", { signal });
 * await network.send(new Uint8Array(60));
 * await assertRejects(() => network.receive(), DOMException);
 * assertEquals(network.counters.sent.snapshot().frames, 1);
 * ```
 */
export async function open(
  vnl: string,
  options?: ConnectionOptions,
): Promise<Connection> {
  checkVnl("open", vnl);
  return await openConnection(vnl, {
    ...options,
    pluginModules: modules(options),
  });
}

/**
 * Opens one plug, to move bursts oneself: whoever drives it waits for its
 * descriptors by poll(2). Most programs want {@linkcode open}, which does.
 * Arguments of its methods are not checked: an index to send from lies below
 * the burst's count.
 *
 * @param vnl Which network, e.g. `vxvde://239.1.2.3`.
 * @param options May be left out: plugins beside the built-in ones,
 * description, log, counters, signal.
 * @returns The plug: the caller's to dispose.
 * @throws {TypeError | RangeError | SyntaxError} If the VNL is at fault.
 * @throws {PlugError} If the plug cannot be opened.
 * @throws The reason of the signal, if it was aborted meanwhile.
 *
 * @example One burst
 * ```ts
 * import { Burst, openPlug } from "@vdeplug/vdeplug";
 * import { assertEquals } from "@std/assert";
 *
 * using plug = await openPlug("null://");
 * const burst = new Burst();
 * burst.push(new Uint8Array(60));
 * assertEquals(plug.send(burst, 0), 1);
 * assertEquals(plug.receive(burst), 0);
 * ```
 */
export async function openPlug(
  vnl: string,
  options?: JoinOptions & Partial<OpenRequest>,
): Promise<Plug> {
  checkVnl("open", vnl);
  options ??= {};
  const { signal } = options;
  signal?.throwIfAborted();
  const registry = new Registry(modules(options), THIS_MACHINE);
  const opening = registry.open(vnl, {
    description: options.description ?? "vdeplug:",
    kit: PLUGIN_KIT,
    log: options.log ?? SILENT,
    receiveCounters: options.receiveCounters ?? new Counters(),
    sendCounters: options.sendCounters ?? new Counters(),
    access: options.access,
  });
  try {
    return await unlessAborted(opening, signal);
  } catch (error) {
    // A plug that comes all the same is nobody's: nor is what ails it.
    opening.then((plug) => plug[Symbol.dispose]()).catch(() => {});
    throw error;
  }
}

/**
 * Joins two networks with a cable.
 *
 * @param first One network.
 * @param second The other.
 * @param options May be left out: plugins beside the built-in ones,
 * description, log, signal.
 * @returns The cable; stop it with `stop()`, and await `ended`.
 * @throws {TypeError | RangeError | SyntaxError} If a VNL is at fault.
 * @throws {PlugError} If a plug cannot be opened. Nothing stays behind.
 * @throws The reason of the signal, if it was aborted.
 *
 * @example
 * ```ts
 * import { join } from "@vdeplug/vdeplug";
 * import { assertEquals } from "@std/assert";
 *
 * const cable = await join("probe://192.0.2.1", "null://");
 * cable.stop();
 * assertEquals(await cable.ended, { reason: "stopped" });
 * ```
 */
export async function join(
  first: string,
  second: string,
  options?: JoinOptions,
): Promise<Cable> {
  for (const vnl of [first, second]) checkVnl("join", vnl);
  options ??= {};
  const { signal } = options;
  signal?.throwIfAborted();
  const pluginModules = modules(options);
  // A module may have a plugin of the same scheme for the thread.
  const registry = new Registry(pluginModules);
  const refusing = refuseRegistered(
    [first, second],
    (scheme) => registry.isInModule(scheme),
  );
  await unlessAborted(refusing, signal);
  const cable: CableOptions = { ...options, pluginModules };
  return await Cable.open([{ vnl: first }, { vnl: second }], cable);
}

/**
 * Adds a plugin for this program, beside the built-in ones.
 *
 * A plugin that is an object serves {@linkcode open} and {@linkcode openPlug}:
 * a cable has a thread of its own, which objects of this one cannot reach. The
 * URL of a module that exports it (`new URL("./mine.ts", import.meta.url)`)
 * serves {@linkcode join}, too. A module is imported once a scheme is asked for
 * that none before it has: the built-in ones come first, and what ails a module
 * keeps nobody from their schemes.
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

function modules({ pluginModules = [] }: JoinOptions = {}): string[] {
  return [
    import.meta.resolve("./plugins/mod.ts"),
    ...registeredModules(),
    ...pluginModules.map(checkModule),
  ];
}

/** An argument of the command line that is missing must not name the default switch. */
function checkVnl(verb: string, vnl: unknown): void {
  if (typeof vnl === "string") return;
  throw new TypeError(
    `Cannot ${verb} "${vnl}" as a VNL is a string: received ${kindOf(vnl)}`,
  );
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

/** What is relative would be so to this library. */
function checkModule(module: unknown): string {
  const url = String(module);
  if (URL.canParse(url)) return url;
  throw new TypeError(
    `Cannot load plugins from "${url}" as pluginModules has absolute URLs, ` +
      `such as import.meta.resolve(${JSON.stringify(url)}): received ${
        typeof module === "string" ? "another text" : kindOf(module)
      }`,
  );
}
