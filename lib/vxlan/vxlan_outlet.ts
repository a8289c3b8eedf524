/**
 * Where the frames of a VXLAN network go: each to the peer behind which its
 * destination was heard, or to the group.
 *
 * @module
 */

import { EMSGSIZE, isPeerGone } from "../../ffi/errno.ts";
import { ErrorQueue } from "../../ffi/error_queue.ts";
import { SOCKADDR_STRIDE_BYTES, SocketAddress } from "../../ffi/sockaddr.ts";
import { routeMtu } from "../../ffi/socket.ts";
import type { Burst } from "../net/burst.ts";
import type { Stations } from "../net/stations.ts";
import { PathMtu } from "../tunnel/path_mtu.ts";
import type { Outlet } from "../tunnel/tunnel_sender.ts";

/** What an outlet works with. All stay the caller's. */
export interface VxlanOutletOptions {
  /** Socket from which all is sent; queues errors (`UdpSocket.receiveErrors`). */
  readonly fd: number;
  /** The group and its port. */
  readonly group: SocketAddress;
  /** Interface out of which the group is reached; 0: as the routes say. */
  readonly interfaceIndex: number;
  /** What the inlets have learned. */
  readonly stations: Stations;
}

/** Routes are slots of peers, and -1 for the group. */
export class VxlanOutlet implements Outlet {
  readonly nameLength: number;
  readonly names: readonly Uint8Array[];
  readonly #options: VxlanOutletOptions;
  readonly #stations: Stations;
  /** Of each slot, and behind them of the group. */
  readonly #paths: PathMtu;
  readonly #groupPath: number;
  readonly #errors = new ErrorQueue();

  /** @param options Kept. */
  constructor(options: VxlanOutletOptions) {
    const { group, stations } = options;
    this.#options = options;
    this.#stations = stations;
    this.nameLength = group.bytes.length;
    this.names = [stations.peers.bytes, group.bytes];
    this.#groupPath = stations.peers.capacity;
    this.#paths = new PathMtu(this.#groupPath + 1);
  }

  route(burst: Burst, index: number, nowMs: number): number {
    const { bytes, start, length } = burst;
    return this.#stations.find(bytes, start[index], length[index], nowMs);
  }

  nameArray(route: number): number {
    return route < 0 ? 1 : 0;
  }

  nameOffset(route: number): number {
    return route < 0 ? 0 : route * SOCKADDR_STRIDE_BYTES;
  }

  limit(route: number, nowMs: number): number {
    const path = route < 0 ? this.#groupPath : route;
    const epoch = route < 0 ? 0 : this.#stations.epochs[route];
    if (this.#paths.isStale(path, epoch, nowMs)) {
      const { group, interfaceIndex } = this.#options;
      const destination = route < 0 ? group : this.#peerAddress(route);
      const mtu = routeMtu(destination, interfaceIndex);
      this.#paths.note(path, epoch, group.family, mtu, nowMs);
    }
    return this.#paths.limit(path);
  }

  #peerAddress(slot: number): SocketAddress {
    const { bytes } = this.#stations.peers;
    const start = slot * SOCKADDR_STRIDE_BYTES;
    return new SocketAddress(bytes.subarray(start, start + this.nameLength));
  }

  forgetUnreachable(): void {
    const { destination } = this.#errors;
    for (;;) {
      const error = this.#errors.next(this.#options.fd);
      if (error === 0) return;
      if (isPeerGone(error)) this.#stations.forget(destination, 0);
      else if (error === EMSGSIZE) {
        const peer = this.#stations.peers.find(destination, 0);
        if (peer >= 0) this.#paths.forget(peer);
      }
    }
  }
}
