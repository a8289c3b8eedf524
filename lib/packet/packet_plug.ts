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
import { EAGAIN, ECONNRESET, ENOTCONN } from "../../ffi/errno.ts";
import { SystemError } from "../../ffi/libc.ts";
import { isAtEnd, isHungUp } from "../../ffi/unix_socket.ts";
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
      if (wanted < 1) return burst.count - before;
      const received = this.#receiveOnce(burst, wanted);
      if (received === -EAGAIN) break;
      if (received < 0) this.#fail(received);
      else if (received < wanted) break;
    }
    if (burst.count === before && this.#isOver()) {
      throw new LinkEnd(`${this.#link.peer} closed the connection`);
    }
    return burst.count - before;
  }

  /** Appends the frames of one call; gives the number of packets, or `-errno`. */
  #receiveOnce(burst: Burst, wanted: number): number {
    const base = burst.tail;
    this.#receiver.aim(burst.bytes, base, FRAME_SLOT_BYTES);
    const received = this.#receiver.receive(this.fd, wanted);
    let empty = 0;
    for (let index = 0; index < received; index++) {
      const length = this.#receiver.length(index);
      // It has no segments; the call makes its entry ready for the next time.
      this.#receiver.segmentSize(index);
      if (fits(length)) burst.append(base + index * FRAME_SLOT_BYTES, length);
      else if (length === 0) empty++;
      else countUnfit(length, this.#received);
    }
    // An empty packet is no frame, and no fault, but how the end of a
    // connection reads, too, again and again.
    if (empty > 0 && isAtEnd(this.fd)) this.#ended = true;
    return received;
  }

  /** What a socket answers in place of packets. Those of a peer that is gone may still be there. */
  #fail(result: number): void {
    // The peer has closed without taking all that it was sent.
    if (result === -ECONNRESET) return;
    if (result === -ENOTCONN) {
      this.#ended = true;
      return;
    }
    const cause = new SystemError(`receive from ${this.#link.peer}`, -result);
    throw new PlugError(cause.message, { code: cause.code, cause });
  }

  /** Asked only when no frame came, which is rare. */
  #isOver(): boolean {
    const { control } = this.#link;
    return this.#ended || (control !== undefined && isHungUp(control.fd));
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
