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

import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  resolve,
  type SocketAddress,
} from "../ffi/sockaddr.ts";
import { SystemError } from "../ffi/libc.ts";
import { interfaceIndex } from "../ffi/netif.ts";
import { EpollSet } from "../ffi/epoll.ts";
import { UdpSocket } from "../ffi/socket.ts";
import { groupId } from "../ffi/users.ts";
import { MAX_STATIONS } from "../lib/net/stations.ts";
import { MAX_VNI } from "../lib/net/vxlan_header.ts";
import { PlugError } from "../lib/plug/errors.ts";
import type { OpenOptions, Plug, Plugin } from "../lib/plug/plugin.ts";
import type { Vnl, VnlSyntax } from "../lib/plug/vnl.ts";
import { VxvdeNode } from "../lib/vxlan/vxvde_node.ts";

const DEFAULT_GROUP4 = "239.0.0.1";
const DEFAULT_GROUP6 = "ff05:56de::1";
const DEFAULT_PORT = 14789;
const DEFAULT_VNI = 1;
const DEFAULT_EXPIRE_SECONDS = 128;

const MAX_INT = 0x7fff_ffff;
const MAX_TTL = 255;

/** Bytes of a group's address that a group id replaces, and the part of the id that does it. */
const GID_BYTES = 3;

const SYNTAX: VnlSyntax = {
  form: "slash",
  address: "GROUP",
  addressOptional: true,
  addressSummary:
    `multicast group: address or name (default ${DEFAULT_GROUP4}; ` +
    `with v6 ${DEFAULT_GROUP6})`,
  keys: [
    { name: "v4", type: "flag", summary: "IPv4 only" },
    { name: "v6", type: "flag", summary: "IPv6 only" },
    {
      name: "port",
      type: "integer",
      min: 1,
      max: 65535,
      default: DEFAULT_PORT,
      summary: "UDP port of the group",
    },
    {
      name: "vni",
      type: "text",
      placeholder: "ID",
      summary:
        `network identifier: 0 to ${MAX_VNI}, or the name of a group of users ` +
        `(default ${DEFAULT_VNI})`,
    },
    {
      name: "grp",
      type: "text",
      placeholder: "GROUP",
      summary:
        "network of a group of users: its id is the vni, and the end of the address",
    },
    {
      name: "ttl",
      type: "integer",
      min: 0,
      max: MAX_TTL,
      default: 1,
      summary: "routers that a frame may pass, plus one",
    },
    {
      name: "if",
      type: "text",
      placeholder: "IFACE",
      summary: "interface of the group",
    },
    {
      name: "bind",
      type: "text",
      placeholder: "ADDR",
      summary: "address of this host to send from and to be reached at",
    },
    {
      name: "rcvbuf",
      type: "size",
      min: 1,
      max: MAX_INT,
      summary: "receive buffer in bytes",
    },
    {
      name: "hashsize",
      type: "integer",
      min: 1,
      max: MAX_STATIONS,
      default: 1024,
      summary: "most stations to remember",
    },
    {
      name: "expiretime",
      type: "integer",
      min: -MAX_INT,
      max: MAX_INT,
      default: DEFAULT_EXPIRE_SECONDS,
      placeholder: "SECONDS",
      summary: "how long to remember a silent station",
    },
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
  syntax: SYNTAX,
  open(vnl, options) {
    const family = wantedFamily(vnl);
    const vni = networkId(vnl);
    const index = multicastInterface(vnl);
    const group = groupAddress(vnl, family).withScope(index);
    const local = localAddress(vnl, group.family).withScope(index);
    return openNode(vnl, { group, local, index, vni }, options);
  },
};

function wantedFamily(vnl: Vnl): number {
  const [v4, v6] = [vnl.flag("v4"), vnl.flag("v6")];
  if (v4 && v6) {
    throw new TypeError(
      `Cannot open "${vnl}" as v4 and v6 exclude each other: received both`,
    );
  }
  if (v4) return AF_INET;
  return v6 ? AF_INET6 : AF_UNSPEC;
}

function networkId(vnl: Vnl): number {
  if (!vnl.has("vni")) {
    return vnl.has("grp") ? gid(vnl, "grp") & MAX_VNI : DEFAULT_VNI;
  }
  const text = vnl.string("vni");
  const isNumber = /^(?:0x[0-9a-f]+|\d+)$/i.test(text);
  const vni = isNumber ? Number(text) : gid(vnl, "vni");
  if (vni <= MAX_VNI) return vni;
  throw new RangeError(
    `Cannot open "${vnl}" as vni must be 0 to ${MAX_VNI}: received "${text}"`,
  );
}

function gid(vnl: Vnl, key: "vni" | "grp"): number {
  try {
    return groupId(vnl.string(key));
  } catch (error) {
    const wanted = key === "vni"
      ? "a number or a group of users"
      : "a group of users";
    throw new TypeError(
      `Cannot open "${vnl}" as ${key} must be ${wanted}: received "${
        vnl.string(key)
      }"`,
      { cause: error },
    );
  }
}

function groupAddress(vnl: Vnl, family: number): SocketAddress {
  const name = vnl.address ||
    (family === AF_INET6 ? DEFAULT_GROUP6 : DEFAULT_GROUP4);
  const [group] = lookUp(vnl, "group", name, family, vnl.number("port"));
  if (vnl.has("grp")) {
    const id = gid(vnl, "grp");
    const { host } = group;
    for (let byte = 0; byte < GID_BYTES; byte++) {
      host[host.length - 1 - byte] = id >> (8 * byte);
    }
  }
  if (group.isMulticast) return group;
  throw new TypeError(
    `Cannot open "${vnl}" as the group must be a multicast address ` +
      `(224.0.0.0/4 or ff00::/8): received "${name}"`,
  );
}

function localAddress(vnl: Vnl, family: number): SocketAddress {
  return lookUp(vnl, "bind", vnl.string("bind"), family, 0)[0];
}

function lookUp(
  vnl: Vnl,
  what: string,
  name: string,
  family: number,
  port = 0,
): SocketAddress[] {
  try {
    return resolve(name, { family, port });
  } catch (error) {
    const kind = { [AF_INET]: "an IPv4", [AF_INET6]: "an IPv6" }[family] ??
      "an";
    throw new TypeError(
      `Cannot open "${vnl}" as ${what} must be ${kind} address or a name that has one: ` +
        `received "${name}"`,
      { cause: error },
    );
  }
}

/** Index of the interface that the VNL names; 0: the routes decide. */
function multicastInterface(vnl: Vnl): number {
  if (!vnl.has("if")) return 0;
  try {
    return interfaceIndex(vnl.string("if"));
  } catch (error) {
    throw new PlugError(
      `Cannot open "${vnl}" as if must be an interface of this host: ` +
        `received "${vnl.string("if")}"`,
      { code: "ENODEV", hint: "ip link lists the interfaces", cause: error },
    );
  }
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
      maxAgeMs: 1000 * expireSeconds(vnl),
    }, options);
    opening.move();
    options.log.debug(
      `${vnl} sends from ${own.localAddress()} to ${group}, vni ${vni}`,
    );
    return node;
  } catch (error) {
    throw error instanceof SystemError ? explain(vnl, network, error) : error;
  }
}

function expireSeconds(vnl: Vnl): number {
  const seconds = vnl.number("expiretime") ?? 0;
  return seconds > 0 ? seconds : DEFAULT_EXPIRE_SECONDS;
}

function explain(
  vnl: Vnl,
  { group, local }: Network,
  cause: SystemError,
): PlugError {
  const { code, attempt } = cause;
  const reason = cause.message.slice(`Cannot ${attempt}: `.length);
  return new PlugError(`Cannot open "${vnl}": cannot ${attempt}: ${reason}`, {
    code,
    hint: hintFor(code, group, local),
    cause,
  });
}

function hintFor(
  code: string,
  group: SocketAddress,
  local: SocketAddress,
): string | undefined {
  switch (code) {
    case "ENODEV":
    case "ENETUNREACH":
      return group.family === AF_INET
        ? "no route leads to the group: name the interface with /if=IFACE, or add a route " +
          "(ip route add 224.0.0.0/4 dev IFACE)"
        : "no route leads to the group: name the interface with /if=IFACE, or add a route " +
          "(ip -6 route add multicast ff00::/8 dev IFACE table local)";
    case "EADDRNOTAVAIL":
      return `bind must be an address of this host: ${local} is none`;
    case "EADDRINUSE":
      return "another program holds the group's port without sharing it: end it, " +
        "or choose another with /port=N";
  }
}
