/**
 * A node of a VXLAN network (RFC 7348): the plug behind `vxlan://`.
 *
 * One socket does everything, as in the kernel's device: it hears the group and
 * what is for this host alone, and sends from the same port.
 *
 * @module
 */

import { EAGAIN } from "../../ffi/errno.ts";
import type { SocketAddress } from "../../ffi/sockaddr.ts";
import type { UdpSocket } from "../../ffi/socket.ts";
import type { Burst } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { Stations } from "../net/stations.ts";
import { makeVxlanHeader, VXLAN_HEADER_BYTES } from "../net/vxlan_header.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { TunnelReceiver } from "../tunnel/tunnel_receiver.ts";
import { TUNNEL_OFFLOAD, TunnelSender } from "../tunnel/tunnel_sender.ts";
import { VxlanInlet } from "./vxlan_inlet.ts";
import { VxlanOutlet } from "./vxlan_outlet.ts";

/** What the kernel is asked for unless the VNL says otherwise: the default loses bursts. */
const BUFFER_BYTES = 4 << 20;

/** What a node is made of. */
export interface VxlanNodeOptions {
  /** Bound to the network's port and joined to its group. Becomes the node's. */
  readonly socket: UdpSocket;
  /** The group and the network's port. */
  readonly group: SocketAddress;
  /** Interface out of which the group is reached; 0: as the routes say. */
  readonly interfaceIndex: number;
  /** VXLAN network identifier. */
  readonly vni: number;
  /** Receive buffer; absent: as large as may be. */
  readonly receiveBufferBytes: number | undefined;
  /** Most stations to remember. */
  readonly capacity: number;
  /** How long to remember a silent one. */
  readonly maxAgeMs: number;
}

/** A node. */
export class VxlanNode implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = TUNNEL_OFFLOAD;
  readonly fd: number;
  readonly writeFd: number;
  readonly #socket: UdpSocket;
  readonly #receiver: TunnelReceiver;
  readonly #outlet: VxlanOutlet;
  readonly #sender: TunnelSender;

  constructor(node: VxlanNodeOptions, options: OpenOptions) {
    const { socket, group } = node;
    const { fd } = socket;
    socket.setReceiveBuffer(node.receiveBufferBytes ?? BUFFER_BYTES);
    socket.setSendBuffer(BUFFER_BYTES);
    socket.receiveSegments();
    this.#socket = socket;
    this.fd = fd;
    this.writeFd = fd;
    const stations = new Stations(node.capacity, node.maxAgeMs);
    const header = makeVxlanHeader(node.vni);
    const counters = options.receiveCounters;
    const standard = { port: group.port };
    this.#receiver = new TunnelReceiver({
      fd,
      headerLength: VXLAN_HEADER_BYTES,
      inlet: new VxlanInlet({ header, stations, counters, standard }),
      counters,
    });
    const { interfaceIndex } = node;
    this.#outlet = new VxlanOutlet({ fd, group, interfaceIndex, stations });
    this.#sender = new TunnelSender({
      fd,
      header,
      outlet: this.#outlet,
      counters: options.sendCounters,
      log: options.log,
    });
  }

  receive(burst: Burst): number {
    const before = burst.count;
    const result = this.#receiver.receive(burst);
    if (result !== 0 && result !== -EAGAIN) {
      // The network's word about something sent came before the datagrams.
      this.#outlet.forgetUnreachable();
      this.#receiver.receive(burst);
    }
    // Errors wake the cable as data does, and only reading them ends that.
    if (burst.count === before) this.#outlet.forgetUnreachable();
    return burst.count - before;
  }

  send(burst: Burst, from: number): number {
    return this.#sender.send(burst, from);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
