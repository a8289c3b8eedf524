/**
 * Compares a segmenter with the reference.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { SimdArena } from "../../../lib/net/arena.ts";
import type { Burst } from "../../../lib/net/burst.ts";
import { Segmenter } from "../../../lib/net/segmenter.ts";
import { referenceSegments } from "./reference_segmenter.ts";
import { place, type TestFrame } from "./superframes.ts";

/** Not a multiple of 4, so that there is a gap. */
const HEADROOM_BYTES = 10;
/** What headers are filled with before they are written. */
export const FILL = 0xa5;
/** Room for any frame. */
export const arena: SimdArena = new SimdArena(1 << 18);

/** A segmenter whose headers are filled. */
export function makeSegmenter(capacity = 9100): Segmenter {
  const segmenter = new Segmenter({ capacity, headroomBytes: HEADROOM_BYTES });
  segmenter.headers.fill(FILL);
  return segmenter;
}

/** Bytes that a header may have in a segmenter's slot. */
export function slotBytes({ strideBytes, headerStart }: Segmenter): number {
  return strideBytes - headerStart[0];
}

/** One segment as it would be sent. */
export function segmentOf(
  segmenter: Segmenter,
  bytes: Uint8Array,
  index: number,
): Uint8Array {
  const { headers, headerStart, headerLength } = segmenter;
  const { payloadStart, payloadLength } = segmenter;
  const result = new Uint8Array(headerLength[index] + payloadLength[index]);
  const header = headerStart[index];
  const payload = payloadStart[index];
  result.set(headers.subarray(header, header + headerLength[index]));
  result.set(
    bytes.subarray(payload, payload + payloadLength[index]),
    headerLength[index],
  );
  return result;
}

/** As assertEquals, and fast. */
export function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) {
    if (one[at] !== other[at]) return false;
  }
  return true;
}

/** Asserts that the segments from `first` on are `want`, byte for byte. */
export function assertSegments(
  segmenter: Segmenter,
  bytes: Uint8Array,
  first: number,
  want: readonly Uint8Array[],
  what: string,
): void {
  assertEquals(segmenter.count - first, want.length, `${what}: count`);
  for (let index = 0; index < want.length; index++) {
    const got = segmentOf(segmenter, bytes, first + index);
    if (!isEqual(got, want[index])) {
      assertEquals(got, want[index], `${what}: segment ${index}`);
    }
  }
}

/** Cuts a frame at an offset of `arena` and compares with the reference. Returns the number of segments. */
export function assertCut(
  segmenter: Segmenter,
  burst: Burst,
  frame: TestFrame,
  options: { offset: number; maxFrameBytes: number; what: string },
): number {
  const { offset, maxFrameBytes, what } = options;
  burst.clear();
  segmenter.clear();
  const index = place(burst, frame, offset);
  const got = segmenter.cut(burst, index, maxFrameBytes);
  const want = referenceSegments(frame, maxFrameBytes, slotBytes(segmenter));
  assertEquals(got, want.length, `${what}: returned`);
  assertSegments(segmenter, burst.bytes, 0, want, what);
  return got;
}
