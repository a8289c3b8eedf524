/**
 * The scatter list of frames in the stream form: a superframe becomes its
 * segments, each a record of its own, without its payload being copied.
 *
 * @module
 */

import { Iovecs } from "../../ffi/memory.ts";
import type { Burst } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { FrameKind } from "../net/offload.ts";
import { completeChecksum } from "../net/complete_checksum.ts";
import { MAX_SEGMENT_HEADER_BYTES, Segmenter } from "../net/segmenter.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { fits, unfitReason } from "../plug/fit.ts";
import { Offload } from "../plug/plugin.ts";

/** IOV_MAX. */
const MAX_PIECES = 1024;
/** Pieces of a record: length and headers, and the payload. */
const RECORD_PIECES = 2;
const MAX_RECORDS = MAX_PIECES / RECORD_PIECES;

/** Private copies: imported constants are not folded into the code. */
const PREFIX_BYTES = 2;
const PLAIN: number = FrameKind.plain;
/** A segment of the longest frame has at least so much, however long its headers are. */
const MIN_FULL_PAYLOAD = MAX_FRAME_BYTES - MAX_SEGMENT_HEADER_BYTES;
/** Bases of the scatter list: the burst, the segments' headers, the lengths before plain frames. */
const ARENA = 1;
const HEADERS = 2;
const PREFIXES = 3;
/** Instead of a number of bytes, or of the counter of a drop. */
const NO_ROOM = -256;

/** Superframes that a stream takes whole. */
export const STREAM_OFFLOAD: number = Offload.checksum | Offload.tcp4 |
  Offload.tcp6 | Offload.ecn | Offload.udp4 | Offload.udp6;

/** What one writev(2) is given. Not shared between threads. */
export class StreamRecords {
  /** The scatter list. */
  readonly iovecs = new Iovecs(MAX_PIECES);
  /** Its entries in use. */
  pieces = 0;
  /** Of each frame filled in: bytes of its records, those that are skipped included; 0 for a frame that is dropped. */
  readonly bytes = new Uint32Array(MAX_RECORDS);
  readonly #counters: Counters;
  /** Of each frame filled in: the counter of the reason for which it is dropped; 0 for none. */
  readonly #drops = new Uint8Array(MAX_RECORDS);
  readonly #segmenter = new Segmenter({
    capacity: MAX_RECORDS,
    headroomBytes: PREFIX_BYTES,
  });
  readonly #prefixes = new Uint8Array(PREFIX_BYTES * MAX_RECORDS);
  #records = 0;
  #skip = 0;

  /** @param counters Where frames are counted that no stream carries. */
  constructor(counters: Counters) {
    this.#counters = counters;
    this.iovecs.bases.point(HEADERS, this.#segmenter.headers);
    this.iovecs.bases.point(PREFIXES, this.#prefixes);
  }

  /**
   * Fills the list with frames of a burst, as many as it holds.
   *
   * @param from Index of the first one.
   * @param written Bytes of its records that are in the stream already.
   * @returns Index behind the last one.
   */
  fill(burst: Burst, from: number, written: number): number {
    this.iovecs.bases.point(ARENA, burst.bytes);
    this.#segmenter.clear();
    this.pieces = 0;
    this.#records = 0;
    this.#skip = written;
    let index = from;
    for (; index < burst.count && index - from < MAX_RECORDS; index++) {
      this.#drops[index - from] = 0;
      const bytes = burst.kind[index] === PLAIN
        ? this.#addPlain(burst, index)
        : this.#addSegments(burst, index);
      if (bytes === NO_ROOM) break;
      this.bytes[index - from] = bytes < 0 ? 0 : bytes;
      if (bytes < 0) this.#drops[index - from] = -bytes;
    }
    return index;
  }

  /** Counts a frame that is done with, if it was dropped: `index` from the first one filled in. */
  countDrop(index: number): void {
    const reason = this.#drops[index];
    if (reason !== 0) this.#counters.add(reason, 1);
  }

  /** Bytes of the frame's record; negative: the counter of the reason for which it is dropped. */
  #addPlain(burst: Burst, index: number): number {
    if (this.#records === MAX_RECORDS) return NO_ROOM;
    const length = burst.length[index];
    if (!fits(length)) return -unfitReason(length);
    if (burst.checksumStart[index] !== 0 && !completeChecksum(burst, index)) {
      return -Counter.malformed;
    }
    const prefix = this.#records++ * PREFIX_BYTES;
    this.#prefixes[prefix] = length >> 8;
    this.#prefixes[prefix + 1] = length;
    this.#push(PREFIXES, prefix, PREFIX_BYTES);
    this.#push(ARENA, burst.start[index], length);
    return PREFIX_BYTES + length;
  }

  #addSegments(burst: Burst, index: number): number {
    const segmenter = this.#segmenter;
    const first = segmenter.count;
    const size = burst.segmentSize[index];
    const payload = size < MIN_FULL_PAYLOAD ? size : MIN_FULL_PAYLOAD;
    const wanted = Math.ceil(burst.length[index] / payload);
    if (this.#records > 0 && this.#records + wanted > MAX_RECORDS) {
      return NO_ROOM;
    }
    const segments = segmenter.cut(burst, index, MAX_FRAME_BYTES);
    if (segments === 0) return -Counter.malformed;
    this.#records += segments;
    let total = 0;
    for (let at = first; at < first + segments; at++) {
      const prefix = segmenter.headerStart[at] - PREFIX_BYTES;
      const headers = segmenter.headerLength[at];
      const payload = segmenter.payloadLength[at];
      segmenter.headers[prefix] = (headers + payload) >> 8;
      segmenter.headers[prefix + 1] = headers + payload;
      this.#push(HEADERS, prefix, PREFIX_BYTES + headers);
      this.#push(ARENA, segmenter.payloadStart[at], payload);
      total += PREFIX_BYTES + headers + payload;
    }
    return total;
  }

  /** Adds a piece of memory, less what of it is in the stream already. */
  #push(base: number, offset: number, length: number): void {
    const skip = this.#skip;
    if (skip >= length) {
      this.#skip = skip - length;
      return;
    }
    this.iovecs.set(this.pieces++, base, offset + skip, length - skip);
    this.#skip = 0;
  }
}
