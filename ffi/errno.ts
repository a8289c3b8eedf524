/**
 * Names of Linux's error numbers, and the numbers that this code acts on
 * (asm-generic/errno-base.h and errno.h: the same on x86-64 and arm64).
 *
 * @module
 */

import { constants } from "node:os";

export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EIO = 5;
export const ECHILD = 10;
export const EAGAIN = 11;
export const EACCES = 13;
export const EBUSY = 16;
export const ENODEV = 19;
export const EINVAL = 22;
export const EPIPE = 32;
export const EBADFD = 77;
export const EMSGSIZE = 90;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ECONNREFUSED = 111;
export const EHOSTDOWN = 112;
export const EHOSTUNREACH = 113;

let names: Map<number, string> | undefined;

/** Name of an error number, as in errno(3): `EPERM`; `errno 1234` for one without a name. */
export function errnoName(errno: number): string {
  names ??= new Map(
    Object.entries(constants.errno)
      // Two numbers have two names each: the one that errno(3) uses goes last.
      .sort(([a]) =>
        a === "EWOULDBLOCK" || a === "EDEADLOCK" || a === "ENOTSUP" ? -1 : 1
      )
      .map(([name, number]) => [number as number, name]),
  );
  return names.get(errno) ?? `errno ${errno}`;
}

/** Whether an error of a datagram socket tells that a peer, or the way to it, is not there. */
export function isPeerGone(errno: number): boolean {
  return errno === ECONNREFUSED || errno === EHOSTUNREACH ||
    errno === EHOSTDOWN ||
    errno === ENETUNREACH || errno === ENETDOWN;
}
