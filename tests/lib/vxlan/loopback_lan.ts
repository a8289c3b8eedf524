/**
 * A vxvde network that does not leave this host, and plain sockets that take
 * part in it: they show what is on the wire, and put anything on it.
 *
 * @module
 */

import { interfaceIndex } from "../../../ffi/netif.ts";
import { resolve, type SocketAddress } from "../../../ffi/sockaddr.ts";
import { UdpSocket } from "../../../ffi/socket.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { parseVnl } from "../../../lib/plug/vnl.ts";
import { vxvdePlugin } from "../../../plugins/vxvde.ts";
import { joinBytes } from "../../ffi/pipes.ts";
import { boundSocket, closedAddress, sendTo } from "../../ffi/sockets.ts";
import type { OpenPair } from "../../plugin_contract.ts";
import { type TestOptions, testOptions } from "../../plugs.ts";

/** How a network is reached over one family. */
export interface Family {
  readonly name: string;
  /** Interface of the group, and an address that this host has. */
  readonly interfaceName: string;
  readonly host: string;
  readonly group: string;
  readonly flags: string;
}

export const V4: Family = {
  name: "IPv4",
  interfaceName: "lo",
  host: "127.0.0.1",
  group: "239.255.45.67",
  flags: "",
};

/**
 * Linux delivers no IPv6 multicasts on a loopback interface (a route to one
 * becomes a reject route): this takes a namespace with the interface of
 * `makeMulticastInterface`.
 */
export const V6: Family = {
  name: "IPv6",
  interfaceName: "multi0",
  host: "2001:db8:1::1",
  group: "ff05:56de::4567",
  flags: "/v6",
};

/** A header of network `vni`, and what stands behind it. */
export function datagramOf(
  vni: number,
  frame: Uint8Array = new Uint8Array(0),
): Uint8Array<ArrayBuffer> {
  const header = Uint8Array.of(8, 0, 0, 0, vni >> 16, vni >> 8, vni, 0);
  return joinBytes([header, frame]);
}

/** A network of its own: no other test has its port. */
export class LoopbackLan {
  readonly family: Family;
  readonly port: number;
  /** Where everybody listens. */
  readonly group: SocketAddress;
  readonly #interface: number;

  constructor(family: Family = V4) {
    this.family = family;
    this.port = closedAddress(family.host).port;
    const [group] = resolve(family.group, { port: this.port });
    this.#interface = interfaceIndex(family.interfaceName);
    this.group = group.withScope(this.#interface);
  }

  /** A node's VNL. Never without its interface: another would leave this host. */
  vnl(keys = ""): string {
    const { flags, group, host, interfaceName } = this.family;
    const address = `${group}${flags}/port=${this.port}`;
    return `vxvde://${address}/if=${interfaceName}/bind=${host}${keys}`;
  }

  /** Opens a node. */
  async open(
    keys = "",
    options: TestOptions = testOptions(),
  ): Promise<Plug> {
    const vnl = parseVnl(this.vnl(keys), vxvdePlugin.syntax);
    return await vxvdePlugin.open(vnl, options);
  }

  /** A plain socket that hears what everybody hears. */
  listen(): UdpSocket {
    const socket = new UdpSocket(this.group.family);
    socket.reuseAddress();
    socket.bind(this.group);
    socket.joinGroup(this.group, this.#interface);
    return socket;
  }

  /** A plain socket from which a peer sends, and where it is reached. */
  peer(): UdpSocket {
    const socket = boundSocket(this.family.host);
    socket.setMulticastInterface(this.#interface);
    return socket;
  }

  /** Sends a datagram to everybody. */
  shout(from: UdpSocket, datagram: Uint8Array<ArrayBuffer>): void {
    sendTo(from, datagram, this.group);
  }
}

/** Opens two nodes of a new network. */
export function openNodes(family: Family, keys = ""): OpenPair {
  return async (near, far) => {
    const lan = new LoopbackLan(family);
    return {
      near: await lan.open(keys, near),
      far: await lan.open(keys, far),
    };
  };
}
