/**
 * A plug on a connected local socket whose packets are superframes, each
 * behind a `struct virtio_net_hdr`: what `vde://` and a switch of ours agree
 * on. Reliable, as PacketPlug is.
 *
 * @module
 */

import { DatagramReceiver } from "../../ffi/datagram_receiver.ts";
import { DatagramSender } from "../../ffi/datagram_sender.ts";
import { EAGAIN } from "../../ffi/errno.ts";
import { SystemError } from "../../ffi/libc.ts";
import { ABSOLUTE } from "../../ffi/memory.ts";
import { isHungUp } from "../../ffi/unix_socket.ts";
import { type Burst, SUPERFRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { FrameKind } from "../net/offload.ts";
import {
  readHeader,
  VIRTIO_HEADER_BYTES,
  writeOwnHeader,
} from "../net/virtio_header.ts";
import { Counter } from "../plug/counters.ts";
import { LinkEnd, PlugError } from "../plug/errors.ts";
import { countUnfit, fits } from "../plug/fit.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { TUNNEL_OFFLOAD } from "../tunnel/tunnel_sender.ts";
import type { PacketLink } from "./packet_plug.ts";

/** Most packets of one call. */
const BATCH = 16;
/** Most calls in one turn: what is dropped fills no burst. */
const MAX_CALLS = 8;
/** Header and frame. */
const PIECES = 2;
const HEADER_BYTES = VIRTIO_HEADER_BYTES;
const SLOT_BYTES = SUPERFRAME_SLOT_BYTES;
const PLAIN: number = FrameKind.plain;
const NO_LIMIT = 0xffff_ffff;

/** Bases of what is sent. */
const ARENA = 1;
const HEADERS = 2;

/** Frames and superframes as packets of a connected local socket. */
export class SuperframePacketPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = TUNNEL_OFFLOAD;
  readonly fd: number;
  readonly writeFd: number;
  readonly controlFd: number;
  readonly #link: PacketLink;
  readonly #options: OpenOptions;
  readonly #receiver = new DatagramReceiver(BATCH);
  readonly #sender = new DatagramSender(BATCH, PIECES * BATCH);
  readonly #headers = new Uint8Array(BATCH * HEADER_BYTES);
  readonly #headersView = new DataView(this.#headers.buffer);
  /** Of each packet of a batch: the index of its frame. */
  readonly #frames = new Uint32Array(BATCH);

  /** Frames before this index have been counted, if they were dropped, when they were offered before. */
  #counted = 0;

  /** @param link Taken over. */
  constructor(link: PacketLink, options: OpenOptions) {
    const { fd } = link.socket;
    this.#link = link;
    this.#options = options;
    this.fd = fd;
    this.writeFd = fd;
    this.controlFd = link.control?.fd ?? fd;
    this.#sender.segments = false;
    this.#sender.bases.point(HEADERS, this.#headers);
  }

  receive(burst: Burst): number {
    const before = burst.count;
    for (let calls = 0; calls < MAX_CALLS; calls++) {
      const room = burst.room(SLOT_BYTES);
      const wanted = room < BATCH ? room : BATCH;
      if (wanted < 1) return burst.count - before;
      const received = this.#receiveOnce(burst, wanted);
      if (received < wanted) break;
    }
    if (burst.count === before && this.#isOver()) {
      throw new LinkEnd(`${this.#link.peer} closed the connection`);
    }
    return burst.count - before;
  }

  /** Appends the frames of one call; gives the number of packets. */
  #receiveOnce(burst: Burst, wanted: number): number {
    const base = burst.tail;
    this.#receiver.aim(burst.bytes, base, SLOT_BYTES);
    const received = this.#receiver.receive(this.fd, wanted);
    if (received === -EAGAIN) return 0;
    if (received < 0) throw this.#broken(received);
    for (let index = 0; index < received; index++) {
      const length = this.#receiver.length(index);
      // It has no segments; the call makes its entry ready for the next time.
      this.#receiver.segmentSize(index);
      this.#take(burst, base + index * SLOT_BYTES, length);
    }
    return received;
  }

  #take(burst: Burst, start: number, length: number): void {
    const { receiveCounters } = this.#options;
    const frameLength = length - HEADER_BYTES;
    if (length < 0 || frameLength < 0) {
      countUnfit(length < 0 ? length : 0, receiveCounters);
      return;
    }
    const { tail } = burst;
    const index = burst.count;
    burst.append(start + HEADER_BYTES, frameLength);
    const isTrue = readHeader(burst, start, index);
    const fault = isTrue && (burst.kind[index] !== PLAIN || fits(frameLength))
      ? -1
      : frameLength < 14
      ? Counter.runt
      : Counter.malformed;
    if (fault < 0) return;
    receiveCounters.add(fault, 1);
    burst.count = index;
    burst.tail = tail;
  }

  #broken(result: number): PlugError {
    const cause = new SystemError(`receive from ${this.#link.peer}`, -result);
    return new PlugError(cause.message, { code: cause.code, cause });
  }

  /** Asked only when no frame came, which is rare. */
  #isOver(): boolean {
    return isHungUp(this.#link.control?.fd ?? this.fd);
  }

  send(burst: Burst, from: number): number {
    this.#sender.bases.point(ARENA, burst.bytes);
    for (let index = from; index < burst.count;) {
      const next = this.#fill(burst, index);
      const sent = this.#sendBatch();
      if (next > this.#counted) this.#counted = next;
      if (sent < this.#sender.count) return this.#frames[sent] - from;
      index = next;
    }
    this.#counted = 0;
    return burst.count - from;
  }

  /** Makes packets of frames, as many as the batch holds; gives the index of the next frame. */
  #fill(burst: Burst, from: number): number {
    const sender = this.#sender;
    sender.clear();
    let index = from;
    for (; index < burst.count && sender.count < BATCH; index++) {
      const length = burst.length[index];
      if (burst.kind[index] === PLAIN && !fits(length)) {
        if (index >= this.#counted) {
          countUnfit(length, this.#options.sendCounters);
        }
        continue;
      }
      const at = sender.count * HEADER_BYTES;
      writeOwnHeader(this.#headersView, at, burst, index);
      this.#frames[sender.count] = index;
      sender.add(ABSOLUTE, 0, 0, NO_LIMIT);
      sender.addPiece(HEADERS, at, HEADER_BYTES);
      sender.addPiece(ARENA, burst.start[index], length);
    }
    return index;
  }

  /** Sends the batch; gives the number of packets that are done with: sent, or dropped and counted. */
  #sendBatch(): number {
    const { count } = this.#sender;
    let sent = 0;
    while (sent < count) {
      const result = this.#sender.send(this.fd, sent);
      if (result > 0) sent += result;
      else if (result === -EAGAIN) break;
      else {
        // That the peer is gone, `controlFd` tells.
        this.#options.sendCounters.add(Counter.unreachable, 1);
        sent++;
      }
    }
    return sent;
  }

  [Symbol.dispose](): void {
    this.#link.socket[Symbol.dispose]();
    this.#link.control?.[Symbol.dispose]();
  }
}
