/**
 * A wire that loses, delays and reorders, for kernels without tc-netem(8):
 * `superframe_bad_wire.ts TAP TAP LOSS REORDERED DELAY_MS` makes two TAPs and
 * carries frames between them. LOSS and REORDERED are probabilities; what is
 * reordered comes at once, before what waits out its delay. Prints `ready`,
 * and how many frames were lost and reordered when standard input ends.
 *
 * @module
 */

import { readv, writev } from "../../ffi/fd.ts";
import { openTap } from "../../ffi/if_tun.ts";
import { ABSOLUTE, addressOf, Iovecs } from "../../ffi/memory.ts";
import { POLLIN, PollSet } from "../../ffi/poll.ts";
import { seededRandom } from "../random.ts";

const MAX_FRAME_BYTES = 9234;
const SEED = 20;
/** Frames that wait at most: what a switch has room for. */
const QUEUE_FRAMES = 4000;

const [first, second] = Deno.args;
const [loss, reordered, delayMs] = Deno.args.slice(2).map(Number);
const random = seededRandom(SEED);
const chance = (probability: number) =>
  random.below(1_000_000) < probability * 1_000_000;

const fds = [first, second].map((name) =>
  openTap(name, { offload: false, mtu: undefined }).fd
);
const counts = { frames: 0, lost: 0, reordered: 0 };
const queue: { due: number; to: number; frame: Uint8Array }[] = [];
const iovec = new Iovecs(1);
const slot = new Uint8Array(MAX_FRAME_BYTES);

function move(call: typeof readv, fd: number, bytes: Uint8Array): number {
  iovec.set(0, ABSOLUTE, addressOf(bytes), bytes.length);
  return call(fd, iovec, 1);
}

function take(from: number, to: number): void {
  for (;;) {
    const length = move(readv, from, slot);
    if (length <= 0) return;
    counts.frames++;
    if (chance(loss) || queue.length >= QUEUE_FRAMES) {
      counts.lost++;
    } else if (chance(reordered)) {
      counts.reordered++;
      move(writev, to, slot.subarray(0, length));
    } else {
      const due = performance.now() + delayMs;
      queue.push({ due, to, frame: slot.slice(0, length) });
    }
  }
}

const polls = new PollSet(2);
fds.forEach((fd, index) => polls.set(index, fd, POLLIN));
let ended = false;
(async () => {
  for await (const _ of Deno.stdin.readable);
  ended = true;
})();
console.log("ready");
while (!ended) {
  polls.wait(queue.length === 0 ? 5 : 1);
  take(fds[0], fds[1]);
  take(fds[1], fds[0]);
  const now = performance.now();
  let sent = 0;
  for (; sent < queue.length && queue[sent].due <= now; sent++) {
    move(writev, queue[sent].to, queue[sent].frame);
  }
  queue.splice(0, sent);
  // Lets standard input be heard.
  await new Promise((resolve) => setTimeout(resolve, 0));
}
console.log(JSON.stringify(counts));
