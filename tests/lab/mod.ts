/**
 * Everything that a test needs to build hosts and wires.
 *
 * ```ts
 * await using lab = await Lab.create();
 * const [a, b] = [await lab.host("a"), await lab.host("b")];
 * await lab.link(a, b);
 * a.spawn("vde_plug", ["vxvde://", "tap://t0"]);
 * await a.configure("t0", { addresses: ["192.0.2.1/25"], mtu: 1450 });
 * ```
 *
 * @module
 */

export * from "./available.ts";
export * from "./capture.ts";
export * from "./case.ts";
export * from "./errors.ts";
export * from "./host.ts";
export * from "./lab.ts";
export * from "./proc.ts";
export * from "./process.ts";
export * from "./statistics.ts";
export * from "./transfer.ts";
export * from "./vdeplug.ts";
