/**
 * Frames that wait for room in a client's queue.
 *
 * All ports share one pool of slots, so that many clients cost no more memory
 * than few; each port's frames are a chain of slots, in their order. A port
 * may have so many slots and no more, and has to take something now and then:
 * see {@linkcode MAX_WAIT_MS}.
 *
 * @module
 */

import { copyBetween, PlainArena } from "../net/arena.ts";
import { FRAME_SLOT_BYTES, SUPERFRAME_SLOT_BYTES } from "../net/burst.ts";
import { VIRTIO_HEADER_BYTES } from "../net/virtio_header.ts";
import type { Batch } from "./batch.ts";
import type { Port } from "./port.ts";

/** How much may wait. */
export interface BacklogSize {
  /** Of a slot: the longest that waits, in bytes. */
  readonly slotBytes: number;
  /** Slots of the pool, which take memory only once they are used. */
  readonly poolFrames: number;
  /** Most frames that wait for one port. */
  readonly portFrames: number;
}

/** Of ports that take plain frames: 19 MB in all. */
export const PLAIN_BACKLOG: BacklogSize = {
  slotBytes: FRAME_SLOT_BYTES,
  poolFrames: 2048,
  portFrames: 256,
};

/** Of ports that take superframes: 17 MB in all. */
export const SUPERFRAME_BACKLOG: BacklogSize = {
  slotBytes: SUPERFRAME_SLOT_BYTES,
  poolFrames: 256,
  portFrames: 64,
};

/** A client that takes nothing for so long is not waited for any more. */
export const MAX_WAIT_MS = 200;

const VIRTIO_BYTES = VIRTIO_HEADER_BYTES;
const NONE = -1;

/** The frames that wait, of all ports. */
export class Backlog {
  /** Frames that wait. */
  used = 0;
  /** Lengths of the frames in the slots, in bytes. */
  readonly length: Uint32Array<ArrayBuffer>;
  /** Of each slot: the next one of its port, or of the free ones. */
  readonly next: Int32Array<ArrayBuffer>;
  readonly #size: BacklogSize;
  #arena: PlainArena | undefined;
  #free = NONE;

  /** @param size Kept. */
  constructor(size: BacklogSize) {
    const { poolFrames } = size;
    this.#size = size;
    this.length = new Uint32Array(poolFrames);
    this.next = new Int32Array(poolFrames);
    for (let slot = poolFrames - 1; slot >= 0; slot--) this.#release(slot);
  }

  /** Where the slots stand; its address never changes. */
  get arena(): PlainArena {
    const { poolFrames, slotBytes } = this.#size;
    return this.#arena ??= new PlainArena(poolFrames * slotBytes);
  }

  /** Where a slot begins in the arena, in bytes. */
  start(slot: number): number {
    return slot * this.#size.slotBytes;
  }

  /**
   * Copies a frame to the end of a port's queue.
   *
   * @returns Whether there was room.
   */
  push(port: Port, batch: Batch, index: number): boolean {
    const slot = this.#free;
    if (slot === NONE || port.waiting >= this.#size.portFrames) return false;
    this.#free = this.next[slot];
    this.#copy(slot, batch, index, port.superframes);
    this.next[slot] = NONE;
    if (port.waiting === 0) port.progressMs = batch.nowMs;
    if (port.lastWaiting === NONE) port.firstWaiting = slot;
    else this.next[port.lastWaiting] = slot;
    port.lastWaiting = slot;
    port.waiting++;
    this.used++;
    return true;
  }

  #copy(
    slot: number,
    batch: Batch,
    index: number,
    superframes: boolean,
  ): void {
    const { arena } = this;
    let to = this.start(slot);
    if (superframes) {
      const virtio = index * VIRTIO_BYTES;
      for (let at = 0; at < VIRTIO_BYTES; at++) {
        arena.bytes[to + at] = batch.virtio[virtio + at];
      }
      to += VIRTIO_BYTES;
    }
    const headerLength = batch.headerLength[index];
    const header = batch.headerStart[index];
    for (let at = 0; at < headerLength; at++) {
      arena.bytes[to + at] = batch.headers[header + at];
    }
    const length = batch.length[index];
    const from = batch.start[index];
    copyBetween(batch.arena, from, arena, to + headerLength, length);
    this.length[slot] = to + headerLength + length - this.start(slot);
  }

  /** Takes the first frame of a port's queue, which is not empty, out of it. */
  shift(port: Port): void {
    const slot = port.firstWaiting;
    port.firstWaiting = this.next[slot];
    if (port.firstWaiting === NONE) port.lastWaiting = NONE;
    port.waiting--;
    this.used--;
    this.#release(slot);
  }

  /** Empties a port's queue, and tells how many frames there were. */
  clear(port: Port): number {
    const { waiting } = port;
    while (port.waiting > 0) this.shift(port);
    return waiting;
  }

  /** Whether a port's client takes nothing of what waits for it. */
  isOverdue(port: Port, nowMs: number): boolean {
    return port.waiting > 0 && nowMs - port.progressMs > MAX_WAIT_MS;
  }

  #release(slot: number): void {
    this.next[slot] = this.#free;
    this.#free = slot;
  }
}
