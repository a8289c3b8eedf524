/**
 * A TAP interface with superframes: a `struct virtio_net_hdr`
 * (linux/virtio_net.h) stands before each frame.
 *
 * The kernel hands TCP over in superframes of up to 64 KB, and takes them:
 * neighbouring segments of one flow are merged into one on their way in.
 *
 * @module
 */

import { EINVAL } from "../../ffi/errno.ts";
import { closeFd, readv, writev } from "../../ffi/fd.ts";
import {
  type TapInterface,
  VIRTIO_NET_HEADER_BYTES,
} from "../../ffi/if_tun.ts";
import { Iovecs } from "../../ffi/memory.ts";
import { type Burst, SUPERFRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { Merger } from "../net/merger.ts";
import { FrameKind, MAX_SUPERFRAME_BYTES } from "../net/offload.ts";
import { countUnfit, fits } from "../plug/fit.ts";
import type { Log, OpenOptions, Plug } from "../plug/plugin.ts";
import { brokenTap, dropReason, isQuiet } from "./tap_link.ts";

/** Frames of the bursts that a cable uses; for larger ones, more room is made. */
const BURST_FRAMES = 1024;
/** Pieces of an item: its headers, and a piece of each of its frames. */
const MAX_PIECES = 1 + 64;

/** Offsets in `struct virtio_net_hdr`, in bytes; all in host order. */
const FLAGS = 0;
const KIND = 1;
/** The same, of its 16-bit fields, in units of 2 bytes. */
const SEGMENT_SIZE = 2;
const CHECKSUM_START = 3;
const CHECKSUM_OFFSET = 4;

/** Bases of scatter lists: frames, headers, and a header of zeros. */
const ARENA = 1;
const HEADERS = 2;
const BARE = 3;

const NEEDS_CHECKSUM = 1;
const PLAIN: number = FrameKind.plain;

/** The plug of such an interface. */
export class SuperframeTap implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts: number;
  readonly fd: number;
  readonly #tap: TapInterface;
  readonly #received;
  readonly #sent;
  readonly #log: Log;
  readonly #header = new Uint16Array(VIRTIO_NET_HEADER_BYTES / 2);
  readonly #headerBytes = new Uint8Array(this.#header.buffer);
  readonly #readIovecs = new Iovecs(2);
  readonly #writeIovecs = new Iovecs(MAX_PIECES);
  readonly #bare = new Uint8Array(VIRTIO_NET_HEADER_BYTES);
  #merger = new Merger(BURST_FRAMES);
  /** What is merged: less than `accepts` once the kernel has refused something. */
  #merged: number;
  #open = true;

  /** @param tap Becomes the plug's. */
  constructor(tap: TapInterface, options: OpenOptions) {
    this.fd = tap.fd;
    this.accepts = tap.offload;
    this.#tap = tap;
    this.#received = options.receiveCounters;
    this.#sent = options.sendCounters;
    this.#log = options.log;
    this.#merged = tap.offload;
    this.#readIovecs.bases.point(HEADERS, this.#headerBytes);
    this.#readIovecs.set(0, HEADERS, 0, VIRTIO_NET_HEADER_BYTES);
    this.#writeIovecs.bases.point(HEADERS, this.#merger.headers);
    this.#writeIovecs.bases.point(BARE, this.#bare);
  }

  receive(burst: Burst): number {
    const before = burst.count;
    this.#readIovecs.bases.point(ARENA, burst.bytes);
    while (burst.room(SUPERFRAME_SLOT_BYTES) > 0) {
      this.#readIovecs.set(1, ARENA, burst.tail, SUPERFRAME_SLOT_BYTES);
      const n = readv(this.fd, this.#readIovecs, 2);
      if (n < 0) {
        if (isQuiet(n)) break;
        throw brokenTap(this.#tap, "read from", n);
      }
      this.#take(burst, n - VIRTIO_NET_HEADER_BYTES);
    }
    return burst.count - before;
  }

  #take(burst: Burst, length: number): void {
    const kind = this.#headerBytes[KIND];
    const whole = kind === PLAIN
      ? fits(length)
      : length <= MAX_SUPERFRAME_BYTES;
    if (!whole) {
      countUnfit(length, this.#received);
      return;
    }
    const index = burst.count;
    burst.append(burst.tail, length);
    if ((this.#headerBytes[FLAGS] & NEEDS_CHECKSUM) === 0) return;
    burst.kind[index] = kind;
    burst.segmentSize[index] = this.#header[SEGMENT_SIZE];
    burst.checksumStart[index] = this.#header[CHECKSUM_START];
    burst.checksumOffset[index] = this.#header[CHECKSUM_OFFSET];
  }

  send(burst: Burst, from: number): number {
    this.#writeIovecs.bases.point(ARENA, burst.bytes);
    if (burst.capacityFrames > this.#merger.capacityFrames) {
      this.#merger = new Merger(burst.capacityFrames);
      this.#writeIovecs.bases.point(HEADERS, this.#merger.headers);
    }
    const merger = this.#merger;
    merger.merge(burst, from, this.#merged);
    for (let item = 0; item < merger.count; item++) {
      const head = merger.head[item];
      if (burst.kind[head] === PLAIN && !fits(burst.length[head])) {
        countUnfit(burst.length[head], this.#sent);
        continue;
      }
      const n = this.#writeItem(burst, item);
      if (n >= 0) continue;
      if (n === -EINVAL && merger.frames[item] > 1) {
        this.#stopMerging(merger.headers[merger.headerStart[item] + KIND]);
        this.#writeMembers(burst, item);
      } else this.#sent.add(dropReason(this.#tap, n), 1);
    }
    return burst.count - from;
  }

  #writeItem(burst: Burst, item: number): number {
    const merger = this.#merger;
    const iovecs = this.#writeIovecs;
    const skip = merger.payloadOffset[item];
    iovecs.set(
      0,
      HEADERS,
      merger.headerStart[item],
      merger.headerLength[item],
    );
    let pieces = 1;
    for (
      let index = merger.head[item];
      index >= 0;
      index = merger.next[index]
    ) {
      const start = burst.start[index] + skip;
      iovecs.set(pieces++, ARENA, start, burst.length[index] - skip);
    }
    return writev(this.fd, iovecs, pieces);
  }

  /** Writes the frames of a merged item one by one. */
  #writeMembers(burst: Burst, item: number): void {
    const merger = this.#merger;
    const iovecs = this.#writeIovecs;
    iovecs.set(0, BARE, 0, VIRTIO_NET_HEADER_BYTES);
    for (
      let index = merger.head[item];
      index >= 0;
      index = merger.next[index]
    ) {
      iovecs.set(1, ARENA, burst.start[index], burst.length[index]);
      const n = writev(this.fd, iovecs, 2);
      if (n < 0) this.#sent.add(dropReason(this.#tap, n), 1);
    }
  }

  #stopMerging(kind: number): void {
    if (this.#merged === 0) return;
    this.#merged = 0;
    this.#log.debug(
      `interface "${this.#tap.name}" refused a superframe of kind ${kind}: ` +
        "segments are not merged any more",
    );
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }
}
