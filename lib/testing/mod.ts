/**
 * The contract that every plugin keeps, as tests for the author of one.
 *
 * {@linkcode pluginContract} registers them with `Deno.test`: of the plugin's
 * description, of VNLs that it must refuse, of one plug, and of two that face
 * each other. A case that a plug cannot do is skipped by name, with the reason.
 *
 * @example Hold a plugin to the contract
 * ```ts no-eval
 * import { pluginContract } from "@vdeplug/vdeplug/testing";
 * import { plugin } from "./vdeplug_mine.ts";
 *
 * pluginContract({
 *   plugin,
 *   vnl: "mine:///tmp/here[peer=/tmp/there]",
 *   badVnls: [{ vnl: "mine://", includes: "needs an address" }],
 * });
 * ```
 *
 * @module
 */

export * from "./plugin_contract.ts";
export type { Plug, Plugin } from "../plug/plugin.ts";
export { parseVnl } from "../plug/vnl.ts";
