/**
 * Makes a lab with processes in it and waits to be killed:
 * `deno run -A abandon.ts root|user`. Prints the ids of the processes, a line
 * of JSON.
 *
 * @module
 */

import { Lab } from "./lab.ts";

await using lab = await Lab.create({ unprivileged: Deno.args[0] === "user" });
const [a, b] = [await lab.host("a"), await lab.host("b")];
await lab.link(a, b);
const sleeper = a.spawn("sh", ["-c", "echo here; exec sleep 1000"]);
// Until then it may be outside the namespace.
await sleeper.waitFor(/^here$/m);
// A daemon: no child of anybody here, and in a session of its own.
const daemon = await b.run("sh", [
  "-c",
  "setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $!",
]);
const holders = [lab.anchor.holder.pid, a.pid, b.pid];
console.log(JSON.stringify([...holders, sleeper.pid, Number(daemon)]));
await sleeper.exited;
