/**
 * Where the modules of this library are.
 *
 * @module
 */

/** Where the modules of a compiled program seem to be. */
const EMBEDDED = /^file:.*\/deno-compile-[^/]*\//;

/** What the URLs of a compiled program's modules begin with; undefined: this is none. */
export const EMBEDDED_ROOT: string | undefined = EMBEDDED
  .exec(import.meta.url)?.[0];

/** What the URLs of our own modules begin with; in a compiled program they may be bundled into few. */
export const LIBRARY_ROOT: string = EMBEDDED_ROOT ??
  new URL("../", import.meta.url).href;
