/**
 * A tunnel's sender whose other side is the test.
 *
 * @module
 */

import { readv } from "../../../ffi/fd.ts";
import { ABSOLUTE, addressOf, Iovecs } from "../../../ffi/memory.ts";
import { makeArena } from "../../../lib/net/arena.ts";
import { Burst } from "../../../lib/net/burst.ts";
import {
  type Outlet,
  TunnelSender,
} from "../../../lib/tunnel/tunnel_sender.ts";
import { type TestOptions, testOptions } from "../../plugs.ts";
import { place, type TestFrame } from "../net/superframes.ts";

const SLOT_BYTES = 70_000;
const ETHERNET_BYTES = 14;
const TYPE_OFFSET = 12;

/** Stands before each frame. */
export const HEADER = Uint8Array.of(0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5);

/** An outlet of a connected socket with one route. */
export class OneWay implements Outlet {
  readonly names: readonly Uint8Array[] = [];
  readonly nameLength = 0;
  /** The frames' route; negative: to everybody. */
  way = 0;
  /** How often it heard that somebody is not there. */
  unreachable = 0;

  /** @param most The longest datagram. */
  constructor(public most: number) {}

  route(): number {
    return this.way;
  }

  nameArray(): number {
    return 0;
  }

  nameOffset(): number {
    return 0;
  }

  limit(): number {
    return this.most;
  }

  forgetUnreachable(): void {
    this.unreachable++;
  }
}

/** A sender and what it counts. */
export class Outbox {
  readonly options: TestOptions = testOptions();
  readonly sender: TunnelSender;

  /**
   * @param fd Non-blocking, connected.
   * @param outlet Where everything goes.
   */
  constructor(fd: number, readonly outlet: OneWay, header = HEADER) {
    const { sendCounters: counters, log } = this.options;
    this.sender = new TunnelSender({ fd, header, outlet, counters, log });
  }
}

/** A burst of frames, with room for many long ones. */
export function burstWith(frames: readonly TestFrame[]): Burst {
  const burst = new Burst(1024, makeArena(1 << 20));
  for (const frame of frames) place(burst, frame, burst.tail);
  return burst;
}

/** Reads the messages that wait, each a copy. */
export function readMessages(fd: number): Uint8Array<ArrayBuffer>[] {
  const messages: Uint8Array<ArrayBuffer>[] = [];
  const slot = new Uint8Array(SLOT_BYTES);
  const iovec = new Iovecs(1);
  for (;;) {
    iovec.set(0, ABSOLUTE, addressOf(slot), slot.length);
    const n = readv(fd, iovec, 1);
    if (n < 0) return messages;
    messages.push(slot.slice(0, n));
  }
}

/**
 * Takes messages apart into their datagrams, and those into frames: a local
 * socket passes the datagrams of one call on as one message. Each holds an IP
 * packet, whose length tells where the next begins.
 */
export function framesOf(messages: readonly Uint8Array[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (const message of messages) {
    const view = new DataView(message.buffer, message.byteOffset);
    for (let at = 0; at < message.length;) {
      const frame = at + HEADER.length;
      const ip = frame + ETHERNET_BYTES;
      const isIpv4 = view.getUint16(frame + TYPE_OFFSET) === 0x0800;
      const length = isIpv4
        ? view.getUint16(ip + 2)
        : 40 + view.getUint16(ip + 4);
      const header = message.subarray(at, frame);
      if (header.join() !== HEADER.join()) {
        throw new TypeError(`Cannot find a header at ${at}: ${header}`);
      }
      frames.push(message.slice(frame, ip + length));
      at = ip + length;
    }
  }
  return frames;
}
