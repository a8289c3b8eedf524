/**
 * Sends a frame until it comes back, addressed to its sender:
 * `readme_frame_sender.ts VNL`. Prints what came, in hexadecimal.
 *
 * @module
 */

import { open } from "../../mod.ts";

const AGAIN_MS = 50;
const FRAME_BYTES = 60;
const DESTINATION_BYTES = 6;

/** To everybody, from a station of its own, with a type that is for experiments. */
const HEADER = "ffffffffffff" + "020000000042" + "88b5";

const frame = new Uint8Array(FRAME_BYTES).fill(0xa5);
frame.set(HEADER.match(/../g)?.map((byte) => parseInt(byte, 16)) ?? []);
const sender = frame.subarray(DESTINATION_BYTES, 2 * DESTINATION_BYTES);

await using connection = await open(Deno.args[0]);
// Nobody tells when the other one is there.
const timer = setInterval(() => connection.send(frame), AGAIN_MS);
for await (const back of connection) {
  if (!sender.every((byte, at) => back[at] === byte)) continue;
  const bytes = Array.from(back, (byte) => byte.toString(16).padStart(2, "0"));
  console.log(bytes.join(""));
  break;
}
clearInterval(timer);
