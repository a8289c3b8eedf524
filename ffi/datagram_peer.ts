/**
 * Whom a local datagram socket talks to: that may change at any time
 * (connect(2), unix(7)), and so must be cheap to try.
 *
 * @module
 */

import { errno, libc } from "./libc.ts";

const AF_UNSPEC_ADDRESS = new Uint8Array(2);

const bound = libc({
  // fd, const struct sockaddr *, socklen_t
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
});

/**
 * Connects a datagram socket, whether it was connected before or not. From
 * then on it hears nobody else. With another peer than before, what it has not
 * received yet is lost. Allocates nothing, never throws, never waits.
 *
 * @param address As `packUnixAddress` makes it.
 * @returns 0, or `-errno`: ENOENT or ECONNREFUSED if nobody has that name
 * open, EPERM if who has it is connected to another socket, EPROTOTYPE if that
 * is none for datagrams. A peer from before stays, then.
 */
export function connectDatagrams(
  fd: number,
  address: Uint8Array<ArrayBuffer>,
): number {
  return bound().connect(fd, address, address.length) === 0 ? 0 : -errno();
}

/** Makes a datagram socket hear everybody again. What it has not received yet is lost. */
export function disconnectDatagrams(fd: number): void {
  bound().connect(fd, AF_UNSPEC_ADDRESS, AF_UNSPEC_ADDRESS.length);
}
