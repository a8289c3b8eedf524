/**
 * Frames of one source on their way to ports: where they stand, and where each
 * one goes.
 *
 * A frame is a stretch of an arena, or a header in an array of its own and a
 * stretch of the arena: a segment of a superframe. It is never copied here.
 *
 * @module
 */

import type { Arena } from "../net/arena.ts";
import type { Burst } from "../net/burst.ts";
import {
  VIRTIO_HEADER_BYTES,
  writeOwnHeader,
  writePlainHeader,
} from "../net/virtio_header.ts";
import { EVERYBODY } from "./policy.ts";

const ALL = EVERYBODY;

/** Most frames of a batch. */
export const BATCH_FRAMES = 1024;

/** Which ports take an entry of a batch. */
export const Form = {
  /** All: a plain frame. */
  any: 0,
  /** Those that take superframes: one, uncut. */
  whole: 1,
  /** The others: one of its segments. */
  cut: 2,
} as const;

const ANY: number = Form.any;
const WHOLE: number = Form.whole;
const CUT: number = Form.cut;
const VIRTIO_BYTES = VIRTIO_HEADER_BYTES;

/** Frames and their destinations. A structure of arrays; allocates nothing once it is made. */
export class Batch {
  /** Of each frame: a port's number, or EVERYBODY. */
  readonly destination: Int32Array<ArrayBuffer> = new Int32Array(BATCH_FRAMES);
  /** Where its header begins in `headers`. */
  readonly headerStart: Uint32Array<ArrayBuffer> = new Uint32Array(
    BATCH_FRAMES,
  );
  /** Length of that header in bytes; 0: all of the frame is in the arena. */
  readonly headerLength: Uint32Array<ArrayBuffer> = new Uint32Array(
    BATCH_FRAMES,
  );
  /** Where the rest begins in the arena. */
  readonly start: Uint32Array<ArrayBuffer> = new Uint32Array(BATCH_FRAMES);
  /** Length of the rest in bytes. */
  readonly length: Uint32Array<ArrayBuffer> = new Uint32Array(BATCH_FRAMES);
  /** Of each frame: its {@linkcode Form}. */
  readonly form: Uint8Array<ArrayBuffer> = new Uint8Array(BATCH_FRAMES);
  /**
   * Of each frame in its place, {@linkcode VIRTIO_HEADER_BYTES} each: what goes
   * before it to a port that takes superframes; zeros before a plain one.
   */
  readonly virtio: Uint8Array<ArrayBuffer> = new Uint8Array(
    BATCH_FRAMES * VIRTIO_HEADER_BYTES,
  );
  readonly #virtioView = new DataView(this.virtio.buffer);
  /** Frames in the batch. */
  count = 0;
  /** How many of them go to everybody. */
  flooded = 0;
  /** What the frames stand in. */
  arena: Arena;
  /** Time of the batch. */
  nowMs = 0;

  constructor(
    /** Number of the arena among those of an `Outbox`. */
    readonly base: number,
    /** What the headers stand in: its address never changes. */
    readonly headers: Uint8Array<ArrayBuffer>,
    arena: Arena,
  ) {
    this.arena = arena;
  }

  /** Begins anew. */
  begin(arena: Arena, nowMs: number): void {
    this.arena = arena;
    this.nowMs = nowMs;
    this.count = 0;
    this.flooded = 0;
  }

  /** Whether it takes so many more frames. */
  hasRoom(frames: number): boolean {
    return this.count + frames <= BATCH_FRAMES;
  }

  /** Adds a plain frame that stands in the arena. The caller has asked for room. */
  add(start: number, length: number, destination: number): void {
    const index = this.count;
    this.#add(0, 0, start, length, destination);
    this.form[index] = ANY;
    writePlainHeader(this.#virtioView, index * VIRTIO_BYTES);
  }

  /** Adds a superframe of the batch's arena as it is. The caller has asked for room. */
  addWhole(burst: Burst, frame: number, destination: number): void {
    const index = this.count;
    this.#add(0, 0, burst.start[frame], burst.length[frame], destination);
    this.form[index] = WHOLE;
    writeOwnHeader(this.#virtioView, index * VIRTIO_BYTES, burst, frame);
  }

  /** Adds a segment of a superframe, whose header stands elsewhere. The caller has asked for room. */
  addSegment(
    headerStart: number,
    headerLength: number,
    start: number,
    length: number,
    destination: number,
  ): void {
    this.form[this.count] = CUT;
    this.#add(headerStart, headerLength, start, length, destination);
  }

  #add(
    headerStart: number,
    headerLength: number,
    start: number,
    length: number,
    destination: number,
  ): void {
    const index = this.count++;
    this.headerStart[index] = headerStart;
    this.headerLength[index] = headerLength;
    this.start[index] = start;
    this.length[index] = length;
    this.destination[index] = destination;
    if (destination === ALL) this.flooded++;
  }
}
