/**
 * Pairs of local sockets.
 *
 * @module
 */

import { check, libc } from "../../../ffi/libc.ts";

const AF_UNIX = 1;
const SOCK_CLOEXEC = 0o2000000;

const bound = libc({
  // int domain, int type, int protocol, int fds[2]
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
});

/**
 * Makes two sockets that are joined.
 *
 * @param type SOCK_DGRAM and its like.
 * @returns Their descriptors: the caller's.
 */
export function socketPair(type: number): [number, number] {
  const fds = new Int32Array(2);
  check(
    bound().socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds),
    "make a pair of sockets",
  );
  return [fds[0], fds[1]];
}
