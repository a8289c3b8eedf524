/**
 * Puts frames into a batch, in the forms that the ports take which they go to:
 * a superframe as it is, or in segments, or both.
 *
 * @module
 */

import type { Burst } from "../net/burst.ts";
import { completeChecksum } from "../net/complete_checksum.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { FrameKind } from "../net/offload.ts";
import { Segmenter } from "../net/segmenter.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { type Batch, BATCH_FRAMES } from "./batch.ts";
import { EVERYBODY } from "./policy.ts";
import type { PortTable } from "./port.ts";

/** A superframe's last segment, and the superframe itself. */
const EXTRA_FORMS = 2;
const PLAIN: number = FrameKind.plain;
const MAX_BYTES = MAX_FRAME_BYTES;
const ALL = EVERYBODY;

/** Fills batches. Part of the frame path: allocates nothing. */
export class Filler {
  readonly #ports: PortTable;
  readonly #segmenter = new Segmenter({
    capacity: BATCH_FRAMES,
    headroomBytes: 0,
  });

  /** @param ports Whose forms count; stays the caller's. */
  constructor(ports: PortTable) {
    this.#ports = ports;
  }

  /** What the segments' headers stand in: its address never changes. */
  get headers(): Uint8Array<ArrayBuffer> {
    return this.#segmenter.headers;
  }

  /** Forgets the segments of the last batch. */
  clear(): void {
    this.#segmenter.clear();
  }

  /** Whether the batch takes a frame in all its forms, or is empty, and so has all the room there ever is. */
  hasRoomFor(batch: Batch, burst: Burst, index: number): boolean {
    if (burst.kind[index] === PLAIN) return batch.hasRoom(1);
    if (batch.count === 0) return true;
    const size = burst.segmentSize[index];
    if (size === 0) return false;
    const segments = Math.ceil(burst.length[index] / size);
    return batch.hasRoom(segments + EXTRA_FORMS);
  }

  /**
   * Adds a frame for a port, or for all of them.
   *
   * @param to Number of the port, or EVERYBODY.
   * @param counters Where it is counted if nothing can be made of it.
   * @returns Whether it is one that can be sent.
   */
  add(
    batch: Batch,
    burst: Burst,
    index: number,
    to: number,
    counters: Counters,
  ): boolean {
    const isAdded = burst.kind[index] === PLAIN
      ? addPlain(batch, burst, index, to)
      : this.#addSuperframe(batch, burst, index, to);
    if (!isAdded) counters.add(Counter.malformed, 1);
    return isAdded;
  }

  #addSuperframe(
    batch: Batch,
    burst: Burst,
    index: number,
    to: number,
  ): boolean {
    const ports = this.#ports;
    const one = to === ALL ? undefined : ports.get(to);
    const whole = one === undefined ? ports.superframes > 0 : one.superframes;
    const cut = one === undefined
      ? ports.list.length > ports.superframes
      : !one.superframes;
    if (cut && !this.#addSegments(batch, burst, index, to)) return false;
    if (whole) batch.addWhole(burst, index, to);
    return true;
  }

  #addSegments(
    batch: Batch,
    burst: Burst,
    index: number,
    to: number,
  ): boolean {
    const segmenter = this.#segmenter;
    const first = segmenter.count;
    const segments = segmenter.cut(burst, index, MAX_BYTES);
    for (let at = first; at < first + segments; at++) {
      batch.addSegment(
        segmenter.headerStart[at],
        segmenter.headerLength[at],
        segmenter.payloadStart[at],
        segmenter.payloadLength[at],
        to,
      );
    }
    return segments > 0;
  }
}

/** A plain frame goes everywhere as it is, once its checksum is there. */
function addPlain(
  batch: Batch,
  burst: Burst,
  index: number,
  to: number,
): boolean {
  const isComplete = burst.checksumStart[index] === 0 ||
    completeChecksum(burst, index);
  if (isComplete) batch.add(burst.start[index], burst.length[index], to);
  return isComplete;
}
