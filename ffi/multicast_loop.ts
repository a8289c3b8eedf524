/**
 * Whether this host hears the multicasts that it sends (ip(7), ipv6(7)).
 *
 * @module
 */

import { check, libc } from "./libc.ts";
import { AF_INET } from "./sockaddr.ts";
import type { UdpSocket } from "./socket.ts";

const IPPROTO_IP = 0;
const IP_MULTICAST_LOOP = 34;
const IPPROTO_IPV6 = 41;
const IPV6_MULTICAST_LOOP = 19;

const bound = libc({
  setsockopt: {
    // fd, int level, int name, const void *value, socklen_t
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
});

/**
 * Keeps a socket's multicasts from all sockets of this host, its own included.
 *
 * @throws {SystemError} If the kernel refuses.
 */
export function muteOnThisHost({ fd, family }: UdpSocket): void {
  const [level, name] = family === AF_INET
    ? [IPPROTO_IP, IP_MULTICAST_LOOP]
    : [IPPROTO_IPV6, IPV6_MULTICAST_LOOP];
  check(
    bound().setsockopt(fd, level, name, new Int32Array(1), 4),
    "keep multicasts from this host",
  );
}
