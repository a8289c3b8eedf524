/**
 * Frames out of a socket's datagrams, each behind a VXLAN header, and what is
 * learned from them.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { DatagramReceiver } from "../../ffi/datagram.ts";
import { AddressCache } from "../../ffi/memory.ts";
import { SOCKADDR_STRIDE_BYTES } from "../../ffi/sockaddr.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import type { Stations } from "../net/stations.ts";
import {
  hasVxlanHeaderUnchecked,
  isVxlanHeaderUnchecked,
  VXLAN_HEADER_BYTES,
} from "../net/vxlan_header.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { countUnfit, fits } from "../plug/fit.ts";

/** Most datagrams of one call. */
const BATCH = 64;

/**
 * Most calls in one turn: what is dropped fills no burst, and a flood of it
 * would keep the thread from everything else.
 */
const MAX_CALLS = 8;

/** What a receiver works with. All stay the caller's. */
export interface FrameReceiverOptions {
  /** Non-blocking UDP socket. */
  readonly fd: number;
  /** The network's own header: whatever else comes is not for it. */
  readonly header: Uint8Array;
  /** Senders and the stations behind them are noted here. */
  readonly stations: Stations;
  /** What is dropped is counted here. */
  readonly counters: Counters;
  /**
   * Whether a datagram is one's own, heard again; absent: none can be. Asked
   * with a `struct sockaddr` in an array and its offset.
   */
  readonly isOwn?: (sources: Uint8Array, offset: number) => boolean;
}

/** Receives the frames of one socket. Not shared between threads. */
export class FrameReceiver {
  readonly #options: FrameReceiverOptions;
  readonly #datagrams = new DatagramReceiver(BATCH);
  readonly #arena = new AddressCache();

  /** @param options Kept. */
  constructor(options: FrameReceiverOptions) {
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
      const room = burst.room(FRAME_SLOT_BYTES);
      if (room < 1) return 0;
      const wanted = room < BATCH ? room : BATCH;
      const base = burst.tail;
      this.#datagrams.aim(this.#arena.of(burst.bytes) + base, FRAME_SLOT_BYTES);
      const received = this.#datagrams.receive(this.#options.fd, wanted);
      if (received < 0) return received;
      const now = monotonicMs();
      for (let index = 0; index < received; index++) {
        this.#take(burst, base, index, now);
      }
      if (received < wanted) return 0;
    }
    return 0;
  }

  #take(burst: Burst, base: number, index: number, now: number): void {
    const { counters, header, isOwn, stations } = this.#options;
    const { sources } = this.#datagrams;
    const start = base + index * FRAME_SLOT_BYTES;
    const source = index * SOCKADDR_STRIDE_BYTES;
    const datagram = this.#datagrams.length(index);
    const length = datagram - VXLAN_HEADER_BYTES;
    if (datagram < 0) {
      counters.add(Counter.oversize, 1);
    } else if (length < 0) {
      counters.add(Counter.malformed, 1);
    } else if (!hasVxlanHeaderUnchecked(burst.bytes, start, header)) {
      const other = isVxlanHeaderUnchecked(burst.bytes, start);
      counters.add(other ? Counter.foreign : Counter.malformed, 1);
    } else if (isOwn !== undefined && isOwn(sources, source)) {
      counters.add(Counter.echo, 1);
    } else if (length === 0) {
      // A goodbye speaks for the address that it came from, and for no other.
      stations.forget(sources, source);
    } else if (!fits(length)) {
      countUnfit(length, counters);
    } else {
      const frame = start + VXLAN_HEADER_BYTES;
      const peer = stations.peerOf(sources, source, SOCKADDR_STRIDE_BYTES);
      stations.learn(burst.bytes, frame, length, peer, now);
      burst.append(frame, length);
    }
  }
}
