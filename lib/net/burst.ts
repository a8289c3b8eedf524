/**
 * A burst: the frames that one call moves.
 *
 * All frames of a burst stand in one arena of bytes whose address never
 * changes, so that the kernel reads and writes them where they are. Columns
 * beside the arena tell where each frame starts and how long it is: a
 * structure of arrays, so that nothing is allocated for a frame. Frames need
 * not touch one another: a receiver may lay out equal slots first and learn
 * the lengths afterwards.
 *
 * @module
 */

import { type Arena, PlainArena } from "./arena.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";
import { MAX_SUPERFRAME_BYTES } from "./offload.ts";

/** Slots begin at multiples of this many bytes, so that headers in them can be read as words. */
export const FRAME_ALIGN_BYTES = 64;

/** Room for one frame of any legal length, a multiple of {@linkcode FRAME_ALIGN_BYTES}. */
export const FRAME_SLOT_BYTES: number = roundUp(MAX_FRAME_BYTES + 16);

/** Room for one superframe of any legal length, likewise. */
export const SUPERFRAME_SLOT_BYTES: number = roundUp(MAX_SUPERFRAME_BYTES);

const DEFAULT_CAPACITY_FRAMES = 128;

/**
 * Frames on their way from one plug to another. Not shared between threads.
 *
 * @example Fill one, read its headers where they stand
 * ```ts
 * import { Burst } from "@vdeplug/vdeplug";
 * import { assertEquals } from "@std/assert";
 *
 * const burst = new Burst();
 * burst.push(new Uint8Array(60).fill(0xff, 0, 6));
 * burst.push(new Uint8Array(1514));
 * const broadcasts: number[] = [];
 * for (let index = 0; index < burst.count; index++) {
 *   if (burst.bytes[burst.start[index]] === 0xff) broadcasts.push(index);
 * }
 * assertEquals(broadcasts, [0]);
 * assertEquals(burst.length[1], 1514);
 * ```
 */
export class Burst {
  /** Memory and the sums over it. */
  readonly arena: Arena;

  /** The arena's bytes. Their address never changes; frames stand anywhere in them. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  /** Offset in the arena of each frame's first byte, for indexes below `count`. */
  readonly start: Uint32Array<ArrayBuffer>;

  /** Length of each frame in bytes, for indexes below `count`. */
  readonly length: Uint32Array<ArrayBuffer>;

  /**
   * What each frame is: 0 for one plain frame, otherwise a superframe's kind
   * as `struct virtio_net_hdr` numbers it (`gso_type`, linux/virtio_net.h).
   */
  readonly kind: Uint8Array<ArrayBuffer>;

  /** Payload bytes of each segment of a superframe; without meaning where `kind` is 0. */
  readonly segmentSize: Uint16Array<ArrayBuffer>;

  /**
   * Where the checksum that is still to be computed begins, in bytes from the
   * frame's start; 0 when the frame's checksums are complete.
   */
  readonly checksumStart: Uint16Array<ArrayBuffer>;

  /** Where that checksum is to be written, in bytes from `checksumStart`. */
  readonly checksumOffset: Uint16Array<ArrayBuffer>;

  /** Frames in the burst. */
  count = 0;

  /** Offset from which on the arena is free: the next slot. */
  tail = 0;

  /**
   * Makes an empty burst.
   *
   * @param capacityFrames Most frames that the burst holds; 128 if absent.
   * @param arena Where they stand; becomes the burst's. A number: the size of a
   * plain arena in bytes; unless given, room for as many of the longest frames.
   * @throws {RangeError} If a number is not whole, is negative, or asks for
   * more memory than there is.
   */
  constructor(
    readonly capacityFrames: number = DEFAULT_CAPACITY_FRAMES,
    arena: Arena | number = capacityFrames * FRAME_SLOT_BYTES,
  ) {
    checkWhole("the number of its frames", capacityFrames);
    if (typeof arena === "number") checkWhole("its size in bytes", arena);
    this.arena = typeof arena === "number" ? new PlainArena(arena) : arena;
    this.bytes = this.arena.bytes;
    this.start = new Uint32Array(capacityFrames);
    this.length = new Uint32Array(capacityFrames);
    this.kind = new Uint8Array(capacityFrames);
    this.segmentSize = new Uint16Array(capacityFrames);
    this.checksumStart = new Uint16Array(capacityFrames);
    this.checksumOffset = new Uint16Array(capacityFrames);
  }

  /** Forgets all frames. Offsets taken before are void. */
  clear(): void {
    this.count = 0;
    this.tail = 0;
  }

  /**
   * How many frames of up to `slotBytes` still fit, one slot after the other
   * from `tail` on.
   *
   * @param slotBytes Distance from one frame's start to the next: a multiple of
   * {@linkcode FRAME_ALIGN_BYTES}.
   */
  room(slotBytes: number): number {
    const free = this.bytes.length - this.tail;
    if (free < slotBytes) return 0;
    const slots = Math.floor(free / slotBytes);
    const frames = this.capacityFrames - this.count;
    return slots < frames ? slots : frames;
  }

  /**
   * Adds a plain frame that already stands in the arena. The caller has seen
   * to it that there is room.
   *
   * @param start Offset of its first byte.
   * @param length Its length in bytes.
   */
  append(start: number, length: number): void {
    const index = this.count++;
    this.start[index] = start;
    this.length[index] = length;
    this.kind[index] = 0;
    this.checksumStart[index] = 0;
    const end = roundUp(start + length);
    if (end > this.tail) this.tail = end;
  }

  /**
   * Copies a frame into the arena and adds it. For set-up, tests and plugs
   * that make frames; not needed where the kernel writes into the arena.
   *
   * @param frame Copied; stays the caller's.
   * @returns Whether there was room.
   */
  push(frame: Uint8Array): boolean {
    if (this.room(roundUp(frame.length)) < 1) return false;
    this.bytes.set(frame, this.tail);
    this.append(this.tail, frame.length);
    return true;
  }

  /**
   * The bytes of one frame, for tests and slow paths: makes a new view.
   *
   * @param index Below `count`.
   * @returns A view of the arena, valid until the burst is cleared.
   */
  frame(index: number): Uint8Array<ArrayBuffer> {
    const start = this.start[index];
    return this.bytes.subarray(start, start + this.length[index]);
  }
}

function checkWhole(what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new RangeError(
    `Cannot make a burst as ${what} is a whole number: received ${value}`,
  );
}

function roundUp(bytes: number): number {
  return (bytes + FRAME_ALIGN_BYTES - 1) & ~(FRAME_ALIGN_BYTES - 1);
}
