/**
 * Stops a cable whose plugin never returns, and prints how that ended: for
 * faulty_plugins_test.ts. The thread cannot be ended but with the process.
 *
 * @module
 */

import { Cable } from "../../../lib/cable/cable.ts";
import { until } from "../../plugs.ts";

const pluginModules = [
  import.meta.resolve("./test_plugins.ts"),
  import.meta.resolve("./faulty_plugins.ts"),
];
const ends = [{ vnl: "faulty://loops" }, { vnl: "tells://x" }] as const;
const looping = Promise.withResolvers<void>();
const log = { warn: () => looping.resolve(), debug: () => {} };
const cable = await Cable.open(ends, { pluginModules, log });
await looping.promise;
cable.stop();
const { reason, error } = await cable.ended;
// Whoever stops it once more is not kept alive by it.
cable.stop();
await until(() => true);
console.log(JSON.stringify({ reason, message: error?.message }));
Deno.exit(0);
