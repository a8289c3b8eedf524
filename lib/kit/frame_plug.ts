/**
 * A plug on a link that moves one frame at a time.
 *
 * @module
 */

import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../net/frame.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { countUnfit } from "../plug/fit.ts";
import type { FrameLink } from "../plug/kit.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";

/** Most frames of one turn: what is dropped fills no burst. */
const MAX_TURN_FRAMES = 512;

/** Asks a {@linkcode FrameLink} for frame after frame. */
export class FramePlug implements Plug {
  readonly maxFrameBytes: number;
  readonly accepts = 0;
  readonly fd: number;
  readonly writeFd: number | undefined;
  readonly controlFd: number | undefined;
  readonly #link: FrameLink;
  readonly #received: Counters;
  readonly #sent: Counters;
  #open = true;

  /** @param link Taken over. */
  constructor(link: FrameLink, options: OpenOptions) {
    this.maxFrameBytes = link.maxFrameBytes ?? MAX_FRAME_BYTES;
    this.fd = link.fd;
    this.writeFd = link.writeFd;
    this.controlFd = link.controlFd;
    this.#link = link;
    this.#received = options.receiveCounters;
    this.#sent = options.sendCounters;
  }

  receive(burst: Burst): number {
    const before = burst.count;
    for (let turn = 0; turn < MAX_TURN_FRAMES; turn++) {
      if (burst.room(FRAME_SLOT_BYTES) < 1) break;
      const { tail } = burst;
      const room = burst.bytes.subarray(tail, tail + FRAME_SLOT_BYTES);
      const length = this.#link.receive(room);
      if (!Number.isInteger(length)) throw noLength(length);
      if (length < 0) break;
      if (this.#fits(length)) burst.append(tail, length);
      else countUnfit(length, this.#received);
    }
    return burst.count - before;
  }

  send(burst: Burst, from: number): number {
    for (let index = from; index < burst.count; index++) {
      const length = burst.length[index];
      if (!this.#fits(length)) countUnfit(length, this.#sent);
      else if (!this.#sendOne(burst.frame(index))) return index - from;
    }
    return burst.count - from;
  }

  /** Whether the frame is done with. */
  #sendOne(frame: Uint8Array<ArrayBuffer>): boolean {
    const result = this.#link.send(frame);
    if (result === "sent") return true;
    if (result === "full") {
      if (this.writeFd !== undefined) return false;
      this.#sent.add(Counter.full, 1);
    } else if (result === "down") this.#sent.add(Counter.down, 1);
    else throw noResult(result);
    return true;
  }

  #fits(length: number): boolean {
    return length >= MIN_FRAME_BYTES && length <= this.maxFrameBytes;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#link[Symbol.dispose]();
  }
}

function noLength(received: unknown): TypeError {
  return new TypeError(
    `Cannot receive a frame as a link's receive must return its length in ` +
      `bytes, or -1: received ${received}`,
  );
}

function noResult(received: never): TypeError {
  return new TypeError(
    `Cannot send a frame as a link's send must return "sent", "full" or ` +
      `"down": received ${received}`,
  );
}
