/**
 * Which frames a VDE network carries.
 *
 * @module
 */

import type { Burst } from "../net/burst.ts";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../net/frame.ts";
import { Counter, type Counters } from "./counters.ts";

/** Whether a frame of `length` bytes is one that is handed on. */
export function fits(length: number): boolean {
  return length >= MIN_FRAME_BYTES && length <= MAX_FRAME_BYTES;
}

/** The counter of something of `length` bytes that does not fit; longer than its slot: -1. */
export function unfitReason(length: number): number {
  const short = length >= 0 && length < MIN_FRAME_BYTES;
  return short ? Counter.runt : Counter.oversize;
}

/** Counts the drop of something of `length` bytes that does not fit; longer than its slot: -1. */
export function countUnfit(length: number, counters: Counters): void {
  counters.add(unfitReason(length), 1);
}

/**
 * Counts the frames that a sink took without sending them, as they do not fit.
 *
 * @param from Index of the first frame taken.
 * @param to Index behind the last one.
 */
export function countUnfitFrames(
  burst: Burst,
  from: number,
  to: number,
  counters: Counters,
): void {
  for (let index = from; index < to; index++) {
    if (!fits(burst.length[index])) countUnfit(burst.length[index], counters);
  }
}
