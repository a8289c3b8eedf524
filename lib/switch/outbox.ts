/**
 * Frames into the clients' sockets.
 *
 * A client reads its frames from a queue that the kernel keeps and bounds. A
 * queue that is full may only mean that the client had no turn on the
 * processor: the frames that did not fit wait here, in order, until there is
 * room again, which epoll(7) tells. What comes when too many wait is lost, for
 * this port alone; for a client that takes nothing at all, nothing waits.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { DatagramSender } from "../../ffi/datagram_sender.ts";
import { EPOLLIN, EPOLLOUT, type EpollSet } from "../../ffi/epoll.ts";
import { EAGAIN, ECONNREFUSED, ENOTCONN, EPIPE } from "../../ffi/errno.ts";
import { ABSOLUTE } from "../../ffi/memory.ts";
import { VIRTIO_HEADER_BYTES } from "../net/virtio_header.ts";
import { Backlog, PLAIN_BACKLOG, SUPERFRAME_BACKLOG } from "./backlog.ts";
import { type Batch, BATCH_FRAMES, Form } from "./batch.ts";
import { EVERYBODY } from "./policy.ts";
import { type Port, PortCell } from "./port.ts";
import { dataToken } from "./tokens.ts";

/** Bases of what is sent: the two batches' arenas, the segments' headers, what waited. */
export const FROM_CLIENTS = 1;
/** See {@linkcode FROM_CLIENTS}. */
export const FROM_HOST = 2;
const HEADERS = 3;
const POOL = 4;
/** What goes before a superframe: of a batch, this behind its arena's base. */
const VIRTIO = 4;
const SUPERFRAME_POOL = 7;

/** Frames of the backlog that go with one call. */
const FLUSHED_FRAMES = 64;
const NO_LIMIT = 0xffff_ffff;
const ALL = EVERYBODY;
const PIECES = 2;
const VIRTIO_BYTES = VIRTIO_HEADER_BYTES;
const WHOLE: number = Form.whole;
const CUT: number = Form.cut;

/** Sends frames to ports. Allocates nothing, never throws. */
export class Outbox {
  readonly #plainBacklog = new Backlog(PLAIN_BACKLOG);
  readonly #superframeBacklog = new Backlog(SUPERFRAME_BACKLOG);
  readonly #sender = new DatagramSender(BATCH_FRAMES, PIECES * BATCH_FRAMES);
  readonly #epoll: EpollSet;
  /** Of each datagram of the sender: its frame in the batch. */
  readonly #picked = new Uint32Array(BATCH_FRAMES);

  /**
   * @param epoll Where the ports' data sockets are watched. Stays the caller's.
   * @param headers What the segments' headers stand in.
   */
  constructor(epoll: EpollSet, headers: Uint8Array<ArrayBuffer>) {
    this.#epoll = epoll;
    this.#sender.segments = false;
    this.#sender.bases.point(HEADERS, headers);
  }

  /** Frames that wait. */
  get waiting(): number {
    return this.#plainBacklog.used + this.#superframeBacklog.used;
  }

  #backlog(port: Port): Backlog {
    return port.superframes ? this.#superframeBacklog : this.#plainBacklog;
  }

  /** Sends a port those frames of a batch that are for it. */
  deliver(batch: Batch, port: Port): void {
    const count = this.#pick(batch, port);
    if (count === 0) return;
    if (port.waiting > 0) this.flush(port);
    let done = 0;
    if (port.waiting === 0 && !port.gone) {
      done = this.#sendPicked(batch, port, count);
    }
    if (done < count) this.#keep(batch, port, done, count);
    else if (port.stuck) this.#recover(port);
  }

  #pick(batch: Batch, port: Port): number {
    const { number } = port;
    const { destination, form } = batch;
    const unwanted = port.superframes ? CUT : WHOLE;
    let count = 0;
    for (let index = 0; index < batch.count; index++) {
      const to = destination[index];
      if (to !== number && to !== ALL) continue;
      if (form[index] !== unwanted) this.#picked[count++] = index;
    }
    return count;
  }

  /** Sends picked frames as far as the client's queue has room; gives the number of those that are done with. */
  #sendPicked(batch: Batch, port: Port, count: number): number {
    const sender = this.#sender;
    const { base } = batch;
    const { superframes } = port;
    sender.bases.point(base, batch.arena.bytes);
    if (superframes) sender.bases.point(base + VIRTIO, batch.virtio);
    sender.clear();
    for (let at = 0; at < count; at++) {
      const index = this.#picked[at];
      sender.add(ABSOLUTE, 0, 0, NO_LIMIT);
      const headerLength = batch.headerLength[index];
      if (superframes) {
        sender.addPiece(base + VIRTIO, index * VIRTIO_BYTES, VIRTIO_BYTES);
      } else if (headerLength > 0) {
        sender.addPiece(HEADERS, batch.headerStart[index], headerLength);
      }
      sender.addPiece(base, batch.start[index], batch.length[index]);
    }
    let done = 0;
    while (done < count) {
      const sent = this.#sendOnce(port, done);
      if (sent < 0) break;
      let bytes = 0;
      for (let at = done; at < done + sent; at++) {
        const index = this.#picked[at];
        bytes += batch.headerLength[index] + batch.length[index];
      }
      port.cells[PortCell.framesOut] += sent;
      port.cells[PortCell.bytesOut] += bytes;
      // One that the kernel takes neither now nor later is lost.
      if (sent === 0) port.cells[PortCell.dropped]++;
      done += sent === 0 ? 1 : sent;
    }
    return done;
  }

  /** One call: frames sent; 0: the first one never will be; -1: there is no room, or nobody. */
  #sendOnce(port: Port, from: number): number {
    const result = this.#sender.send(port.fd, from);
    if (result > 0) return result;
    if (result === -EAGAIN) return -1;
    const isGone = result === -ECONNREFUSED || result === -ENOTCONN ||
      result === -EPIPE;
    if (!isGone) return 0;
    port.gone = true;
    return -1;
  }

  /** Lets picked frames wait from `from` on, as far as they may. */
  #keep(batch: Batch, port: Port, from: number, count: number): void {
    const wasWaiting = port.waiting > 0 || port.stuck;
    this.#giveUp(port, batch.nowMs);
    let kept = from;
    if (!port.stuck && !port.gone) {
      while (
        kept < count &&
        this.#backlog(port).push(port, batch, this.#picked[kept])
      ) kept++;
      if (port.waiting === 0) port.stuck = true; // others hold all slots
    }
    port.cells[PortCell.dropped] += count - kept;
    if (!wasWaiting && !port.gone) this.#watch(port, EPOLLIN | EPOLLOUT);
  }

  /** Drops what waits for a client that takes nothing, or is not there. */
  #giveUp(port: Port, nowMs: number): void {
    if (!port.gone && !this.#backlog(port).isOverdue(port, nowMs)) return;
    port.cells[PortCell.dropped] += this.#backlog(port).clear(port);
    port.stuck = true;
  }

  /** The same for all ports: what nothing new is sent to as well. */
  sweep(ports: readonly Port[], nowMs: number): void {
    for (let index = 0; index < ports.length; index++) {
      this.#giveUp(ports[index], nowMs);
    }
  }

  /** There is room again in a port's queue: sends what waits for it. */
  flush(port: Port): void {
    while (port.waiting > 0) {
      this.#addWaiting(port);
      const sent = this.#sendOnce(port, 0);
      if (sent < 0) break;
      this.#shiftSent(port, sent);
    }
    if (port.gone) {
      port.cells[PortCell.dropped] += this.#backlog(port).clear(port);
    }
    if (port.waiting === 0) this.#recover(port);
  }

  /** Nothing waits for room in a port's queue any more. */
  #recover(port: Port): void {
    port.stuck = false;
    this.#watch(port, EPOLLIN);
  }

  #addWaiting(port: Port): void {
    const backlog = this.#backlog(port);
    const sender = this.#sender;
    const pool = port.superframes ? SUPERFRAME_POOL : POOL;
    sender.bases.point(pool, backlog.arena.bytes);
    sender.clear();
    let slot = port.firstWaiting;
    while (slot >= 0 && sender.count < FLUSHED_FRAMES) {
      sender.add(ABSOLUTE, 0, 0, NO_LIMIT);
      sender.addPiece(pool, backlog.start(slot), backlog.length[slot]);
      slot = backlog.next[slot];
    }
  }

  /** Takes what went out of the queue; the first one, if the kernel never takes it. */
  #shiftSent(port: Port, sent: number): void {
    const backlog = this.#backlog(port);
    port.progressMs = monotonicMs();
    if (sent === 0) {
      port.cells[PortCell.dropped]++;
      backlog.shift(port);
    }
    for (let at = 0; at < sent; at++) {
      port.cells[PortCell.framesOut]++;
      port.cells[PortCell.bytesOut] += backlog.length[port.firstWaiting];
      backlog.shift(port);
    }
  }

  /** Forgets what waits for a port that is to be closed. */
  forget(port: Port): void {
    this.#backlog(port).clear(port);
  }

  #watch(port: Port, events: number): void {
    this.#epoll.modify(port.fd, events, dataToken(port.number));
  }
}
