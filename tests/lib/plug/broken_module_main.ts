/**
 * Registers modules of which one cannot be imported, or never is, and prints
 * what can be opened all the same: for registered_test.ts.
 *
 * @module
 */

import {
  join,
  type JoinOptions,
  open,
  openPlug,
  register,
} from "../../../mod.ts";

const EARLIER = `data:text/javascript,export const plugin = {
  scheme: "earlier",
  summary: "x",
  syntax: { form: "slash", keys: [] },
  open: () => ({
    fd: -1, maxFrameBytes: 1518, accepts: 0, receive: () => 0,
    send: (burst, from) => burst.count - from, [Symbol.dispose]() {},
  }),
};`;
const NEVER =
  "data:text/javascript,await new Promise(() => {}); export const plugins = {};";

/** Asks for a scheme that no module has in each way there is, and tells what comes of it. */
async function askAll(options: () => JoinOptions): Promise<string[]> {
  const vnl = "later://";
  const asked: (() => Promise<unknown>)[] = [
    () => open(vnl, options()),
    () => openPlug(vnl, options()),
    () => join("null://", vnl, options()),
  ];
  const told = (error: Error) => `${error.name}: ${error.message}`;
  return await Promise.all(
    asked.map((ask) => ask().then(() => "nothing", told)),
  );
}

register(EARLIER);
const waiting = await askAll(() => ({
  pluginModules: [NEVER],
  signal: AbortSignal.timeout(300),
}));

register("file:///no/such/module.ts");
const opened: string[] = [];
for (const vnl of ["null://", "earlier://"]) {
  await using _network = await open(vnl);
  using _plug = await openPlug(vnl);
  const cable = await join("null://", vnl);
  cable.stop();
  await cable.ended;
  opened.push(vnl);
}
const failing = await askAll(() => ({}));
console.log(JSON.stringify({ opened, failing, waiting }));
// The module that never comes keeps the program alive no longer.
Deno.exit(0);
