/**
 * Frames into datagrams: cut to fit the path, behind a header where the
 * protocol has one, as many with one call as the kernel takes.
 *
 * A TCP superframe, or a TCP frame that is too long for the path, becomes
 * segments that fit: no IP fragment is made for TCP. What else is too long is
 * left to IP, which fragments it; that is counted, and told once.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { DatagramSender } from "../../ffi/datagram_sender.ts";
import { EAGAIN, ENOBUFS, isNetworkReport } from "../../ffi/errno.ts";
import { ABSOLUTE } from "../../ffi/memory.ts";
import type { Burst } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { FrameKind } from "../net/offload.ts";
import { completeChecksum } from "../net/complete_checksum.ts";
import { MAX_SEGMENT_HEADER_BYTES, Segmenter } from "../net/segmenter.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { countUnfit, fits } from "../plug/fit.ts";
import { type Log, Offload } from "../plug/plugin.ts";

/** Most datagrams of a batch. */
const BATCH = 1024;
/** Pieces of a datagram: what stands before the payload, and the payload. */
const PIECES = 2;
/** No segment's headers are longer: the room that is asked for is always enough. */
const HEADERS_BYTES = MAX_SEGMENT_HEADER_BYTES;

const PLAIN: number = FrameKind.plain;
const MAX_BYTES = MAX_FRAME_BYTES;

/** Bases of what a batch points to: the burst, the segments' headers, the protocol's header, the names. */
const ARENA = 1;
const HEADERS = 2;
const HEADER = 3;
const NAMES = 4;

/** Superframes that a tunnel takes whole. */
export const TUNNEL_OFFLOAD: number = Offload.checksum | Offload.tcp4 |
  Offload.tcp6 | Offload.ecn | Offload.udp4 | Offload.udp6;

/** Where frames go. Asked for each frame: allocates nothing. */
export interface Outlet {
  /** Length of each `struct sockaddr` that `name` tells of. */
  readonly nameLength: number;
  /** A number for where a frame goes; negative: to everybody. */
  route(burst: Burst, index: number, nowMs: number): number;
  /** Arrays that hold the `struct sockaddr` of routes, at addresses that never change; none: the socket is connected. */
  readonly names: readonly Uint8Array[];
  /** In which of `names` that of a route stands. */
  nameArray(route: number): number;
  /** Where it begins there, in bytes. */
  nameOffset(route: number): number;
  /** The longest datagram, in bytes of UDP payload, that a route takes in one packet. */
  limit(route: number, nowMs: number): number;
  /** The network said that a peer is not there: routes may be others now. */
  forgetUnreachable(): void;
}

/** What a sender works with. All stay the caller's. */
export interface TunnelSenderOptions {
  /** Non-blocking UDP socket. */
  readonly fd: number;
  /** Bytes before each frame; empty for none. */
  readonly header: Uint8Array<ArrayBuffer>;
  readonly outlet: Outlet;
  /** What is dropped, fragmented, or sent to everybody is counted here. */
  readonly counters: Counters;
  readonly log: Log;
  /** `false`: the socket is none of UDP's, and takes no message of many datagrams. */
  readonly segments?: boolean;
}

/** Sends frames through one socket. Not shared between threads. */
export class TunnelSender {
  readonly #options: TunnelSenderOptions;
  readonly #batch = new DatagramSender(BATCH, PIECES * BATCH);
  readonly #segmenter: Segmenter;
  readonly #headerLength: number;
  /** Of each datagram: the index of its frame in the burst. */
  readonly #frames = new Uint32Array(BATCH);
  /** Of each datagram: its route. */
  readonly #routes = new Int32Array(BATCH);
  /** Datagrams of the first frame not yet taken that are sent already. */
  #sentOfFirst = 0;
  /** Frames before this index have been counted, if they were dropped or fragmented, when they were offered before. */
  #counted = 0;
  #warned = false;
  #segmentsWarned = false;

  /** @param options Kept. */
  constructor(options: TunnelSenderOptions) {
    const { header } = options;
    this.#options = options;
    if (options.segments === false) {
      this.#batch.segments = false;
      this.#segmentsWarned = true;
    }
    this.#headerLength = header.length;
    this.#segmenter = new Segmenter({
      capacity: BATCH,
      headroomBytes: header.length,
    });
    for (const start of this.#segmenter.headerStart) {
      this.#segmenter.headers.set(header, start - header.length);
    }
    const { bases } = this.#batch;
    options.outlet.names.forEach((array, index) =>
      bases.point(NAMES + index, array)
    );
    if (header.length > 0) bases.point(HEADER, header);
    bases.point(HEADERS, this.#segmenter.headers);
  }

  /**
   * Sends the frames of `burst` from index `from` on. Allocates nothing.
   *
   * @returns Number of frames taken; fewer than offered when the socket's
   * buffer is full: its being writable tells when to go on.
   */
  send(burst: Burst, from: number): number {
    for (let index = from; index < burst.count;) {
      const next = this.#fill(burst, index);
      const sent = this.#sendBatch(burst);
      this.#countFlooded(sent);
      if (next > this.#counted) this.#counted = next;
      if (sent < this.#batch.count) return this.#pause(sent) - from;
      this.#sentOfFirst = 0;
      index = next;
    }
    this.#counted = 0;
    return burst.count - from;
  }

  /** Sends a header alone: a word of the protocol itself. That it gets there is not certain. */
  sendHeader(route: number): void {
    this.#batch.clear();
    this.#add(0, route, 0);
    this.#batch.addPiece(HEADER, 0, this.#headerLength);
    this.#batch.send(this.#options.fd, 0);
  }

  /** Notes how much of its frame is gone before datagram `sent`; gives the frame's index. */
  #pause(sent: number): number {
    const frame = this.#frames[sent];
    let first = sent;
    while (first > 0 && this.#frames[first - 1] === frame) first--;
    this.#sentOfFirst = sent - first;
    return frame;
  }

  /** Makes datagrams of frames, as many as the batch holds; gives the index of the next frame. */
  #fill(burst: Burst, from: number): number {
    const nowMs = monotonicMs();
    this.#batch.bases.point(ARENA, burst.bytes);
    this.#batch.clear();
    this.#segmenter.clear();
    let index = from;
    for (; index < burst.count; index++) {
      const length = burst.length[index];
      const plain = burst.kind[index] === PLAIN;
      if (plain && !fits(length)) {
        if (index >= this.#counted) countUnfit(length, this.#options.counters);
        continue;
      }
      const route = this.#options.outlet.route(burst, index, nowMs);
      const limit = this.#frameLimit(route, nowMs);
      if (plain && length <= limit) {
        if (!this.#batch.hasRoom(1)) break;
        this.#addWhole(burst, index, route, limit);
        continue;
      }
      if (!this.#hasRoomFor(burst, index, limit)) break;
      if (this.#addSegments(burst, index, route, limit, limit)) continue;
      this.#addTooLong(burst, index, route, limit);
    }
    return index;
  }

  /** The longest frame that a route takes in one packet. */
  #frameLimit(route: number, nowMs: number): number {
    const limit = this.#options.outlet.limit(route, nowMs) - this.#headerLength;
    return limit < MAX_FRAME_BYTES ? limit : MAX_FRAME_BYTES;
  }

  /** Whether the batch takes a frame's segments, or is empty, and so has all the room there ever is. */
  #hasRoomFor(burst: Burst, index: number, limit: number): boolean {
    if (this.#batch.count === 0) return true;
    const wished = burst.segmentSize[index];
    const most = limit - HEADERS_BYTES;
    const size = burst.kind[index] !== PLAIN && wished < most ? wished : most;
    return size > 0 &&
      this.#batch.hasRoom(Math.ceil(burst.length[index] / size) + 1);
  }

  #addWhole(
    burst: Burst,
    index: number,
    route: number,
    limit: number,
  ): void {
    if (burst.checksumStart[index] !== 0 && !completeChecksum(burst, index)) {
      this.#countMalformed(index);
      return;
    }
    this.#add(index, route, limit);
    if (this.#headerLength > 0) {
      this.#batch.addPiece(HEADER, 0, this.#headerLength);
    }
    this.#batch.addPiece(ARENA, burst.start[index], burst.length[index]);
  }

  #countMalformed(index: number): void {
    if (index >= this.#counted) {
      this.#options.counters.add(Counter.malformed, 1);
    }
  }

  /** What cannot be cut to fit, UDP above all, goes as long as it is, and IP fragments it. */
  #addTooLong(
    burst: Burst,
    index: number,
    route: number,
    limit: number,
  ): void {
    if (burst.kind[index] === PLAIN) {
      this.#addWhole(burst, index, route, limit);
    } else if (!this.#addSegments(burst, index, route, limit, MAX_BYTES)) {
      this.#countMalformed(index);
      return;
    }
    if (index >= this.#counted) this.#noteFragments(limit);
  }

  /** Adds a frame's segments of up to `longest` bytes; whether it can be cut so. */
  #addSegments(
    burst: Burst,
    index: number,
    route: number,
    limit: number,
    longest: number,
  ): boolean {
    const segmenter = this.#segmenter;
    const first = segmenter.count;
    const segments = segmenter.cut(burst, index, longest);
    const headerLength = this.#headerLength;
    for (let at = first; at < first + segments; at++) {
      this.#add(index, route, limit);
      this.#batch.addPiece(
        HEADERS,
        segmenter.headerStart[at] - headerLength,
        headerLength + segmenter.headerLength[at],
      );
      this.#batch.addPiece(
        ARENA,
        segmenter.payloadStart[at],
        segmenter.payloadLength[at],
      );
    }
    return segments > 0;
  }

  #add(index: number, route: number, limit: number): void {
    const { outlet } = this.#options;
    const entry = this.#batch.count;
    this.#frames[entry] = index;
    this.#routes[entry] = route;
    this.#batch.add(
      this.#nameBase(route),
      outlet.nameOffset(route),
      outlet.nameLength,
      limit + this.#headerLength,
    );
  }

  #nameBase(route: number): number {
    const { outlet } = this.#options;
    return outlet.names.length === 0
      ? ABSOLUTE
      : NAMES + outlet.nameArray(route);
  }

  /** Sends the batch; gives the number of datagrams that are done with: sent, or dropped and counted. */
  #sendBatch(burst: Burst): number {
    const { count } = this.#batch;
    let sent = this.#sentOfFirst;
    let again = -1;
    while (sent < count) {
      const result = this.#batch.send(this.#options.fd, sent);
      if (result > 0) sent += result;
      else if (result === -EAGAIN) break;
      else if (isNetworkReport(-result) && again !== sent) {
        // It may be about an earlier datagram, to another peer.
        again = sent;
        this.#options.outlet.forgetUnreachable();
        this.#reroute(burst, sent);
      } else {
        const reason = result === -ENOBUFS ? Counter.full : Counter.unreachable;
        this.#options.counters.add(reason, 1);
        sent++;
      }
    }
    this.#noteSegments();
    return sent;
  }

  #reroute(burst: Burst, from: number): void {
    const { outlet } = this.#options;
    const nowMs = monotonicMs();
    for (let entry = from; entry < this.#batch.count; entry++) {
      const route = outlet.route(burst, this.#frames[entry], nowMs);
      this.#routes[entry] = route;
      this.#batch.redirect(
        entry,
        this.#nameBase(route),
        outlet.nameOffset(route),
        outlet.limit(route, nowMs),
      );
    }
  }

  #countFlooded(sent: number): void {
    let flooded = 0;
    for (let entry = this.#sentOfFirst; entry < sent; entry++) {
      if (this.#routes[entry] < 0) flooded++;
    }
    this.#options.counters.add(Counter.flooded, flooded);
  }

  #noteFragments(limit: number): void {
    this.#options.counters.add(Counter.fragmented, 1);
    if (this.#warned) return;
    this.#warned = true;
    this.#options.log.warn(
      `frames longer than ${limit} bytes go in fragments, as the path takes no longer ones: ` +
        `an MTU of ${limit - 14} or less on the virtual interfaces avoids that`,
    );
  }

  #noteSegments(): void {
    if (this.#batch.segments || this.#segmentsWarned) return;
    this.#segmentsWarned = true;
    this.#options.log.debug(
      "the network device takes no segmentation offload: datagrams go one by one",
    );
  }
}
