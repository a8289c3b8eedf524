/**
 * Opens what a VNL names, as a connection.
 *
 * @module
 */

import { PLUGIN_KIT } from "../kit/mod.ts";
import { unlessAborted } from "../plug/abort.ts";
import { Counters } from "../plug/counters.ts";
import type { Access, Log, OpenParts, Plug } from "../plug/plugin.ts";
import { THIS_MACHINE } from "../machine/mod.ts";
import { Registry } from "../plug/registry.ts";
import { Connection, type ConnectionCounters } from "./connection.ts";

const SILENT: Log = { warn: () => {}, debug: () => {} };

/** How a connection is opened. */
export interface OpenConnectionOptions {
  /** URLs of modules that export `plugins`: where schemes are looked up, in this order. */
  readonly pluginModules: readonly string[];
  /** Text for the peers' listings, at most 127 bytes of UTF-8; "vdeplug:" if absent. */
  readonly description?: string;
  /** Lines about what happens; absent: nobody is told. */
  readonly log?: Log;
  /** Port, group and mode asked for beside the VNL. */
  readonly access?: Access;
  /** Gives up opening, and closes the connection later. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a connection.
 *
 * @param vnl Which network.
 * @param options Plugin modules, description, log, access, signal.
 * @returns The caller's to close.
 * @throws {TypeError | RangeError | SyntaxError} If the VNL is at fault.
 * @throws {PlugError} If the plug cannot be opened.
 * @throws The reason of the signal.
 */
export async function openConnection(
  vnl: string,
  options: OpenConnectionOptions,
): Promise<Connection> {
  const { signal } = options;
  signal?.throwIfAborted();
  const counters = { received: new Counters(), sent: new Counters() };
  const opening = openPlug(vnl, options, counters);
  try {
    const plug = await unlessAborted(opening, signal);
    // The signal may have come when the plug was open, but not at hand yet.
    signal?.throwIfAborted();
    return new Connection(plug, { vnl, counters, signal });
  } catch (error) {
    // A plug that comes all the same is nobody's: nor is what ails it.
    opening.then((plug) => plug[Symbol.dispose]()).catch(() => {});
    throw error;
  }
}

async function openPlug(
  vnl: string,
  options: OpenConnectionOptions,
  counters: ConnectionCounters,
): Promise<Plug> {
  const registry = new Registry(options.pluginModules, THIS_MACHINE);
  const open: OpenParts = {
    description: options.description ?? "vdeplug:",
    kit: PLUGIN_KIT,
    log: options.log ?? SILENT,
    receiveCounters: counters.received,
    sendCounters: counters.sent,
    access: options.access,
  };
  return await registry.open(vnl, open);
}
