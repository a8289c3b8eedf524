/**
 * Sends pseudo-random bytes over TCP:
 * `deno run transfer_send.ts ADDRESS PORT bytes|seconds AMOUNT [hash]`. Prints
 * a line of JSON at the end.
 *
 * @module
 */

import { createHash } from "node:crypto";

const POOL_BYTES = 4 * 1024 * 1024;
const BLOCK_BYTES = 128 * 1024;
/** Odd, so that each block begins elsewhere in the pool: a lost or doubled one shows in the sum. */
const STRIDE_BYTES = 1_000_003;
const SEED = 0x2545f491;

const [hostname, port, unit, amount, mode] = Deno.args;
const pool = randomBytes(POOL_BYTES, SEED);
const hash = mode === "hash" ? createHash("sha256") : undefined;
using connection = await Deno.connect({ hostname, port: Number(port) });

const limitBytes = unit === "bytes" ? Number(amount) : Infinity;
const deadline = unit === "seconds"
  ? performance.now() + Number(amount) * 1000
  : Infinity;
let bytes = 0;
for (
  let block = 0;
  bytes < limitBytes && performance.now() < deadline;
  block++
) {
  const from = (block * STRIDE_BYTES) % (POOL_BYTES - BLOCK_BYTES);
  const part = pool.subarray(
    from,
    from + Math.min(BLOCK_BYTES, limitBytes - bytes),
  );
  hash?.update(part);
  for (let sent = 0; sent < part.length;) {
    sent += await connection.write(part.subarray(sent));
  }
  bytes += part.length;
}
console.log(JSON.stringify({ bytes, sha256: hash?.digest("hex") ?? "" }));

/** The xorshift generator of George Marsaglia, 32 bits a step. */
function randomBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(length / 4);
  let state = seed;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer);
}
