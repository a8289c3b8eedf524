/**
 * Frames into datagrams behind a VXLAN header: to the peer behind which a
 * frame's destination is, or to the group.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { DatagramSender } from "../../ffi/datagram.ts";
import {
  EAGAIN,
  ECONNREFUSED,
  EHOSTDOWN,
  EHOSTUNREACH,
  ENETDOWN,
  ENETUNREACH,
  ENOBUFS,
} from "../../ffi/errno.ts";
import { AddressCache, addressOf } from "../../ffi/memory.ts";
import {
  SOCKADDR_STRIDE_BYTES,
  type SocketAddress,
} from "../../ffi/sockaddr.ts";
import type { Burst } from "../net/burst.ts";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../net/frame.ts";
import type { Stations } from "../net/stations.ts";
import { Counter, type Counters } from "../plug/counters.ts";

/** Most datagrams of one call. */
const BATCH = 64;

/** What a sender works with. All stay the caller's. */
export interface FrameSenderOptions {
  /** Non-blocking UDP socket. */
  readonly fd: number;
  /** The network's header. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** Where frames go whose destination is everybody, or unknown. */
  readonly group: SocketAddress;
  /** Where the known stations are. */
  readonly stations: Stations;
  /** What is dropped, and what goes to everybody, is counted here. */
  readonly counters: Counters;
  /** Called when a peer may have gone: takes the socket's error queue in. */
  readonly onNetworkError: () => void;
}

/** Sends the frames of one socket. Not shared between threads. */
export class FrameSender {
  readonly #options: FrameSenderOptions;
  readonly #datagrams: DatagramSender;
  readonly #groupAddress: number;
  readonly #groupLength: number;
  readonly #peersAddress: number;
  readonly #arena = new AddressCache();
  /** Of each datagram of a batch: the index of its frame in the burst. */
  readonly #frames = new Uint32Array(BATCH);

  /** @param options Kept. */
  constructor(options: FrameSenderOptions) {
    this.#options = options;
    this.#datagrams = new DatagramSender(BATCH, options.header);
    this.#groupAddress = addressOf(options.group.bytes);
    this.#groupLength = options.group.bytes.length;
    this.#peersAddress = addressOf(options.stations.peers.bytes);
  }

  /** Sends a header alone to the group. */
  sendGoodbye(): void {
    this.#datagrams.setDestination(0, this.#groupAddress, this.#groupLength);
    this.#datagrams.setFrame(0, this.#groupAddress, 0);
    this.#datagrams.send(this.#options.fd, 0, 1);
  }

  /**
   * Sends the frames of `burst` from index `from` on. Allocates nothing.
   *
   * @returns Number of frames taken. Fewer than offered: the socket's buffer
   * is full, or stations were forgotten and the rest goes elsewhere; the
   * socket's being writable tells when to go on.
   */
  send(burst: Burst, from: number): number {
    let index = from;
    while (index < burst.count) {
      const next = this.#sendBatch(burst, index);
      if (next < 0) return ~next - from;
      index = next;
    }
    return index - from;
  }

  /** The index of the first frame after the batch; its complement if that frame has to wait. */
  #sendBatch(burst: Burst, from: number): number {
    const now = monotonicMs();
    let count = 0;
    let index = from;
    for (; index < burst.count && count < BATCH; index++) {
      if (this.#place(burst, index, count, now)) this.#frames[count++] = index;
    }
    for (let sent = 0; sent < count;) {
      const result = this.#datagrams.send(this.#options.fd, sent, count - sent);
      if (result > 0) sent += result;
      else if (result === -EAGAIN) return ~this.#frames[sent];
      else if (isPeerGone(-result)) {
        // The error may be about an earlier datagram, to another peer.
        this.#options.onNetworkError();
        return ~this.#frames[sent];
      } else {
        const reason = result === -ENOBUFS ? Counter.full : Counter.unreachable;
        this.#options.counters.add(reason, 1);
        sent++;
      }
    }
    return index;
  }

  /** Makes frame `index` datagram `entry` of the batch; false if it is dropped. */
  #place(burst: Burst, index: number, entry: number, now: number): boolean {
    const { counters, stations } = this.#options;
    const { bytes } = burst;
    const start = burst.start[index];
    const length = burst.length[index];
    if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES) {
      counters.add(
        length < MIN_FRAME_BYTES ? Counter.runt : Counter.oversize,
        1,
      );
      return false;
    }
    const peer = stations.find(bytes, start, length, now);
    if (peer < 0) {
      counters.add(Counter.flooded, 1);
      this.#datagrams.setDestination(
        entry,
        this.#groupAddress,
        this.#groupLength,
      );
    } else {
      this.#datagrams.setDestination(
        entry,
        this.#peersAddress + peer * SOCKADDR_STRIDE_BYTES,
        this.#groupLength,
      );
    }
    this.#datagrams.setFrame(entry, this.#arena.of(bytes) + start, length);
    return true;
  }
}

/** Whether the network says that a peer, or the way to it, is not there. */
export function isPeerGone(errno: number): boolean {
  return errno === ECONNREFUSED || errno === EHOSTUNREACH ||
    errno === EHOSTDOWN ||
    errno === ENETUNREACH || errno === ENETDOWN;
}
