/**
 * The built-in plugins: one line a scheme. The specifiers are literal, since
 * only such modules become part of a compiled executable.
 *
 * @module
 */

import type { PluginTable } from "../lib/plug/plugin.ts";

/** Schemes and how to load their plugins. */
export const plugins: PluginTable = {
  bonding: async () => (await import("./switch.ts")).bondingPlugin,
  cmd: async () => (await import("./cmd.ts")).cmdPlugin,
  hub: async () => (await import("./switch.ts")).hubPlugin,
  macvtap: async () => (await import("./macvtap.ts")).macvtapPlugin,
  multi: async () => (await import("./switch.ts")).multiPlugin,
  null: async () => (await import("./null.ts")).nullPlugin,
  probe: async () => (await import("./probe.ts")).probePlugin,
  ptp: async () => (await import("./ptp.ts")).ptpPlugin,
  seqpacket: async () => (await import("./seqpacket.ts")).seqpacketPlugin,
  switch: async () => (await import("./switch.ts")).switchPlugin,
  tap: async () => (await import("./tap.ts")).tapPlugin,
  udp: async () => (await import("./udp.ts")).udpPlugin,
  vde: async () => (await import("./vde.ts")).vdePlugin,
  vxlan: async () => (await import("./vxlan.ts")).vxlanPlugin,
  vxvde: async () => (await import("./vxvde.ts")).vxvdePlugin,
};
