/**
 * The program `vdeplug`.
 *
 * @module
 */

import { main } from "./lib/cli/main.ts";
// Imported for its place in a compiled executable: it is loaded by its URL.
import "./plugins/mod.ts";

if (import.meta.main) {
  const builtIn = import.meta.resolve("./plugins/mod.ts");
  await main(Deno.args, [builtIn], Deno.exit);
}
