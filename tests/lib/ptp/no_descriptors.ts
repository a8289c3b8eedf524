/**
 * What a waiting end does while this process has no descriptor left for a
 * peer; for packet_end_test.ts, which runs it with few of them. Prints how
 * often the end woke in a second, and what the peer was answered afterwards.
 *
 * @module
 */

import { POLLIN, PollSet } from "../../../ffi/poll.ts";
import { SOCK_SEQPACKET } from "../../../ffi/unix_socket.ts";
import { takeFrames } from "../../plugs.ts";
import { connected, Place } from "./places.ts";

const SPELL_MS = 1000;
const PATIENCE_MS = 10_000;

using place = new Place();
using plug = await place.open();
// Not waitReadable: the runtime itself needs a descriptor now and then.
const polls = new PollSet(1);
polls.set(0, plug.fd, POLLIN);
/** Does what a cable does, until `isDone` or time is up; gives the number of turns. */
function drive(timeoutMs: number, isDone: () => boolean): number {
  const deadline = performance.now() + timeoutMs;
  let turns = 0;
  for (; !isDone(); turns++) {
    const leftMs = Math.ceil(deadline - performance.now());
    if (leftMs <= 0) break;
    polls.wait(leftMs);
    takeFrames(plug);
  }
  return turns;
}

drive(1, () => false);
using peer = connected(SOCK_SEQPACKET, place.path);
const held: Deno.FsFile[] = [];
for (;;) {
  try {
    held.push(Deno.openSync("/dev/null"));
  } catch {
    break;
  }
}
const turns = drive(SPELL_MS, () => false);
for (const file of held) file.close();
const answer = new Uint8Array(1);
drive(PATIENCE_MS, () => peer.receive(answer) === 1);
console.log(JSON.stringify({ held: held.length, turns, answer: answer[0] }));
