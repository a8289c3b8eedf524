/**
 * Frames out of datagrams, behind a header where the protocol has one.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { DatagramReceiver } from "../../ffi/datagram_receiver.ts";
import { SOCKADDR_STRIDE_BYTES } from "../../ffi/sockaddr.ts";
import { type Burst, SUPERFRAME_SLOT_BYTES } from "../net/burst.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { countUnfit, fits } from "../plug/fit.ts";
import { MIN_BURST_FRAMES } from "../plug/plugin.ts";

/** Most messages of one call, and most datagrams in a message (UDP_GRO_CNT_MAX). */
const BATCH = 16;
const MAX_SEGMENTS = MIN_BURST_FRAMES;

/**
 * Most calls in one turn: what is dropped fills no burst, and a flood of it
 * would keep the thread from everything else.
 */
const MAX_CALLS = 8;

/** Who may send, and what is learned from it. Asked for each frame: allocates nothing. */
export interface Inlet {
  /**
   * Whether the datagrams of a sender are taken.
   *
   * @param sources Holds its `struct sockaddr`, with room for the longer kind.
   * @param offset Of its first byte.
   */
  enter(sources: Uint8Array, offset: number): boolean;

  /**
   * Looks at a datagram of the sender that was let in last.
   *
   * @param start Of the datagram, header included.
   * @returns Whether a frame, or something else, stands behind its header.
   */
  accept(
    bytes: Uint8Array,
    start: number,
    length: number,
    nowMs: number,
  ): boolean;
}

/** What a receiver works with. All stay the caller's. */
export interface TunnelReceiverOptions {
  /** Non-blocking UDP socket. */
  readonly fd: number;
  /** Length of the header before each frame; 0 for none. */
  readonly headerLength: number;
  readonly inlet: Inlet;
  /** What is dropped is counted here. */
  readonly counters: Counters;
}

/** Receives the frames of one socket. Not shared between threads. */
export class TunnelReceiver {
  readonly #options: TunnelReceiverOptions;
  readonly #messages = new DatagramReceiver(BATCH);

  /** @param options Kept. */
  constructor(options: TunnelReceiverOptions) {
    this.#options = options;
  }

  /**
   * Takes the frames that wait, as far as `burst` has room. Allocates nothing.
   *
   * @returns 0, or the `-errno` with which the socket stopped: `-EAGAIN` when
   * nothing is left.
   */
  receive(burst: Burst): number {
    for (let calls = 0; calls < MAX_CALLS; calls++) {
      const wanted = this.#wanted(burst);
      if (wanted < 1) return 0;
      const base = burst.tail;
      this.#messages.aim(burst.bytes, base, SUPERFRAME_SLOT_BYTES);
      const received = this.#messages.receive(this.#options.fd, wanted);
      if (received < 0) return received;
      const nowMs = monotonicMs();
      for (let index = 0; index < received; index++) {
        this.#takeMessage(burst, base, index, nowMs);
      }
      if (received < wanted) return 0;
    }
    return 0;
  }

  #wanted(burst: Burst): number {
    const slots = burst.room(SUPERFRAME_SLOT_BYTES);
    const frames = burst.capacityFrames - burst.count;
    const messages = (frames / MAX_SEGMENTS) | 0;
    const room = slots < messages ? slots : messages;
    return room < BATCH ? room : BATCH;
  }

  #takeMessage(burst: Burst, base: number, index: number, nowMs: number): void {
    const { counters, inlet } = this.#options;
    const length = this.#messages.length(index);
    const size = this.#messages.segmentSize(index);
    if (length < 0) {
      counters.add(Counter.oversize, 1);
      return;
    }
    const offset = index * SOCKADDR_STRIDE_BYTES;
    if (!inlet.enter(this.#messages.sources, offset)) return;
    const start = base + index * SUPERFRAME_SLOT_BYTES;
    const end = start + length;
    const step = size > 0 && size < length ? size : length;
    for (let at = start; at < end; at += step) {
      const left = end - at;
      this.#take(burst, at, step < left ? step : left, nowMs);
    }
    // An empty datagram has no step, but may have a meaning.
    if (length === 0) this.#take(burst, start, 0, nowMs);
  }

  #take(burst: Burst, start: number, length: number, nowMs: number): void {
    const { counters, headerLength, inlet } = this.#options;
    if (!inlet.accept(burst.bytes, start, length, nowMs)) return;
    const frameLength = length - headerLength;
    if (fits(frameLength)) burst.append(start + headerLength, frameLength);
    else countUnfit(frameLength, counters);
  }
}
