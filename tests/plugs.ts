/**
 * What tests of plugs need, where it is published.
 *
 * @module
 */

export * from "../lib/testing/plugs.ts";
