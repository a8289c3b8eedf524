/**
 * The plug of a pair's end: frames as packets, whoever is there; nobody there:
 * dropped.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { PacketPlug } from "../packet/packet_plug.ts";
import { Counter } from "../plug/counters.ts";
import { LinkEnd } from "../plug/errors.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { TUNNEL_OFFLOAD } from "../tunnel/tunnel_sender.ts";
import type { PtpLink } from "./ptp_link.ts";

/** Turns with frames after which others that knock are looked at nevertheless. */
const BUSY_TURNS = 64;

/** One end of a pair, as a plug that never ends. */
export class PtpPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = TUNNEL_OFFLOAD;
  readonly fd: number;
  readonly writeFd: number;
  readonly #link: PtpLink;
  readonly #options: OpenOptions;
  #packets: PacketPlug;
  #generation: number;
  #turns = 0;
  #triedMs = 0;

  /** @param link Taken over. */
  constructor(link: PtpLink, options: OpenOptions) {
    this.#link = link;
    this.#options = options;
    this.fd = link.fd;
    this.writeFd = link.dataFd;
    this.#generation = link.generation;
    this.#packets = this.#makePackets();
  }

  receive(burst: Burst): number {
    const before = burst.count;
    const link = this.#link;
    if (link.receives) this.#receive(burst);
    const isDrained = burst.count === before &&
      burst.room(FRAME_SLOT_BYTES) > 0;
    const isTurn = link.isAsked && ++this.#turns % BUSY_TURNS === 0;
    if (isDrained || isTurn || !link.sends) link.tend();
    return burst.count - before;
  }

  #receive(burst: Burst): void {
    try {
      this.#current().receive(burst);
    } catch (error) {
      if (!(error instanceof LinkEnd)) throw error;
      this.#link.lose();
    }
  }

  send(burst: Burst, from: number): number {
    const link = this.#link;
    const { sendCounters } = this.#options;
    if (!link.sends) this.#look();
    if (!link.sends) {
      sendCounters.add(Counter.down, burst.count - from);
      return burst.count - from;
    }
    const refused = sendCounters.cells[Counter.unreachable];
    const taken = this.#current().send(burst, from);
    if (sendCounters.cells[Counter.unreachable] !== refused) link.doubt();
    return taken;
  }

  /** A peer may just have come: looks once each tick of the clock, not for each frame. */
  #look(): void {
    const nowMs = monotonicMs();
    if (nowMs === this.#triedMs) return;
    this.#triedMs = nowMs;
    this.#link.tend();
  }

  /** What was half sent to one peer is not finished with another. */
  #current(): PacketPlug {
    if (this.#generation !== this.#link.generation) {
      this.#generation = this.#link.generation;
      this.#packets = this.#makePackets();
    }
    return this.#packets;
  }

  #makePackets(): PacketPlug {
    const { dataFd } = this.#link;
    const socket = { fd: dataFd, [Symbol.dispose]: () => {} };
    return new PacketPlug({ socket, peer: "the other end" }, this.#options);
  }

  [Symbol.dispose](): void {
    this.#link[Symbol.dispose]();
  }
}
