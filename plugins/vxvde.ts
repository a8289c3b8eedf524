/**
 * `vxvde://` plugs: nodes of a switch that is nowhere but in its nodes.
 *
 * Frames travel in UDP datagrams behind a VXLAN header. What is for everybody,
 * or for a station that nobody has been heard of, goes to a multicast group;
 * what is for a known station goes to the address that it was heard from. A
 * node has two sockets: one bound to the group, on which it hears what is for
 * everybody, and one of its own, from which it sends everything, so that the
 * others learn its address.
 *
 * Beyond the protocol's goodbye, a peer is forgotten when the network reports
 * that it is not there (ICMP): a node that was killed and started again is
 * found at its new port with the next frame.
 *
 * @module
 */

import { EpollSet } from "../ffi/epoll.ts";
import { SystemError } from "../ffi/libc.ts";
import type { SocketAddress } from "../ffi/sockaddr.ts";
import { UdpSocket } from "../ffi/socket.ts";
import { MAX_VNI } from "../lib/net/vxlan_header.ts";
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
  lookUpAddress,
  maxAgeMs,
  multicastInterface,
  routeHint,
  userGroup,
  wantedFamily,
} from "../lib/vxlan/network.ts";
import { VxvdeNode } from "../lib/vxlan/vxvde_node.ts";

const DEFAULT_PORT = 14789;

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
    {
      name: "grp",
      type: "text",
      placeholder: "GROUP",
      completes: "group",
      summary:
        "network of a group of users: its id is the vni, and the end of the address",
    },
    KEYS.ttl,
    KEYS.if,
    {
      name: "bind",
      type: "text",
      placeholder: "ADDR",
      summary: "address of this host to send from and to be reached at",
    },
    KEYS.rcvbuf,
    KEYS.hashsize,
    KEYS.expiretime,
  ],
  examples: [
    { vnl: "vxvde://", summary: "the LAN's default network" },
    {
      vnl: "vxvde://239.1.2.3/ttl=2",
      summary: "another network, also behind one router",
    },
    { vnl: "vxvde:///vni=7/if=eth1", summary: "network 7, on eth1" },
  ],
};

/** Opens `vxvde://` plugs. */
export const vxvdePlugin: Plugin = {
  scheme: "vxvde",
  summary: "A distributed switch on the LAN: UDP multicast, no server.",
  description: [
    "Every node is a part of the switch. Frames travel in UDP datagrams " +
    "behind a VXLAN header: to the multicast group while nobody has heard " +
    "of a station, then straight to the host that it was heard from. " +
    "Nodes of the C programs' vxvde:// join the same network.",
    "It runs as any user. The host needs a route for the group, or if=IFACE " +
    "names the interface. With ttl=1, no router passes the group on; more is " +
    "of use where routers forward multicast.",
    "Each frame has 50 bytes more on the LAN, 70 with IPv6: with an MTU " +
    "of 1450, or 1430, inside, no frame is cut into IP fragments. Whoever " +
    "is on the LAN can join, read and forge frames: nothing is encrypted.",
    "It ends with the program alone. A node that leaves says goodbye, and " +
    "one that was killed is forgotten when the network reports that it is " +
    "gone.",
  ],
  syntax: SYNTAX,
  open(vnl, options) {
    const family = wantedFamily(vnl);
    const vni = networkId(vnl);
    const index = multicastInterface(vnl);
    const gid = vnl.has("grp") ? userGroup(vnl, "grp") : undefined;
    const group = groupAddress(vnl, family, gid).withScope(index);
    const local = localAddress(vnl, group.family).withScope(index);
    return openNode(vnl, { group, local, index, vni }, options);
  },
};

function networkId(vnl: Vnl): number {
  const given = givenNetworkId(vnl);
  if (given !== undefined) return given;
  return vnl.has("grp") ? userGroup(vnl, "grp") & MAX_VNI : DEFAULT_VNI;
}

function localAddress(vnl: Vnl, family: number): SocketAddress {
  const name = vnl.string("bind");
  return lookUpAddress(vnl, { what: "bind", name, family });
}

interface Network {
  readonly group: SocketAddress;
  readonly local: SocketAddress;
  readonly index: number;
  readonly vni: number;
}

function openNode(vnl: Vnl, network: Network, options: OpenOptions): Plug {
  const { group, local, index, vni } = network;
  using opening = new DisposableStack();
  try {
    const heard = opening.use(new UdpSocket(group.family));
    heard.reuseAddress();
    heard.bind(group);
    heard.joinGroup(group, index);
    const own = opening.use(new UdpSocket(group.family));
    own.bind(local);
    own.setTtl(vnl.number("ttl") ?? 1);
    if (index !== 0) own.setMulticastInterface(index);
    own.receiveErrors();
    const node = new VxvdeNode({
      heard,
      own,
      poll: opening.use(new EpollSet()),
      group,
      interfaceIndex: index,
      vni,
      receiveBufferBytes: vnl.number("rcvbuf"),
      capacity: vnl.number("hashsize") ?? 0,
      maxAgeMs: maxAgeMs(vnl),
    }, options);
    opening.move();
    options.log.debug(
      `${vnl} sends from ${own.localAddress()} to ${group}, vni ${vni}`,
    );
    return node;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw explainSocketError(vnl, error, hintFor(error.code, group, local));
  }
}

function hintFor(
  code: string,
  group: SocketAddress,
  local: SocketAddress,
): string | undefined {
  switch (code) {
    case "ENODEV":
    case "ENETUNREACH":
      return routeHint(group.family);
    case "EADDRNOTAVAIL":
      return `bind must be an address of this host: ${local} is none`;
    case "EADDRINUSE":
      return "another program holds the group's port without sharing it: end it, " +
        "or choose another with /port=N";
  }
}
