/**
 * Plain frames for a sink that knows nothing of superframes.
 *
 * @module
 */

import { copyBetween } from "../net/arena.ts";
import { type Burst, FRAME_ALIGN_BYTES } from "../net/burst.ts";
import { completeChecksum } from "../net/complete_checksum.ts";
import { copySegments } from "../net/copy_segments.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { FrameKind, KIND_ECN } from "../net/offload.ts";
import { Segmenter } from "../net/segmenter.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { Offload } from "../plug/plugin.ts";

/** Segments of one superframe: as many as an empty burst of a cable holds. */
const MAX_SEGMENTS = 1024;

/** Offload bits that a frame of each kind asks of its sink. */
const NEEDS: Readonly<Record<number, number>> = {
  [FrameKind.tcp4]: Offload.tcp4 | Offload.checksum,
  [FrameKind.tcp4 | KIND_ECN]: Offload.tcp4 | Offload.ecn | Offload.checksum,
  [FrameKind.tcp6]: Offload.tcp6 | Offload.checksum,
  [FrameKind.tcp6 | KIND_ECN]: Offload.tcp6 | Offload.ecn | Offload.checksum,
  [FrameKind.udp]: Offload.udp4 | Offload.udp6 | Offload.checksum,
};
const KINDS = 256;
const UNKNOWN = -1;
const PLAIN: number = FrameKind.plain;

/** Turns a burst into one of plain frames, as far as its sink needs that. */
export class Unfolder {
  readonly #takesChecksum: boolean;
  /** Of each kind: whether the sink takes it as it is. */
  readonly #takes = new Uint8Array(KINDS);
  readonly #counters: Counters;
  #segmenter: Segmenter | undefined;
  #copied = 0;

  /**
   * @param accepts What the sink takes: a sum of `Offload` bits.
   * @param counters Where frames are counted that nothing can be made of.
   */
  constructor(accepts: number, counters: Counters) {
    this.#takesChecksum = (accepts & Offload.checksum) !== 0;
    this.#counters = counters;
    for (let kind = 0; kind < KINDS; kind++) {
      const needs = kind === PLAIN ? 0 : NEEDS[kind] ?? UNKNOWN;
      this.#takes[kind] = needs !== UNKNOWN && (accepts & needs) === needs
        ? 1
        : 0;
    }
  }

  /** Whether the sink takes all frames of a burst as they are. */
  takesAll(burst: Burst): boolean {
    for (let index = 0; index < burst.count; index++) {
      if (this.#takes[burst.kind[index]] === 0) return false;
      const wanted = burst.checksumStart[index] !== 0;
      if (wanted && !this.#takesChecksum) return false;
    }
    return true;
  }

  /**
   * Fills a burst with the plain frames of another, as far as it has room.
   *
   * @param source Its checksums may be completed.
   * @param from Index of the first frame to take.
   * @param sink Empty.
   * @returns Index of the first frame that is not, or not wholly, in `sink`:
   * the next call begins there.
   */
  unfold(source: Burst, from: number, sink: Burst): number {
    for (let index = from; index < source.count; index++) {
      const whole = this.#takes[source.kind[index]] === 0
        ? this.#copySegments(source, index, sink)
        : this.#copyFrame(source, index, sink);
      if (!whole) return index;
    }
    return source.count;
  }

  #copyFrame(source: Burst, index: number, sink: Burst): boolean {
    const length = source.length[index];
    const slot = (length + FRAME_ALIGN_BYTES - 1) & ~(FRAME_ALIGN_BYTES - 1);
    if (sink.room(slot) < 1) return false;
    const wanted = source.checksumStart[index] !== 0;
    if (wanted && !this.#takesChecksum && !completeChecksum(source, index)) {
      this.#counters.add(Counter.malformed, 1);
      return true;
    }
    const start = sink.tail;
    copyBetween(source.arena, source.start[index], sink.arena, start, length);
    const at = sink.count;
    sink.append(start, length);
    sink.kind[at] = source.kind[index];
    sink.segmentSize[at] = source.segmentSize[index];
    sink.checksumStart[at] = source.checksumStart[index];
    sink.checksumOffset[at] = source.checksumOffset[index];
    return true;
  }

  /** Copies the segments that are not copied yet; whether all are. */
  #copySegments(source: Burst, index: number, sink: Burst): boolean {
    const segmenter = this.#segmenter ??= new Segmenter({
      capacity: MAX_SEGMENTS,
      headroomBytes: 0,
    });
    segmenter.clear();
    if (segmenter.cut(source, index, MAX_FRAME_BYTES) === 0) {
      this.#counters.add(Counter.malformed, 1);
      return true;
    }
    this.#copied += copySegments(segmenter, this.#copied, source, sink);
    if (this.#copied < segmenter.count) return false;
    this.#copied = 0;
    return true;
  }
}
