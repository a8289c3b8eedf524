/**
 * The inside of a switch: frames from ports and from the host to wherever the
 * policy says.
 *
 * A client's frames are received into the burst that the host is to have, and
 * are sent on from there. Those that are not for the host leave their room in
 * it to the next ones. The host's frames are sent from the burst that the host
 * gave; a superframe is cut once for all ports.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { DatagramReceiver } from "../../ffi/datagram_receiver.ts";
import type { EpollSet } from "../../ffi/epoll.ts";
import { userId } from "../../ffi/users.ts";
import { PlainArena } from "../net/arena.ts";
import {
  Burst,
  FRAME_SLOT_BYTES,
  SUPERFRAME_SLOT_BYTES,
} from "../net/burst.ts";
import { MIN_FRAME_BYTES } from "../net/frame.ts";
import { FrameKind } from "../net/offload.ts";
import { readHeader, VIRTIO_HEADER_BYTES } from "../net/virtio_header.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { countUnfit, fits } from "../plug/fit.ts";
import { Batch, BATCH_FRAMES } from "./batch.ts";
import { Filler } from "./filler.ts";
import { FROM_CLIENTS, FROM_HOST, Outbox } from "./outbox.ts";
import { EVERYBODY, NOBODY, type Policy } from "./policy.ts";
import {
  HOST_PORT,
  MAX_PORT,
  type Port,
  PortCell,
  PortRecord,
  type PortTable,
} from "./port.ts";

/** Most frames that are taken from a port in one turn. */
export const PORT_TURN_FRAMES = 64;

/** The same of a port that takes superframes. */
const TURN_SUPERFRAMES = 16;

const SLOT_BYTES = FRAME_SLOT_BYTES;
const SUPER_SLOT_BYTES = SUPERFRAME_SLOT_BYTES;
const VIRTIO_BYTES = VIRTIO_HEADER_BYTES;
const MIN_BYTES = MIN_FRAME_BYTES;
const PLAIN: number = FrameKind.plain;
const ALL = EVERYBODY;
const NONE = NOBODY;
const HOST = HOST_PORT;

/** What a fabric is made of. All stay the caller's. */
export interface FabricOptions {
  readonly ports: PortTable;
  readonly policy: Policy;
  /** Where the ports' data sockets are watched. */
  readonly epoll: EpollSet;
  /** Frames of clients that are dropped for what they are. */
  readonly receiveCounters: Counters;
  /** The same of the host's. */
  readonly sendCounters: Counters;
}

/** Moves frames. Not shared between threads; the frame path allocates nothing and throws nothing. */
export class Fabric {
  /** The host's port. */
  readonly host: PortRecord;
  readonly #options: FabricOptions;
  readonly #receiver = new DatagramReceiver(PORT_TURN_FRAMES);
  /** The same for superframes: their slots are others. */
  readonly #superframeReceiver = new DatagramReceiver(TURN_SUPERFRAMES);
  /** Superframes that a client sent, in the arena of the host's burst. */
  #transit = new Burst(1, 0);
  readonly #filler: Filler;
  readonly #outbox: Outbox;
  readonly #fromClients: Batch;
  readonly #fromHost: Batch;
  /** Of each port: the last batch that has a frame for it alone. */
  readonly #marks = new Uint32Array(MAX_PORT + 1);
  readonly #marked = new Uint32Array(BATCH_FRAMES);
  #mark = 0;

  /** @param options Kept. */
  constructor(options: FabricOptions) {
    this.#filler = new Filler(options.ports);
    const { headers } = this.#filler;
    const nothing = new PlainArena(1);
    this.#options = options;
    this.#outbox = new Outbox(options.epoll, headers);
    this.#fromClients = new Batch(FROM_CLIENTS, headers, nothing);
    this.#fromHost = new Batch(FROM_HOST, headers, nothing);
    this.host = new PortRecord(
      HOST,
      { description: "host", pid: Deno.pid, uid: userId() },
      monotonicMs(),
    );
  }

  /** Frames that wait for room at some port. */
  get waiting(): number {
    return this.#outbox.waiting;
  }

  /**
   * Takes frames from a port, and sends them on.
   *
   * @param burst Those for the host are appended to it.
   * @returns Whether the port had no more than was taken: false also when the
   * burst has no room.
   */
  takeFrom(port: Port, burst: Burst): boolean {
    if (port.superframes) return this.#takeSuperframes(port, burst);
    const room = burst.room(SLOT_BYTES);
    const wanted = room < PORT_TURN_FRAMES ? room : PORT_TURN_FRAMES;
    if (wanted < 1) return false;
    const base = burst.tail;
    this.#receiver.aim(burst.bytes, base, SLOT_BYTES);
    const received = this.#receiver.receive(port.fd, wanted);
    // An error tells of a frame sent before: sending will tell, if it lasts.
    if (received <= 0) return true;
    const batch = this.#fromClients;
    batch.begin(burst.arena, monotonicMs());
    for (let index = 0; index < received; index++) {
      this.#takeFrame(port, burst, base + index * SLOT_BYTES, index);
    }
    this.#distribute(batch, port.number);
    return received < wanted;
  }

  #takeFrame(port: Port, burst: Burst, start: number, index: number): void {
    const length = this.#receiver.length(index);
    this.#receiver.segmentSize(index);
    if (!fits(length)) {
      countUnfit(length, this.#options.receiveCounters);
      return;
    }
    port.cells[PortCell.framesIn]++;
    port.cells[PortCell.bytesIn] += length;
    const batch = this.#fromClients;
    const to = this.#options.policy.route(
      burst.bytes,
      start,
      length,
      port.number,
      batch.nowMs,
    );
    if (to === HOST || to === ALL) {
      burst.append(start, length);
      this.host.cells[PortCell.framesOut]++;
      this.host.cells[PortCell.bytesOut] += length;
    }
    if (to !== HOST && to !== NONE) batch.add(start, length, to);
  }

  #takeSuperframes(port: Port, burst: Burst): boolean {
    const room = burst.room(SUPER_SLOT_BYTES);
    const wanted = room < TURN_SUPERFRAMES ? room : TURN_SUPERFRAMES;
    if (wanted < 1) return false;
    const base = burst.tail;
    const receiver = this.#superframeReceiver;
    receiver.aim(burst.bytes, base, SUPER_SLOT_BYTES);
    const received = receiver.receive(port.fd, wanted);
    if (received <= 0) return true;
    const transit = this.#transitOf(burst);
    const batch = this.#fromClients;
    batch.begin(burst.arena, monotonicMs());
    this.#filler.clear();
    for (let index = 0; index < received; index++) {
      const length = receiver.length(index);
      receiver.segmentSize(index);
      this.#takeSuperframe(
        port,
        burst,
        base + index * SUPER_SLOT_BYTES,
        length,
      );
    }
    this.#distribute(batch, port.number);
    transit.clear();
    return received < wanted;
  }

  /** A burst for frames in the arena of the host's: made once, as the host's is the same each time. */
  #transitOf(burst: Burst): Burst {
    if (this.#transit.arena !== burst.arena) {
      this.#transit = new Burst(TURN_SUPERFRAMES, burst.arena);
    }
    this.#transit.clear();
    return this.#transit;
  }

  /** Takes one packet: a `struct virtio_net_hdr`, and a frame or superframe. */
  #takeSuperframe(
    port: Port,
    burst: Burst,
    start: number,
    packetLength: number,
  ): void {
    const { receiveCounters } = this.#options;
    const transit = this.#transit;
    const length = packetLength - VIRTIO_BYTES;
    if (length < MIN_BYTES) {
      return countUnfit(packetLength < 0 ? packetLength : 0, receiveCounters);
    }
    const index = transit.count;
    transit.append(start + VIRTIO_BYTES, length);
    if (!readHeader(transit, start, index)) {
      return receiveCounters.add(Counter.malformed, 1);
    }
    port.cells[PortCell.framesIn]++;
    port.cells[PortCell.bytesIn] += length;
    const batch = this.#fromClients;
    if (!this.#filler.hasRoomFor(batch, transit, index)) {
      this.#distribute(batch, port.number);
      batch.begin(burst.arena, batch.nowMs);
      this.#filler.clear();
    }
    const to = this.#route(batch, transit, index, port.number);
    // First: a checksum that is computed on the way is computed for the host, too.
    if (to !== HOST && to !== NONE) {
      this.#filler.add(batch, transit, index, to, receiveCounters);
    }
    if (to === HOST || to === ALL) this.#copyToHost(transit, index, burst);
  }

  #copyToHost(transit: Burst, index: number, burst: Burst): void {
    const length = transit.length[index];
    const at = burst.count;
    burst.append(transit.start[index], length);
    burst.kind[at] = transit.kind[index];
    burst.segmentSize[at] = transit.segmentSize[index];
    burst.checksumStart[at] = transit.checksumStart[index];
    burst.checksumOffset[at] = transit.checksumOffset[index];
    this.host.cells[PortCell.framesOut]++;
    this.host.cells[PortCell.bytesOut] += length;
  }

  /**
   * Sends the host's frames to the ports: all of them, whatever becomes of them.
   *
   * @param from Index of the first one.
   */
  takeFromHost(burst: Burst, from: number): void {
    const batch = this.#fromHost;
    for (let index = from; index < burst.count;) {
      batch.begin(burst.arena, monotonicMs());
      this.#filler.clear();
      index = this.#fill(burst, index);
      this.#distribute(batch, HOST);
    }
  }

  /** Makes a batch of the host's frames; gives the index of the next one. */
  #fill(burst: Burst, from: number): number {
    const batch = this.#fromHost;
    let index = from;
    for (; index < burst.count; index++) {
      if (!this.#filler.hasRoomFor(batch, burst, index)) break;
      this.#addFromHost(burst, index);
    }
    return index;
  }

  #addFromHost(burst: Burst, index: number): void {
    const { sendCounters } = this.#options;
    const length = burst.length[index];
    if (burst.kind[index] === PLAIN && !fits(length)) {
      return countUnfit(length, sendCounters);
    }
    const batch = this.#fromHost;
    const to = this.#route(batch, burst, index, HOST);
    if (to === ALL) sendCounters.add(Counter.flooded, 1);
    if (
      to === NONE || !this.#filler.add(batch, burst, index, to, sendCounters)
    ) {
      return;
    }
    this.host.cells[PortCell.framesIn]++;
    this.host.cells[PortCell.bytesIn] += length;
  }

  #route(batch: Batch, burst: Burst, index: number, source: number): number {
    return this.#options.policy.route(
      burst.bytes,
      burst.start[index],
      burst.length[index],
      source,
      batch.nowMs,
    );
  }

  /** Sends each port what is for it; `source` gets nothing back. */
  #distribute(batch: Batch, source: number): void {
    const { ports } = this.#options;
    if (batch.flooded > 0) {
      const { list } = ports;
      for (let index = 0; index < list.length; index++) {
        if (list[index].number !== source) {
          this.#outbox.deliver(batch, list[index]);
        }
      }
      return;
    }
    const marked = this.#markPorts(batch);
    for (let index = 0; index < marked; index++) {
      const port = ports.get(this.#marked[index]);
      if (port !== undefined) this.#outbox.deliver(batch, port);
    }
  }

  /** Lists the ports that frames of a batch are for, each once. */
  #markPorts(batch: Batch): number {
    this.#mark = (this.#mark + 1) >>> 0;
    let marked = 0;
    for (let index = 0; index < batch.count; index++) {
      const to = batch.destination[index];
      if (this.#marks[to] === this.#mark) continue;
      this.#marks[to] = this.#mark;
      this.#marked[marked++] = to;
    }
    return marked;
  }

  /** There is room again in a port's queue. */
  flush(port: Port): void {
    this.#outbox.flush(port);
  }

  /** Drops what has waited for too long. */
  sweep(nowMs: number): void {
    this.#outbox.sweep(this.#options.ports.list, nowMs);
  }

  /** Forgets a port that is to be closed, and the stations behind it. */
  forget(port: Port): void {
    this.#outbox.forget(port);
    this.#options.policy.forget(port.number);
  }
}
