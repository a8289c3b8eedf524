/**
 * Sockets: sys/socket.h, and the options of ip(7), ipv6(7) and udp(7) in use.
 *
 * @module
 */

import { closeFd } from "./fd.ts";
import { SOL_UDP, UDP_GRO } from "./mmsghdr.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import { AF_INET, SOCKADDR_IN6_BYTES, SocketAddress } from "./sockaddr.ts";

const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;

const IPPROTO_IP = 0;
const IP_TTL = 2;
const IP_RECVERR = 11;
const IP_MTU = 14;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_TTL = 33;
const IP_ADD_MEMBERSHIP = 35;

const IP_MULTICAST_ALL = 49;

const IPPROTO_IPV6 = 41;
const IPV6_MULTICAST_IF = 17;
const IPV6_MULTICAST_HOPS = 18;
const IPV6_JOIN_GROUP = 20;
const IPV6_RECVERR = 25;
const IPV6_MTU = 24;
const IPV6_V6ONLY = 26;
const IPV6_MULTICAST_ALL = 29;

const bound = libc({
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" }, // domain, type, protocol
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" }, // fd, const struct sockaddr *, socklen_t
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockopt: {
    // fd, int level, int name, void *value, socklen_t *
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: {
    // fd, int level, int name, const void *value, socklen_t
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
});

/** A UDP socket: non-blocking, closed in programs that this one starts. */
export class UdpSocket implements Disposable {
  readonly fd: number;
  #open = true;

  /**
   * @param family AF_INET or AF_INET6 (which then carries IPv6 only).
   * @throws {SystemError} If the kernel has no such family or no descriptors are left.
   */
  constructor(readonly family: number) {
    const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    this.fd = check(bound().socket(family, type, 0), "make a UDP socket");
    if (family !== AF_INET) {
      this.#set(IPPROTO_IPV6, IPV6_V6ONLY, 1, "keep a socket to IPv6");
    }
  }

  /** Takes a local address and port. @throws {SystemError} If the kernel refuses. */
  bind(address: SocketAddress): void {
    const { bytes } = address;
    check(
      bound().bind(this.fd, bytes, bytes.length),
      `bind a UDP socket to ${address}`,
    );
  }

  /** Exchanges datagrams with one address only. @throws {SystemError} If it has no route. */
  connect(address: SocketAddress): void {
    const { bytes } = address;
    check(
      bound().connect(this.fd, bytes, bytes.length),
      `connect a UDP socket to ${address}`,
    );
  }

  /** The address and port that the socket is bound to. */
  localAddress(): SocketAddress {
    const bytes = new Uint8Array(SOCKADDR_IN6_BYTES);
    const length = new Uint32Array([bytes.length]);
    check(
      bound().getsockname(this.fd, bytes, length),
      "ask a socket for its address",
    );
    return new SocketAddress(bytes.subarray(0, length[0]));
  }

  /** Lets several sockets of this host share a group's address and port. */
  reuseAddress(): void {
    this.#set(SOL_SOCKET, SO_REUSEADDR, 1, "share a UDP port");
  }

  /**
   * Sizes a buffer; beyond the system's limit where this process may.
   *
   * @param sizeBytes What the kernel doubles for its own bookkeeping.
   */
  setReceiveBuffer(sizeBytes: number): void {
    if (this.#try(SOL_SOCKET, SO_RCVBUFFORCE, sizeBytes) !== 0) {
      this.#try(SOL_SOCKET, SO_RCVBUF, sizeBytes);
    }
  }

  /** Like `setReceiveBuffer`, for what waits to leave. */
  setSendBuffer(sizeBytes: number): void {
    if (this.#try(SOL_SOCKET, SO_SNDBUFFORCE, sizeBytes) !== 0) {
      this.#try(SOL_SOCKET, SO_SNDBUF, sizeBytes);
    }
  }

  /** Time to live of multicasts (hops on IPv6), and on IPv4 of unicasts. */
  setTtl(ttl: number): void {
    const attempt = `set the TTL to ${ttl}`;
    if (this.family === AF_INET) {
      this.#set(IPPROTO_IP, IP_MULTICAST_TTL, ttl, attempt);
      // IP_TTL has no 0: such a datagram could not even reach this host.
      if (ttl > 0) this.#set(IPPROTO_IP, IP_TTL, ttl, attempt);
    } else {
      this.#set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl, attempt);
    }
  }

  /** Sends multicasts out of an interface, whatever the routes say. */
  setMulticastInterface(index: number): void {
    const attempt = `send multicasts out of interface ${index}`;
    if (this.family === AF_INET) {
      const request = ipMreqn(undefined, index);
      this.#setBytes(IPPROTO_IP, IP_MULTICAST_IF, request, attempt);
    } else {
      this.#set(IPPROTO_IPV6, IPV6_MULTICAST_IF, index, attempt);
    }
  }

  /**
   * Joins a group; what others of this host joined elsewhere is not heard.
   *
   * @param index Interface on which to listen; 0: the one that the routes name.
   * @throws {SystemError} With ENODEV if no route names one.
   */
  joinGroup(group: SocketAddress, index: number): void {
    const attempt = `join group ${group}`;
    if (this.family === AF_INET) {
      const request = ipMreqn(group, index);
      this.#setBytes(IPPROTO_IP, IP_ADD_MEMBERSHIP, request, attempt);
      this.#try(IPPROTO_IP, IP_MULTICAST_ALL, 0);
    } else {
      const request = ipv6Mreq(group, index);
      this.#setBytes(IPPROTO_IPV6, IPV6_JOIN_GROUP, request, attempt);
      this.#try(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    }
  }

  /**
   * Takes datagrams of one sender and size as one message.
   *
   * @returns Whether the kernel does that (5.0 and later).
   */
  receiveSegments(): boolean {
    return this.#try(SOL_UDP, UDP_GRO, 1) === 0;
  }

  /**
   * The MTU of the path to the address that the socket is connected to, in
   * bytes of IP packet; undefined if the kernel does not tell.
   */
  pathMtu(): number | undefined {
    const [level, name] = this.family === AF_INET
      ? [IPPROTO_IP, IP_MTU]
      : [IPPROTO_IPV6, IPV6_MTU];
    const value = new Int32Array(1);
    const length = new Uint32Array([4]);
    return bound().getsockopt(this.fd, level, name, value, length) === 0
      ? value[0]
      : undefined;
  }

  /** Queues what the network says about datagrams sent (ICMP) for `ErrorQueue`. */
  receiveErrors(): void {
    const [level, name] = this.family === AF_INET
      ? [IPPROTO_IP, IP_RECVERR]
      : [IPPROTO_IPV6, IPV6_RECVERR];
    this.#set(level, name, 1, "receive a socket's errors");
  }

  /** Closes it. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }

  #set(level: number, name: number, value: number, attempt: string): void {
    this.#setBytes(
      level,
      name,
      new Uint8Array(new Int32Array([value]).buffer),
      attempt,
    );
  }

  #setBytes(
    level: number,
    name: number,
    value: Uint8Array<ArrayBuffer>,
    attempt: string,
  ): void {
    check(
      bound().setsockopt(this.fd, level, name, value, value.length),
      attempt,
    );
  }

  #try(level: number, name: number, value: number): number {
    return bound().setsockopt(
        this.fd,
        level,
        name,
        new Int32Array([value]),
        4,
      ) === 0
      ? 0
      : errno();
  }
}

/**
 * The MTU of the path to a destination, as the routes and what routers have
 * reported make it; a few system calls.
 *
 * @param destination Address; the port does not matter.
 * @param interfaceIndex Interface out of which a multicast goes; 0: as the routes say.
 * @returns Bytes of IP packet; undefined if there is no route.
 */
export function routeMtu(
  destination: SocketAddress,
  interfaceIndex: number,
): number | undefined {
  using socket = new UdpSocket(destination.family);
  try {
    if (interfaceIndex !== 0) socket.setMulticastInterface(interfaceIndex);
    socket.connect(destination);
    return socket.pathMtu();
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/** `struct ip_mreqn`: group, local address (unused), i32 interface index. */
function ipMreqn(
  group: SocketAddress | undefined,
  index: number,
): Uint8Array<ArrayBuffer> {
  const request = new Uint8Array(12);
  if (group !== undefined) request.set(group.host);
  new DataView(request.buffer).setInt32(8, index, true);
  return request;
}

/** `struct ipv6_mreq`: group, i32 interface index. */
function ipv6Mreq(
  group: SocketAddress,
  index: number,
): Uint8Array<ArrayBuffer> {
  const request = new Uint8Array(20);
  request.set(group.host);
  new DataView(request.buffer).setInt32(16, index, true);
  return request;
}
