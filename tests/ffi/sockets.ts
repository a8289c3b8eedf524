/**
 * UDP sockets on loopback, for tests: as plain as can be, so that they show
 * what is on the wire.
 *
 * @module
 */

import { check, libc, SystemError } from "../../ffi/libc.ts";
import {
  AF_INET,
  resolve,
  SOCKADDR_IN6_BYTES,
  SOCKADDR_IN_BYTES,
  SocketAddress,
} from "../../ffi/sockaddr.ts";
import { UdpSocket } from "../../ffi/socket.ts";
import { AssertionError } from "@std/assert";
import { until } from "../plugs.ts";

const MAX_DATAGRAM_BYTES = 65536;
const MSG_DONTWAIT = 0x40;

const bound = libc({
  sendto: {
    // fd, const void *, size_t, int flags, const struct sockaddr *, socklen_t
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "i32",
  },
  recvfrom: {
    // fd, void *, size_t, int flags, struct sockaddr *, socklen_t *
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"],
    result: "i32",
  },
});

/** Sends one datagram. */
export function sendTo(
  socket: UdpSocket,
  datagram: Uint8Array<ArrayBuffer>,
  to: SocketAddress,
): void {
  const { bytes } = to;
  const length = BigInt(datagram.length);
  const { sendto } = bound();
  check(
    sendto(socket.fd, datagram, length, 0, bytes, bytes.length),
    `send ${length} bytes to ${to}`,
  );
}

/** A datagram and who sent it. */
export interface Datagram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly from: SocketAddress;
}

/** Takes a datagram that waits; undefined if there is none. */
export function receiveFrom(socket: UdpSocket): Datagram | undefined {
  const bytes = new Uint8Array(MAX_DATAGRAM_BYTES);
  const name = new Uint8Array(SOCKADDR_IN6_BYTES);
  const nameLength = Uint32Array.of(name.length);
  const size = BigInt(bytes.length);
  const { recvfrom } = bound();
  const n = recvfrom(socket.fd, bytes, size, MSG_DONTWAIT, name, nameLength);
  if (n < 0) return undefined;
  const from = socket.family === AF_INET
    ? name.subarray(0, SOCKADDR_IN_BYTES)
    : name;
  return { bytes: bytes.slice(0, n), from: new SocketAddress(from) };
}

/** Takes a datagram that waits or comes soon. */
export async function nextDatagram(
  socket: UdpSocket,
  timeoutMs = 30_000,
): Promise<Datagram> {
  let datagram: Datagram | undefined;
  await until(() => (datagram = receiveFrom(socket)) !== undefined, timeoutMs);
  if (datagram === undefined) throw new AssertionError("no datagram came");
  return datagram;
}

/** A socket bound to an address of this host, at a free port unless one is given. */
export function boundSocket(host: string, port = 0): UdpSocket {
  const [address] = resolve(host, { port });
  const socket = new UdpSocket(address.family);
  try {
    socket.bind(address);
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
  return socket;
}

/** An address at which nobody listens any more. */
export function closedAddress(host: string): SocketAddress {
  using socket = boundSocket(host);
  return socket.localAddress();
}

/** Why this machine cannot show IPv6; undefined if it can. */
export const noIpv6 = reasonWithoutIpv6();

function reasonWithoutIpv6(): string | undefined {
  try {
    using _socket = boundSocket("::1");
  } catch (error) {
    if (error instanceof SystemError) return error.message;
    throw error;
  }
}

/** Both loopback addresses, for tests of both families. */
export const LOOPBACKS: readonly {
  readonly host: string;
  /** Why this machine cannot show it. */
  readonly skip: string | undefined;
}[] = [
  { host: "127.0.0.1", skip: undefined },
  { host: "::1", skip: noIpv6 },
];
