/**
 * Joins two TAPs by two cables and a pair of sockets between them:
 * `superframe_ignorant_main.ts TAP TAP`. The plugin on the sockets knows
 * nothing of superframes. Prints the counters when standard input ends.
 *
 * @module
 */

import { setNonBlocking } from "../../ffi/fd.ts";
import { Cable } from "../../mod.ts";
import { socketPair } from "../lib/tunnel/socket_pair.ts";

const SOCK_SEQPACKET = 5;

const pluginModules = [
  import.meta.resolve("../../plugins/mod.ts"),
  import.meta.resolve("./superframe_ignorant.ts"),
];
const log = { warn: console.error, debug: () => {} };
const fds = socketPair(SOCK_SEQPACKET);
const cables: Cable[] = [];
for (const [index, tap] of Deno.args.entries()) {
  setNonBlocking(fds[index], true);
  const ends = [{ vnl: tap }, { vnl: `socket://${fds[index]}` }] as const;
  cables.push(await Cable.open(ends, { pluginModules, log }));
}
console.log("joined");
for await (const _ of Deno.stdin.readable);
for (const cable of cables) {
  cable.stop();
  const { reason, error } = await cable.ended;
  const [out, back] = cable.counters.map((counters) => counters.snapshot());
  console.log(JSON.stringify({ reason, error: error?.message, out, back }));
}
