/**
 * A plug on a connected local socket that keeps packets apart: one frame a
 * packet, nothing added. What `vde://`, `ptp://` and `seqpacket://` share.
 *
 * Reliable: the kernel tells when the other side's queue is full, and the
 * frames wait.
 *
 * @module
 */

import { DatagramReceiver } from "../../ffi/datagram_receiver.ts";
import { EAGAIN, ECONNREFUSED, ECONNRESET, ENOTCONN } from "../../ffi/errno.ts";
import { SystemError } from "../../ffi/libc.ts";
import { POLLHUP, PollSet } from "../../ffi/poll.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { LinkEnd, PlugError } from "../plug/errors.ts";
import { countUnfit, fits } from "../plug/fit.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import {
  type Outlet,
  TUNNEL_OFFLOAD,
  TunnelSender,
} from "../tunnel/tunnel_sender.ts";

/** Most packets of one call. */
const BATCH = 64;
/** Most calls in one turn: what is dropped fills no burst. */
const MAX_CALLS = 8;
/** There is one way: to the socket's peer. */
const ROUTE = 0;

/** What such a plug is made of. */
export interface PacketLink {
  /** Connected, non-blocking socket of packets. Becomes the plug's. */
  readonly socket: Disposable & { readonly fd: number };
  /** Hung up once the other side is gone. Becomes the plug's; absent: the socket itself tells. */
  readonly control?: Disposable & { readonly fd: number };
  /** Who is at the other end, for messages: `switch "/tmp/sw"`. */
  readonly peer: string;
}

/** Frames as packets of a connected local socket. */
export class PacketPlug implements Plug, Outlet {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = TUNNEL_OFFLOAD;
  readonly nameLength = 0;
  readonly names = [];
  readonly fd: number;
  readonly writeFd: number;
  readonly controlFd: number;
  readonly #link: PacketLink;
  readonly #received;
  readonly #receiver = new DatagramReceiver(BATCH);
  readonly #sender: TunnelSender;
  #ended = false;

  /** @param link Taken over. */
  constructor(link: PacketLink, options: OpenOptions) {
    const { fd } = link.socket;
    this.#link = link;
    this.fd = fd;
    this.writeFd = fd;
    this.controlFd = link.control?.fd ?? fd;
    this.#received = options.receiveCounters;
    this.#sender = new TunnelSender({
      fd,
      header: new Uint8Array(0),
      outlet: this,
      counters: options.sendCounters,
      log: options.log,
      segments: false,
    });
  }

  receive(burst: Burst): number {
    const before = burst.count;
    for (let calls = 0; calls < MAX_CALLS && !this.#ended; calls++) {
      const room = burst.room(FRAME_SLOT_BYTES);
      const wanted = room < BATCH ? room : BATCH;
      if (wanted < 1) break;
      const base = burst.tail;
      this.#receiver.aim(burst.bytes, base, FRAME_SLOT_BYTES);
      const received = this.#receiver.receive(this.fd, wanted);
      if (received < 0) {
        if (received !== -EAGAIN) this.#end(received);
        break;
      }
      for (let index = 0; index < received; index++) {
        this.#take(burst, base + index * FRAME_SLOT_BYTES, index);
      }
      if (received < wanted) break;
    }
    if (this.#ended && burst.count === before) throw this.#linkEnd();
    return burst.count - before;
  }

  #take(burst: Burst, start: number, index: number): void {
    const length = this.#receiver.length(index);
    this.#receiver.segmentSize(index);
    if (fits(length)) burst.append(start, length);
    // An empty packet is how the end of a connection reads, too.
    else if (length === 0) this.#ended ||= isHungUp(this.fd);
    else countUnfit(length, this.#received);
  }

  /** The socket's error: a peer that is gone, or a broken socket. */
  #end(result: number): void {
    this.#ended = result === -ECONNRESET || result === -ECONNREFUSED ||
      result === -ENOTCONN;
    if (this.#ended) return;
    const cause = new SystemError(`receive from ${this.#link.peer}`, -result);
    throw new PlugError(cause.message, { code: cause.code, cause });
  }

  #linkEnd(): LinkEnd {
    return new LinkEnd(`${this.#link.peer} closed the connection`);
  }

  send(burst: Burst, from: number): number {
    return this.#sender.send(burst, from);
  }

  route(): number {
    return ROUTE;
  }

  nameArray(): number {
    return 0;
  }

  nameOffset(): number {
    return 0;
  }

  limit(): number {
    return MAX_FRAME_BYTES;
  }

  forgetUnreachable(): void {
    // Nothing is learned: that the peer is gone, `controlFd` tells.
  }

  [Symbol.dispose](): void {
    this.#link.socket[Symbol.dispose]();
    this.#link.control?.[Symbol.dispose]();
  }
}

function isHungUp(fd: number): boolean {
  const polls = new PollSet(1);
  polls.set(0, fd, 0);
  polls.wait(0);
  return (polls.happened(0) & POLLHUP) !== 0;
}
