/**
 * Segments as plain frames in a burst of their own: for plugs that know
 * nothing of superframes.
 *
 * @module
 */

import { copyBetween } from "./arena.ts";
import { type Burst, FRAME_ALIGN_BYTES } from "./burst.ts";
import type { Segmenter } from "./segmenter.ts";

/**
 * Copies segments as plain frames into a burst, as far as it has room.
 *
 * When fewer are copied than there are, the caller sends what `sink` holds,
 * clears it, and calls again with `from` increased by what was returned.
 *
 * @param segmenter Holds the segments.
 * @param from Index of the first segment to copy.
 * @param source The burst that they were cut from, not cleared since; another than `sink`.
 * @param sink Frames are appended after those it holds.
 * @returns Number of frames appended; 0 when `sink` has no room for the first,
 * and, if it was empty, never will have.
 */
export function copySegments(
  segmenter: Segmenter,
  from: number,
  source: Burst,
  sink: Burst,
): number {
  const { headerStart, headerLength, payloadStart, payloadLength } = segmenter;
  let index = from;
  for (; index < segmenter.count; index++) {
    const headerBytes = headerLength[index];
    const length = headerBytes + payloadLength[index];
    if (sink.room(slotBytes(length)) < 1) break;
    const start = sink.tail;
    const header = headerStart[index];
    for (let at = 0; at < headerBytes; at++) {
      sink.bytes[start + at] = segmenter.headers[header + at];
    }
    copyBetween(
      source.arena,
      payloadStart[index],
      sink.arena,
      start + headerBytes,
      payloadLength[index],
    );
    sink.append(start, length);
  }
  return index - from;
}

function slotBytes(length: number): number {
  return Math.ceil(length / FRAME_ALIGN_BYTES) * FRAME_ALIGN_BYTES;
}
