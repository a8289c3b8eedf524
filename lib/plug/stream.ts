/**
 * The stream form of a cable: frames on a byte stream (a pipe, a socket), each
 * behind its length as 2 bytes, big-endian. A length of 0 means nothing; one
 * above {@linkcode MAX_STREAM_LENGTH} cannot be a frame's, and shows that the
 * reader is out of step.
 *
 * A read may cut a frame anywhere, between the two bytes of a length too.
 *
 * @module
 */

import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import type { Counters } from "./counters.ts";
import { countUnfit, fits } from "./fit.ts";

/** Largest length that a VDE program writes. */
export const MAX_STREAM_LENGTH = 9236;

/** Bytes of a length. */
export const STREAM_PREFIX_BYTES = 2;

/** Most and least bytes to look at in one go; with fewer, a long frame might never be whole. */
const MAX_READ_BYTES = 65536;
const MIN_READ_BYTES = STREAM_PREFIX_BYTES + MAX_STREAM_LENGTH;

/**
 * Finds the frames in what a stream's reads brought.
 *
 * Bytes are read straight into a burst's arena, where the frames then stay.
 * Only what a read cut off, or what the burst had no room for, is copied: out
 * of the arena by `decode`, and back into the next burst's by `restore`.
 */
export class StreamDecoder {
  /** As long as what is kept and read next may be together, so that it takes any rest. */
  readonly #carry = new Uint8Array(MAX_READ_BYTES);
  #carried = 0;
  /** How many of them the last `restore` had room for. */
  #restored = 0;
  #desyncs = 0;
  #readBytes = MAX_READ_BYTES;

  /** @param counters Where runt and oversize frames are counted. */
  constructor(private readonly counters: Counters) {}

  /** Bytes that are kept for the next burst. */
  get carried(): number {
    return this.#carried;
  }

  /** How often the stream turned out to be out of step. */
  get desyncs(): number {
    return this.#desyncs;
  }

  /**
   * How many bytes to read behind what `restore` puts into the arena: fewer
   * while the frames are so small that a burst's columns fill up first, since
   * the rest would be copied. 0 when the burst has no room, or when what is
   * kept is enough for now.
   */
  readBytes(burst: Burst): number {
    if (burst.room(FRAME_SLOT_BYTES) < 1) return 0;
    const free = burst.bytes.length - burst.tail;
    const wanted = free < this.#readBytes ? free : this.#readBytes;
    return wanted > this.#carried ? wanted - this.#carried : 0;
  }

  /**
   * Puts the kept bytes at the burst's tail, as far as it has room: the next
   * read goes behind them.
   *
   * @returns Offset in the arena behind them.
   */
  restore(burst: Burst): number {
    const at = burst.tail;
    this.#restored = Math.min(this.#carried, burst.bytes.length - at);
    // Byte for byte: `set` would want a fresh view, and what a read cut off is short.
    for (let index = 0; index < this.#restored; index++) {
      burst.bytes[at + index] = this.#carry[index];
    }
    return at + this.#restored;
  }

  /**
   * Appends the frames between the burst's tail and `end`, where `restore` and
   * a read put them, and keeps the rest. Out of step, drops all there is.
   * Allocates nothing.
   *
   * @returns Number of frames appended.
   */
  decode(burst: Burst, end: number): number {
    const { bytes } = burst;
    const before = burst.count;
    const from = burst.tail;
    let at = from;
    while (
      burst.count < burst.capacityFrames && end - at >= STREAM_PREFIX_BYTES
    ) {
      const length = bytes[at] << 8 | bytes[at + 1];
      if (length > MAX_STREAM_LENGTH) {
        this.#desyncs++;
        at = end;
        this.#carried = this.#restored;
        break;
      }
      const next = at + STREAM_PREFIX_BYTES + length;
      if (next > end) break;
      if (length > 0) this.#append(burst, at + STREAM_PREFIX_BYTES, length);
      at = next;
    }
    this.#adapt(at - from, burst.count === burst.capacityFrames);
    this.#keep(bytes, at, end);
    return burst.count - before;
  }

  #append(burst: Burst, start: number, length: number): void {
    if (fits(length)) burst.append(start, length);
    else countUnfit(length, this.counters);
  }

  #adapt(consumed: number, full: boolean): void {
    const bytes = full ? consumed : this.#readBytes * 2;
    this.#readBytes = Math.min(Math.max(bytes, MIN_READ_BYTES), MAX_READ_BYTES);
  }

  /** Keeps the arena's bytes from `start` to `end`, before those that were not restored. */
  #keep(bytes: Uint8Array, start: number, end: number): void {
    const kept = end - start;
    this.#carry.copyWithin(kept, this.#restored, this.#carried);
    for (let index = 0; index < kept; index++) {
      this.#carry[index] = bytes[start + index];
    }
    this.#carried += kept - this.#restored;
  }
}
