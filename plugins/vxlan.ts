/**
 * `vxlan://` plugs: nodes of a VXLAN network with a multicast group, as
 * RFC 7348 has it; the Linux kernel's `vxlan` interfaces are others.
 *
 * What is for everybody, or for a station that nobody has been heard of, goes
 * to the group; what is for a known station goes to the host that it was heard
 * from, at the network's port. So a host has one node on a port.
 *
 * A peer is forgotten when the network reports that it is not there (ICMP): a
 * goodbye, as `vxvde://` has it, is not in the protocol.
 *
 * @module
 */

import { SystemError } from "../ffi/libc.ts";
import { muteOnThisHost } from "../ffi/multicast_loop.ts";
import { SocketAddress } from "../ffi/sockaddr.ts";
import { UdpSocket } from "../ffi/socket.ts";
import type { OpenOptions, Plug, Plugin } from "../lib/plug/plugin.ts";
import type { Vnl, VnlSyntax } from "../lib/plug/vnl.ts";
import {
  DEFAULT_VNI,
  GROUP_SUMMARY,
  KEYS,
  portKey,
} from "../lib/vxlan/keys.ts";
import {
  explainSocketError,
  givenNetworkId,
  groupAddress,
  maxAgeMs,
  multicastInterface,
  routeHint,
  wantedFamily,
} from "../lib/vxlan/network.ts";
import { VxlanNode } from "../lib/vxlan/vxlan_node.ts";

const DEFAULT_PORT = 4789;

const SYNTAX: VnlSyntax = {
  form: "slash",
  address: "GROUP",
  addressOptional: true,
  addressSummary: GROUP_SUMMARY,
  keys: [
    KEYS.v4,
    KEYS.v6,
    portKey(DEFAULT_PORT),
    KEYS.vni,
    KEYS.ttl,
    KEYS.if,
    KEYS.rcvbuf,
    KEYS.hashsize,
    KEYS.expiretime,
  ],
  examples: [
    {
      vnl: "vxlan://239.0.0.1/vni=1/if=eth0",
      summary: "with ip link add type vxlan id 1 group 239.0.0.1 dstport 4789",
    },
    { vnl: "vxlan:///v6/vni=7/if=eth1", summary: "network 7 over IPv6" },
  ],
};

/** Opens `vxlan://` plugs. */
export const vxlanPlugin: Plugin = {
  scheme: "vxlan",
  summary: "A VXLAN (RFC 7348) on a multicast group, with Linux and others.",
  description: [
    "The Linux kernel's vxlan interfaces with a multicast group are " +
    "peers, and so is whatever else keeps to RFC 7348. What is for " +
    "everybody goes to the group; what is for a station that was heard " +
    "goes to its host, at the network's port.",
    "It runs as any user, but alone on its port: a host has one node, or " +
    "one kernel interface, on each. The host needs a route for the group, " +
    "or if=IFACE names the interface.",
    "Each frame has 50 bytes more on the LAN, 70 with IPv6: with an MTU " +
    "of 1450, or 1430, inside, no frame is cut into IP fragments. Whoever " +
    "is on the LAN can join, read and forge frames: nothing is encrypted.",
  ],
  syntax: SYNTAX,
  open(vnl, options) {
    const family = wantedFamily(vnl);
    const vni = givenNetworkId(vnl) ?? DEFAULT_VNI;
    const index = multicastInterface(vnl);
    const group = groupAddress(vnl, family).withScope(index);
    return openNode(vnl, { group, index, vni }, options);
  },
};

interface Network {
  readonly group: SocketAddress;
  readonly index: number;
  readonly vni: number;
}

function openNode(vnl: Vnl, network: Network, options: OpenOptions): Plug {
  const { group, index, vni } = network;
  using opening = new DisposableStack();
  try {
    const socket = opening.use(new UdpSocket(group.family));
    socket.bind(SocketAddress.any(group.family, group.port));
    socket.joinGroup(group, index);
    socket.setTtl(vnl.number("ttl") ?? 1);
    if (index !== 0) socket.setMulticastInterface(index);
    muteOnThisHost(socket);
    socket.receiveErrors();
    const node = new VxlanNode({
      socket,
      group,
      interfaceIndex: index,
      vni,
      receiveBufferBytes: vnl.number("rcvbuf"),
      capacity: vnl.number("hashsize") ?? 0,
      maxAgeMs: maxAgeMs(vnl),
    }, options);
    opening.move();
    options.log.debug(
      `${vnl} sends from ${socket.localAddress()} to ${group}, vni ${vni}`,
    );
    return node;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw explainSocketError(vnl, error, hintFor(error.code, group));
  }
}

function hintFor(code: string, group: SocketAddress): string | undefined {
  switch (code) {
    case "ENODEV":
    case "ENETUNREACH":
      return routeHint(group.family);
    case "EADDRINUSE":
      return `another program, or a vxlan interface of this host, has port ${group.port}, ` +
        "and VXLAN allows one on a port: end it, or choose another with /port=N";
  }
}
