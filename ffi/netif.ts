/**
 * Network interfaces and their addresses (net/if.h, ifaddrs.h).
 *
 * @module
 */

import { check, cString, errno, libc, SystemError } from "./libc.ts";
import { readSockaddr, type SocketAddress } from "./sockaddr.ts";

/** Longest interface name in bytes: IFNAMSIZ less the zero byte. */
export const MAX_INTERFACE_NAME_BYTES = 15;

/** Offsets in `struct ifaddrs`. */
const IFA = { next: 0, name: 8, addr: 24 } as const;

const bound = libc({
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  getifaddrs: { parameters: ["buffer"], result: "i32" }, // struct ifaddrs **
  freeifaddrs: { parameters: ["pointer"], result: "void" },
});

/**
 * Index of an interface.
 *
 * @param name As `ip link` shows it.
 * @throws {SystemError} With ENODEV if there is none of that name.
 */
export function interfaceIndex(name: string): number {
  const index = bound().if_nametoindex(cString(name));
  if (index === 0) throw new SystemError(`find interface "${name}"`, errno());
  return index;
}

/** An address of this host, and the interface that has it. */
export interface InterfaceAddress {
  readonly name: string;
  readonly address: SocketAddress;
}

/**
 * The IPv4 and IPv6 addresses of this host. Interfaces without one are passed over.
 *
 * @throws {SystemError} If the kernel does not tell.
 */
export function interfaceAddresses(): InterfaceAddress[] {
  const result = new BigUint64Array(1);
  check(bound().getifaddrs(result), "list this host's addresses");
  const first = Deno.UnsafePointer.create(result[0]);
  const found: InterfaceAddress[] = [];
  try {
    for (let pointer = first; pointer !== null;) {
      const view = new Deno.UnsafePointerView(pointer);
      const address = readSockaddr(view.getPointer(IFA.addr));
      const name = view.getPointer(IFA.name);
      if (address !== undefined && name !== null) {
        found.push({ name: Deno.UnsafePointerView.getCString(name), address });
      }
      pointer = view.getPointer(IFA.next);
    }
  } finally {
    bound().freeifaddrs(first);
  }
  return found;
}
