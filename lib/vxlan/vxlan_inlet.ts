/**
 * Which datagrams belong to a VXLAN network, and what is learned from them.
 *
 * @module
 */

import { SOCKADDR_STRIDE_BYTES } from "../../ffi/sockaddr.ts";
import {
  MAX_FRAME_BYTES,
  MIN_FRAME_BYTES,
  SOURCE_MAC_OFFSET,
} from "../net/frame.ts";
import type { Stations } from "../net/stations.ts";
import {
  hasVxlanHeaderUnchecked,
  isVxlanHeaderUnchecked,
} from "../net/vxlan_header.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import type { Inlet } from "../tunnel/tunnel_receiver.ts";

/** Private copies: imported constants are not folded into the code. */
const HEADER_BYTES = 8;
const SOURCE_OFFSET = SOURCE_MAC_OFFSET;
/** Source address, type, and the tag if there is one: what a station is known by. */
const STATION_BYTES = 10;

/** Addresses that are one's own. */
export interface OwnSources {
  /** Whether the `struct sockaddr` at `offset` is one of them. */
  has(sources: Uint8Array, offset: number): boolean;
}

/** What an inlet works with. All stay the caller's. */
export interface VxlanInletOptions {
  /** The network's own header: whatever else comes is not for it. */
  readonly header: Uint8Array;
  /** Senders and the stations behind them are noted here. */
  readonly stations: Stations;
  /** What is dropped is counted here. */
  readonly counters: Counters;
  /** Sources of datagrams that are one's own, heard again; absent: there can be none. */
  readonly self?: OwnSources;
}

/** The inlet of one socket. */
export class VxlanInlet implements Inlet {
  readonly #options: VxlanInletOptions;
  /** Where the sender let in last stands. */
  #sources: Uint8Array = new Uint8Array(SOCKADDR_STRIDE_BYTES);
  #source = 0;
  #isOwn = false;
  #peer = -1;
  /** Start of the frame that was learned from last, of the same message; -1 for none. */
  #learned = -1;

  /** @param options Kept. */
  constructor(options: VxlanInletOptions) {
    this.#options = options;
  }

  enter(sources: Uint8Array, offset: number): boolean {
    const { self } = this.#options;
    this.#sources = sources;
    this.#source = offset;
    this.#isOwn = self !== undefined && self.has(sources, offset);
    this.#peer = -1;
    this.#learned = -1;
    return true;
  }

  accept(
    bytes: Uint8Array,
    start: number,
    length: number,
    nowMs: number,
  ): boolean {
    const { counters, header, stations } = this.#options;
    if (length < HEADER_BYTES) {
      counters.add(Counter.malformed, 1);
      return false;
    }
    if (!hasVxlanHeaderUnchecked(bytes, start, header)) {
      const other = isVxlanHeaderUnchecked(bytes, start);
      counters.add(other ? Counter.foreign : Counter.malformed, 1);
      return false;
    }
    if (this.#isOwn) {
      counters.add(Counter.echo, 1);
      return false;
    }
    if (length === HEADER_BYTES) {
      // A goodbye speaks for the address that it came from, and for no other.
      stations.forget(this.#sources, this.#source);
      this.#peer = -1;
      this.#learned = -1;
      return false;
    }
    this.#learn(bytes, start + HEADER_BYTES, length - HEADER_BYTES, nowMs);
    return true;
  }

  #learn(
    bytes: Uint8Array,
    frame: number,
    length: number,
    nowMs: number,
  ): void {
    if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES) return;
    if (this.#learned >= 0 && isSameStation(bytes, frame, this.#learned)) {
      return;
    }
    const { stations } = this.#options;
    if (this.#peer < 0) {
      this.#peer = stations.peerOf(
        this.#sources,
        this.#source,
        SOCKADDR_STRIDE_BYTES,
      );
    }
    stations.learn(bytes, frame, length, this.#peer, nowMs);
    // Only a frame that has all the bytes that are compared can stand for others.
    this.#learned = length >= SOURCE_OFFSET + STATION_BYTES ? frame : -1;
  }
}

/** Whether two frames come from one station, in one VLAN. The second is long enough to be compared. */
function isSameStation(
  bytes: Uint8Array,
  frame: number,
  other: number,
): boolean {
  for (let at = SOURCE_OFFSET; at < SOURCE_OFFSET + STATION_BYTES; at++) {
    if (bytes[frame + at] !== bytes[other + at]) return false;
  }
  return true;
}
