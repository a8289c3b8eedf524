/**
 * Reads frames in the stream form from standard input and compares each with
 * the one that `makeFrame` makes of its length and seed. At the one with the
 * seed that is given, prints a line of JSON to standard error and ends:
 * `deno run -A stream_reader.ts LAST [tell]`. With the second word it tells of
 * each frame as it comes, too.
 *
 * @module
 */

import { makeFrame, sameFrame } from "../plugs.ts";
import { STREAM_PREFIX_BYTES } from "../../lib/plug/stream.ts";

const SEED_OFFSET = 8;
const READ_BYTES = 65536;

const last = Number(Deno.args[0]);
const isTelling = Deno.args[1] === "tell";
const chunk = new Uint8Array(READ_BYTES);
let rest = new Uint8Array(0);
let frames = 0;
let wrong = 0;
let disordered = 0;
let latest = -1;

/** Takes one frame in; returns whether it was the last one. */
function take(frame: Uint8Array): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const seed = frame.length >= SEED_OFFSET + 4
    ? view.getUint32(SEED_OFFSET)
    : 0;
  if (!sameFrame(frame, makeFrame(frame.length, seed))) wrong++;
  if (seed === last) return true;
  frames++;
  if (seed <= latest) disordered++;
  latest = seed;
  if (isTelling) console.error(`took ${seed}`);
  return false;
}

for (let ended = false; !ended;) {
  const count = await Deno.stdin.read(chunk);
  if (count === null) break;
  const bytes = new Uint8Array(rest.length + count);
  bytes.set(rest);
  bytes.set(chunk.subarray(0, count), rest.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  while (!ended && bytes.length - at >= STREAM_PREFIX_BYTES) {
    const end = at + STREAM_PREFIX_BYTES + view.getUint16(at);
    if (end > bytes.length) break;
    ended = take(bytes.subarray(at + STREAM_PREFIX_BYTES, end));
    at = end;
  }
  rest = bytes.slice(at);
}
console.error(JSON.stringify({ frames, wrong, disordered }));
