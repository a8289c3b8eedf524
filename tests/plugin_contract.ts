/**
 * The contract that every plugin keeps, where it is published.
 *
 * @module
 */

export * from "../lib/testing/plugin_contract.ts";
