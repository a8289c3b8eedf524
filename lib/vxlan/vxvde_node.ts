/**
 * A node of a distributed switch: the plug behind `vxvde://`.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import type { EpollSet } from "../../ffi/epoll.ts";
import { EAGAIN } from "../../ffi/errno.ts";
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
import { makeVxlanHeader, VXLAN_HEADER_BYTES } from "../net/vxlan_header.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { TunnelReceiver } from "../tunnel/tunnel_receiver.ts";
import { TUNNEL_OFFLOAD, TunnelSender } from "../tunnel/tunnel_sender.ts";
import { VxlanInlet } from "./vxlan_inlet.ts";
import { VxlanOutlet } from "./vxlan_outlet.ts";

/** What the kernel is asked for unless the VNL says otherwise: the default loses bursts. */
const BUFFER_BYTES = 4 << 20;

/** Every so many receives the socket that is not busy comes first. */
const TURNS = 8;

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
  /** Interface out of which the group is reached; 0: as the routes say. */
  readonly interfaceIndex: number;
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
  readonly accepts = TUNNEL_OFFLOAD;
  readonly fd: number;
  readonly writeFd: number;
  readonly #node: VxvdeNodeOptions;
  readonly #unicast: TunnelReceiver;
  readonly #multicast: TunnelReceiver;
  readonly #outlet: VxlanOutlet;
  readonly #sender: TunnelSender;
  #groupIsBusy = false;
  #turn = 0;
  #open = true;

  constructor(node: VxvdeNodeOptions, options: OpenOptions) {
    const { heard, own, poll } = node;
    this.#node = node;
    for (const socket of [heard, own]) {
      socket.setReceiveBuffer(node.receiveBufferBytes ?? BUFFER_BYTES);
      socket.receiveSegments();
      poll.add(socket.fd);
    }
    own.setSendBuffer(BUFFER_BYTES);
    this.fd = poll.fd;
    this.writeFd = own.fd;
    const stations = new Stations(node.capacity, node.maxAgeMs);
    const self = new OwnAddresses(own.localAddress());
    const header = makeVxlanHeader(node.vni);
    const counters = options.receiveCounters;
    const receiver = (fd: number, isOwn?: OwnAddresses) =>
      new TunnelReceiver({
        fd,
        headerLength: VXLAN_HEADER_BYTES,
        inlet: new VxlanInlet({ header, stations, counters, self: isOwn }),
        counters,
      });
    this.#unicast = receiver(own.fd);
    this.#multicast = receiver(heard.fd, self);
    this.#outlet = new VxlanOutlet({
      fd: own.fd,
      group: node.group,
      interfaceIndex: node.interfaceIndex,
      stations,
    });
    this.#sender = new TunnelSender({
      fd: own.fd,
      header,
      outlet: this.#outlet,
      counters: options.sendCounters,
      log: options.log,
    });
  }

  /**
   * Mostly one socket alone is busy: it is asked first, and while it has
   * something the other waits for its turn. `fd` stays readable meanwhile.
   */
  receive(burst: Burst): number {
    const before = burst.count;
    this.#turn = (this.#turn + 1) % TURNS;
    const othersTurn = this.#turn === 0;
    const group = this.#groupIsBusy !== othersTurn;
    this.#ask(group, burst);
    if (burst.count > before && !othersTurn) return burst.count - before;
    const first = burst.count;
    this.#ask(!group, burst);
    if (first === before && burst.count > first) this.#groupIsBusy = !group;
    // Errors wake the cable as data does, and only reading them ends that.
    if (burst.count === before) this.#outlet.forgetUnreachable();
    return burst.count - before;
  }

  #ask(group: boolean, burst: Burst): void {
    if (group) {
      this.#multicast.receive(burst);
      return;
    }
    const result = this.#unicast.receive(burst);
    if (result === 0 || result === -EAGAIN) return;
    // The network's word about something sent came before the datagrams.
    this.#outlet.forgetUnreachable();
    this.#unicast.receive(burst);
  }

  send(burst: Burst, from: number): number {
    return this.#sender.send(burst, from);
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#sender.sendHeader(-1);
    for (const part of [this.#node.poll, this.#node.own, this.#node.heard]) {
      part[Symbol.dispose]();
    }
  }
}

/** This host's addresses with the node's own port: what its own multicasts come from. */
export class OwnAddresses {
  readonly #port: number;
  #addresses = new PeerTable(MAX_OWN_ADDRESSES);
  #listedMs = -Infinity;

  /** @param own Address that the node sends from; its port counts. */
  constructor(own: SocketAddress) {
    this.#port = own.port;
    this.#list();
  }

  /** Whether a `struct sockaddr` at `offset` is one of them. */
  has(sources: Uint8Array, offset: number): boolean {
    // sin_port and sin6_port stand at the same place, in network order.
    const port = (sources[offset + 2] << 8) | sources[offset + 3];
    if (port !== this.#port) return false;
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
