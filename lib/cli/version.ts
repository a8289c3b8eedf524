/**
 * The version of this program, as deno.json has it.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };

/** Major, minor and patch. */
export const VERSION: string = config.version;
