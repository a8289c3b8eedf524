/**
 * UDP sockets on loopback, for tests: as plain as can be, so that they show
 * what is on the wire.
 *
 * @module
 */

import { SystemError } from "../../ffi/libc.ts";
import { resolve, type SocketAddress } from "../../ffi/sockaddr.ts";
import { UdpSocket } from "../../ffi/socket.ts";
import { waitReadable } from "../../ffi/poll.ts";

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

/** Waits until a socket has something. */
export async function waitForDatagram(
  fd: number,
  timeoutMs = 5000,
): Promise<boolean> {
  return await waitReadable([fd], timeoutMs);
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
