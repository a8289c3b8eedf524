/**
 * A node of a distributed switch: the plug behind `vxvde://`.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { ErrorQueue } from "../../ffi/datagram.ts";
import type { EpollSet } from "../../ffi/epoll.ts";
import { EAGAIN, isPeerGone } from "../../ffi/errno.ts";
import { interfaceAddresses } from "../../ffi/netif.ts";
import {
  SOCKADDR_STRIDE_BYTES,
  type SocketAddress,
} from "../../ffi/sockaddr.ts";
import type { UdpSocket } from "../../ffi/socket.ts";
import type { Burst } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { PeerTable } from "../net/peer_table.ts";
import { Stations } from "../net/stations.ts";
import { makeVxlanHeader } from "../net/vxlan_header.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { FrameReceiver } from "./frame_receiver.ts";
import { FrameSender } from "./frame_sender.ts";

/** What the kernel is asked for unless the VNL says otherwise: the default loses bursts. */
const BUFFER_BYTES = 4 << 20;

/** Room for this host's own addresses; more are found again when they are needed. */
const MAX_OWN_ADDRESSES = 1024;

/** This host's addresses are listed anew at most so often, whoever may ask for it. */
const REFRESH_MS = 1000;

/** What a node is made of. */
export interface VxvdeNodeOptions {
  /** Bound to the group and joined to it. Becomes the node's. */
  readonly heard: UdpSocket;
  /** Bound to a port of its own, from which all is sent. Becomes the node's. */
  readonly own: UdpSocket;
  /** Empty; becomes the node's. */
  readonly poll: EpollSet;
  /** The group and its port. */
  readonly group: SocketAddress;
  /** VXLAN network identifier. */
  readonly vni: number;
  /** Receive buffer of both sockets; absent: as large as may be. */
  readonly receiveBufferBytes: number | undefined;
  /** Most stations to remember. */
  readonly capacity: number;
  /** How long to remember a silent one. */
  readonly maxAgeMs: number;
}

/** A node. Says goodbye when it is closed. */
export class VxvdeNode implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly fd: number;
  readonly writeFd: number;
  readonly #heard: UdpSocket;
  readonly #own: UdpSocket;
  readonly #poll: EpollSet;
  readonly #stations: Stations;
  readonly #unicast: FrameReceiver;
  readonly #multicast: FrameReceiver;
  readonly #sender: FrameSender;
  readonly #errors = new ErrorQueue();
  readonly #self: OwnAddresses;
  #groupFirst = false;
  #open = true;

  constructor(node: VxvdeNodeOptions, options: OpenOptions) {
    const { heard, own, group } = node;
    this.#heard = heard;
    this.#own = own;
    this.#poll = node.poll;
    for (const socket of [heard, own]) {
      socket.setReceiveBuffer(node.receiveBufferBytes ?? BUFFER_BYTES);
    }
    own.setSendBuffer(BUFFER_BYTES);
    this.#poll.add(own.fd);
    this.#poll.add(heard.fd);
    this.fd = this.#poll.fd;
    this.writeFd = own.fd;
    this.#stations = new Stations(node.capacity, node.maxAgeMs);
    this.#self = new OwnAddresses(own.localAddress());
    const header = makeVxlanHeader(node.vni);
    const stations = this.#stations;
    const counters = options.receiveCounters;
    this.#unicast = new FrameReceiver({
      fd: own.fd,
      header,
      stations,
      counters,
    });
    this.#multicast = new FrameReceiver({
      fd: heard.fd,
      header,
      stations,
      counters,
      isOwn: (sources, offset) => this.#self.has(sources, offset),
    });
    this.#sender = new FrameSender({
      fd: own.fd,
      header,
      group,
      stations,
      counters: options.sendCounters,
      onNetworkError: () => this.#forgetUnreachable(),
    });
  }

  receive(burst: Burst): number {
    const before = burst.count;
    // Turn by turn, so that a flood on one socket leaves room for the other.
    this.#groupFirst = !this.#groupFirst;
    if (this.#groupFirst) this.#multicast.receive(burst);
    const result = this.#unicast.receive(burst);
    if (!this.#groupFirst) this.#multicast.receive(burst);
    // Errors wake the cable as data does, and only reading them ends that.
    if (result < 0 && (result !== -EAGAIN || burst.count === before)) {
      this.#forgetUnreachable();
      this.#unicast.receive(burst);
    }
    return burst.count - before;
  }

  send(burst: Burst, from: number): number {
    return this.#sender.send(burst, from);
  }

  /** Forgets the peers that the network says are not there. */
  #forgetUnreachable(): void {
    for (;;) {
      const error = this.#errors.next(this.#own.fd);
      if (error === 0) return;
      if (isPeerGone(error)) this.#stations.forget(this.#errors.destination, 0);
    }
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#sender.sendGoodbye();
    this.#poll[Symbol.dispose]();
    this.#own[Symbol.dispose]();
    this.#heard[Symbol.dispose]();
  }
}

/** This host's addresses with the node's own port: what its own multicasts come from. */
class OwnAddresses {
  readonly #port: number;
  #addresses = new PeerTable(MAX_OWN_ADDRESSES);
  #listedMs = -Infinity;

  constructor(own: SocketAddress) {
    this.#port = own.port;
    this.#list();
  }

  has(sources: Uint8Array, offset: number): boolean {
    // sin_port and sin6_port stand at the same place, in network order.
    if ((sources[offset + 2] << 8 | sources[offset + 3]) !== this.#port) {
      return false;
    }
    if (this.#addresses.find(sources, offset) >= 0) return true;
    // An address may be new since the last look.
    if (monotonicMs() - this.#listedMs < REFRESH_MS) return false;
    this.#list();
    return this.#addresses.find(sources, offset) >= 0;
  }

  #list(): void {
    this.#listedMs = monotonicMs();
    const addresses = new PeerTable(MAX_OWN_ADDRESSES);
    const padded = new Uint8Array(SOCKADDR_STRIDE_BYTES);
    for (const { address } of interfaceAddresses()) {
      const { bytes } = address.withPort(this.#port);
      padded.fill(0);
      padded.set(bytes);
      addresses.add(padded, 0, bytes.length);
    }
    this.#addresses = addresses;
  }
}
