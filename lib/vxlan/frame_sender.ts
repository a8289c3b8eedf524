/**
 * Frames into datagrams behind a VXLAN header: to the peer behind which a
 * frame's destination is, or to the group.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { DatagramSender } from "../../ffi/datagram.ts";
import { EAGAIN, ENOBUFS, isPeerGone } from "../../ffi/errno.ts";
import { AddressCache, addressOf } from "../../ffi/memory.ts";
import {
  SOCKADDR_STRIDE_BYTES,
  type SocketAddress,
} from "../../ffi/sockaddr.ts";
import type { Burst } from "../net/burst.ts";
import type { Stations } from "../net/stations.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { countUnfitFrames, fits } from "../plug/fit.ts";

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
  /** Of each datagram: the slot of the peer that it goes to, -1 for the group. */
  readonly #peers = new Int32Array(BATCH);

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
   * @returns Number of frames taken; fewer than offered when the socket's
   * buffer is full: its being writable tells when to go on.
   */
  send(burst: Burst, from: number): number {
    let index = from;
    while (index < burst.count) {
      const next = this.#sendBatch(burst, index);
      countUnfitFrames(
        burst,
        index,
        next < 0 ? ~next : next,
        this.#options.counters,
      );
      if (next < 0) return ~next - from;
      index = next;
    }
    return index - from;
  }

  /** The index of the first frame after the batch; its complement if that frame has to wait. */
  #sendBatch(burst: Burst, from: number): number {
    const nowMs = monotonicMs();
    const arena = this.#arena.of(burst.bytes);
    let count = 0;
    let index = from;
    for (; index < burst.count && count < BATCH; index++) {
      if (!fits(burst.length[index])) continue;
      this.#datagrams.setFrame(
        count,
        arena + burst.start[index],
        burst.length[index],
      );
      this.#frames[count++] = index;
    }
    this.#aim(burst, 0, count, nowMs);
    const sent = this.#sendAimed(burst, count, nowMs);
    this.#countFlooded(sent);
    return sent < count ? ~this.#frames[sent] : index;
  }

  /** Sends the batch's datagrams; returns how many are done with: sent, or dropped and counted. */
  #sendAimed(burst: Burst, count: number, nowMs: number): number {
    let sent = 0;
    let again = -1;
    while (sent < count) {
      const result = this.#datagrams.send(this.#options.fd, sent, count - sent);
      if (result > 0) sent += result;
      else if (result === -EAGAIN) break;
      else if (isPeerGone(-result) && again !== sent) {
        // It may be about an earlier datagram, to another peer: once forgotten,
        // that peer's stations are looked for in the group.
        again = sent;
        this.#options.onNetworkError();
        this.#aim(burst, sent, count, nowMs);
      } else {
        const reason = result === -ENOBUFS ? Counter.full : Counter.unreachable;
        this.#options.counters.add(reason, 1);
        sent++;
      }
    }
    return sent;
  }

  /** Says where each datagram of the batch goes, from datagram `from` on. */
  #aim(burst: Burst, from: number, count: number, nowMs: number): void {
    for (let entry = from; entry < count; entry++) {
      const index = this.#frames[entry];
      const peer = this.#options.stations.find(
        burst.bytes,
        burst.start[index],
        burst.length[index],
        nowMs,
      );
      this.#peers[entry] = peer;
      const address = peer < 0
        ? this.#groupAddress
        : this.#peersAddress + peer * SOCKADDR_STRIDE_BYTES;
      this.#datagrams.setDestination(entry, address, this.#groupLength);
    }
  }

  #countFlooded(sent: number): void {
    let flooded = 0;
    for (let entry = 0; entry < sent; entry++) {
      if (this.#peers[entry] < 0) flooded++;
    }
    this.#options.counters.add(Counter.flooded, flooded);
  }
}
