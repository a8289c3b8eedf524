/**
 * Receives one TCP connection to its end and tells what came:
 * `deno run transfer_receive.ts ADDRESS [hash]`. Prints `listening PORT`, and
 * at the end a line of JSON.
 *
 * @module
 */

import { createHash } from "node:crypto";

const BUFFER_BYTES = 256 * 1024;

const [hostname, mode] = Deno.args;
using listener = Deno.listen({ hostname, port: 0 });
console.log(`listening ${listener.addr.port}`);

using connection = await listener.accept();
const hash = mode === "hash" ? createHash("sha256") : undefined;
const buffer = new Uint8Array(BUFFER_BYTES);
const start = performance.now();
let bytes = 0;
for (;;) {
  const count = await connection.read(buffer);
  if (count === null) break;
  bytes += count;
  hash?.update(buffer.subarray(0, count));
}
const seconds = (performance.now() - start) / 1000;
console.log(
  JSON.stringify({ bytes, seconds, sha256: hash?.digest("hex") ?? "" }),
);
