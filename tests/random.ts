/**
 * Random numbers that are the same in every run, where they are published.
 *
 * @module
 */

export * from "../lib/testing/random.ts";
