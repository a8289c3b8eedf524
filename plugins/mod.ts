/**
 * The built-in plugins: one line a scheme. The specifiers are literal, since
 * only such modules become part of a compiled executable.
 *
 * @module
 */

import type { PluginTable } from "../lib/plug/plugin.ts";

/** Schemes and how to load their plugins. */
export const plugins: PluginTable = {
  null: async () => (await import("./null.ts")).nullPlugin,
  probe: async () => (await import("./probe.ts")).probePlugin,
  tap: async () => (await import("./tap.ts")).tapPlugin,
  udp: async () => (await import("./udp.ts")).udpPlugin,
  vxvde: async () => (await import("./vxvde.ts")).vxvdePlugin,
};
