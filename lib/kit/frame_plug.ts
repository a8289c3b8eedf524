/**
 * A plug on a link that moves one frame at a time.
 *
 * Whoever wrote the link may have erred: what it returns is checked before it
 * becomes a frame, as a burst holds what came to others, too.
 *
 * @module
 */

import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../net/frame.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import type { PlugError } from "../plug/errors.ts";
import { countUnfit } from "../plug/fit.ts";
import { holdBack } from "../plug/hold_back.ts";
import type { FrameLink } from "../plug/kit.ts";
import { explainCall, wrongResult } from "../plug/plug_calls.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";

/** Most frames of one turn: what is dropped fills no burst. */
const MAX_TURN_FRAMES = 512;

/** What a link gives when no frame waits. */
const NONE = -1;

/** Asks a {@linkcode FrameLink} for frame after frame. */
export class FramePlug implements Plug {
  readonly maxFrameBytes: number;
  readonly accepts = 0;
  readonly fd: number;
  readonly writeFd: number | undefined;
  readonly controlFd: number | undefined;
  /** There is one where the link has work of its own; see `servingOf`. */
  readonly serve: (() => void) | undefined;
  readonly #link: FrameLink;
  readonly #received: Counters;
  readonly #sent: Counters;
  #open = true;
  /** Ended the link; thrown once all frames are handed on. */
  #failure: unknown;

  /**
   * @param link Taken over; disposed of where it is refused.
   * @throws {RangeError} If its longest frame is none that a network carries.
   */
  constructor(link: FrameLink, options: OpenOptions) {
    this.maxFrameBytes = link.maxFrameBytes ?? MAX_FRAME_BYTES;
    if (!isFrameLength(this.maxFrameBytes)) {
      link[Symbol.dispose]();
      throw noFrameLength(this.maxFrameBytes);
    }
    this.fd = link.fd;
    this.writeFd = link.writeFd;
    this.controlFd = link.controlFd;
    this.serve = link.serve?.bind(link);
    this.#link = link;
    this.#received = options.receiveCounters;
    this.#sent = options.sendCounters;
  }

  receive(burst: Burst): number {
    if (this.#failure !== undefined) throw this.#failure;
    const before = burst.count;
    try {
      for (let turn = 0; turn < MAX_TURN_FRAMES; turn++) {
        if (burst.room(FRAME_SLOT_BYTES) < 1) break;
        if (!this.#receiveOne(burst)) break;
      }
    } catch (error) {
      this.#failure = explainCall(this, "receive from", error);
      // What came before the end is handed on first.
      if (burst.count === before) throw this.#failure;
      holdBack(burst);
    }
    return burst.count - before;
  }

  /** Whether there was something to receive. */
  #receiveOne(burst: Burst): boolean {
    const { tail } = burst;
    const room = burst.bytes.subarray(tail, tail + FRAME_SLOT_BYTES);
    const length = this.#link.receive(room);
    if (length === NONE) return false;
    // NaN is none of these, either.
    const isLength = Number.isInteger(length) && length >= 0 &&
      length <= FRAME_SLOT_BYTES;
    if (!isLength) throw this.#noLength(length);
    if (this.#fits(length)) burst.append(tail, length);
    else countUnfit(length, this.#received);
    return true;
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
    else throw this.#noResult(result);
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

  #noLength(received: unknown): PlugError {
    return wrongResult(this, {
      attempt: "receive from",
      wanted: "a link's receive must return the length of a frame in bytes, " +
        `0 to ${FRAME_SLOT_BYTES}, or ${NONE}`,
      found: `returned ${Deno.inspect(received)}`,
    });
  }

  #noResult(received: never): PlugError {
    return wrongResult(this, {
      attempt: "send to",
      wanted: 'a link\'s send must return "sent", "full" or "down"',
      found: `returned ${Deno.inspect(received)}`,
    });
  }
}

function isFrameLength(value: number): boolean {
  return Number.isInteger(value) && value >= MIN_FRAME_BYTES &&
    value <= MAX_FRAME_BYTES;
}

function noFrameLength(received: unknown): RangeError {
  return new RangeError(
    `Cannot make a plug of a link as its maxFrameBytes must be a whole number ` +
      `from ${MIN_FRAME_BYTES} to ${MAX_FRAME_BYTES}: ` +
      `received ${Deno.inspect(received)}`,
  );
}
