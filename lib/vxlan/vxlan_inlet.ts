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
const FLAGS = 0;
const VALID_VNI = 0x08;
const VNI = 4;
const VNI_END = 7;
/** Where `sin_port` and `sin6_port` stand, in network order. */
const PORT = 2;
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
  /** RFC 7348's own rules instead of those of `vxvde://`. */
  readonly standard?: StandardRules;
}

/**
 * The rules of RFC 7348, section 5, where they differ: reserved bytes are
 * ignored, there is no goodbye, and a sender is reached at the network's port,
 * whatever port it sends from. The reserved bits of the first byte are not
 * ignored, as the kernel does not ignore them either: the extensions that use
 * them put something else than an Ethernet frame behind the header.
 */
export interface StandardRules {
  /** The network's port. */
  readonly port: number;
}

/** The inlet of one socket. */
export class VxlanInlet implements Inlet {
  readonly #options: VxlanInletOptions;
  readonly #isStandard: boolean;
  /** By the standard's rules: where the sender let in last is reached. */
  readonly #reached = new Uint8Array(SOCKADDR_STRIDE_BYTES);
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
    this.#isStandard = options.standard !== undefined;
  }

  enter(sources: Uint8Array, offset: number): boolean {
    const { self } = this.#options;
    this.#sources = sources;
    this.#source = offset;
    this.#isOwn = self !== undefined && self.has(sources, offset);
    this.#peer = -1;
    this.#learned = -1;
    if (this.#isStandard) this.#reachAtPort();
    return true;
  }

  /** Puts the network's port in the place of the sender's. */
  #reachAtPort(): void {
    const reached = this.#reached;
    const { port = 0 } = this.#options.standard ?? {};
    for (let at = 0; at < SOCKADDR_STRIDE_BYTES; at++) {
      reached[at] = this.#sources[this.#source + at];
    }
    reached[PORT] = port >> 8;
    reached[PORT + 1] = port;
    this.#sources = reached;
    this.#source = 0;
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
    const unwanted = this.#isStandard
      ? findStandardFault(bytes, start, header)
      : findFault(bytes, start, header);
    if (unwanted !== FINE) {
      counters.add(unwanted, 1);
      return false;
    }
    if (this.#isOwn) {
      counters.add(Counter.echo, 1);
      return false;
    }
    if (length === HEADER_BYTES && !this.#isStandard) {
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

const FINE = -1;

/** The counter of a header that is not, in all of its bytes, the network's own; -1 if it is. */
function findFault(
  bytes: Uint8Array,
  start: number,
  header: Uint8Array,
): number {
  if (hasVxlanHeaderUnchecked(bytes, start, header)) return FINE;
  return isVxlanHeaderUnchecked(bytes, start)
    ? Counter.foreign
    : Counter.malformed;
}

/** The same by the standard's rules. */
function findStandardFault(
  bytes: Uint8Array,
  start: number,
  header: Uint8Array,
): number {
  if (bytes[start + FLAGS] !== VALID_VNI) return Counter.malformed;
  for (let at = VNI; at < VNI_END; at++) {
    if (bytes[start + at] !== header[at]) return Counter.foreign;
  }
  return FINE;
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
