/**
 * Socket addresses: `struct sockaddr_in`, `sockaddr_in6` (netinet/in.h), and
 * the resolver that makes them out of names (netdb.h).
 *
 * Family in host order, port and address in network order, scope id in host
 * order.
 *
 * @module
 */

import { cString, errno, libc, SystemError } from "./libc.ts";

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Size of `struct sockaddr_in`. */
export const SOCKADDR_IN_BYTES = 16;
/** Size of `struct sockaddr_in6`. */
export const SOCKADDR_IN6_BYTES = 28;
/** Distance of addresses in a table of them: room for either kind. */
export const SOCKADDR_STRIDE_BYTES = 32;

const PORT = 2;
const IN_ADDRESS = 4;
const IN6_ADDRESS = 8;
const IN6_SCOPE = 24;
const INET6_ADDRSTRLEN = 46;

const AI_PASSIVE = 1;
const SOCK_DGRAM = 2;
const EAI_SYSTEM = -11;

/** Offsets in `struct addrinfo`. */
const AI = {
  flags: 0,
  family: 4,
  socktype: 8,
  addrlen: 16,
  addr: 24,
  next: 40,
  bytes: 48,
} as const;

const bound = libc({
  getaddrinfo: {
    // const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result
    parameters: ["buffer", "pointer", "buffer", "buffer"],
    result: "i32",
  },
  freeaddrinfo: { parameters: ["pointer"], result: "void" },
  gai_strerror: { parameters: ["i32"], result: "pointer" }, // const char *, never NULL
  inet_ntop: {
    parameters: ["i32", "buffer", "buffer", "u32"],
    result: "pointer",
  },
});

/** An IPv4 or IPv6 address and a port, as the kernel takes it. */
export class SocketAddress {
  /** `struct sockaddr_in` or `sockaddr_in6`: 16 or 28 bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  /** @param bytes Copied: 16 or 28 bytes, as the kernel writes them. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes.slice();
  }

  /** The address that means "any", with a port. */
  static any(family: number, port: number): SocketAddress {
    const size = family === AF_INET ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES;
    const address = new SocketAddress(new Uint8Array(size));
    new DataView(address.bytes.buffer).setUint16(0, family, true);
    return address.withPort(port);
  }

  /** AF_INET or AF_INET6. */
  get family(): number {
    return this.#view().getUint16(0, true);
  }

  /** Port, 0 to 65535. */
  get port(): number {
    return this.#view().getUint16(PORT);
  }

  /** The address alone: 4 or 16 bytes in network order; a view. */
  get host(): Uint8Array<ArrayBuffer> {
    return this.family === AF_INET
      ? this.bytes.subarray(IN_ADDRESS, IN_ADDRESS + 4)
      : this.bytes.subarray(IN6_ADDRESS, IN6_ADDRESS + 16);
  }

  /** Index of the interface that a link-local IPv6 address belongs to; 0 where there is none. */
  get scope(): number {
    return this.family === AF_INET6
      ? this.#view().getUint32(IN6_SCOPE, true)
      : 0;
  }

  /** Whether it is a group's address (224.0.0.0/4, ff00::/8). */
  get isMulticast(): boolean {
    return this.family === AF_INET
      ? this.host[0] >> 4 === 0xe
      : this.host[0] === 0xff;
  }

  /** The same address with another port. */
  withPort(port: number): SocketAddress {
    const copy = new SocketAddress(this.bytes);
    new DataView(copy.bytes.buffer).setUint16(PORT, port);
    return copy;
  }

  /** The same address on an interface, unless it names one already; IPv4 has no such thing. */
  withScope(index: number): SocketAddress {
    const copy = new SocketAddress(this.bytes);
    if (copy.family === AF_INET6 && copy.scope === 0) {
      new DataView(copy.bytes.buffer).setUint32(IN6_SCOPE, index, true);
    }
    return copy;
  }

  /** `192.0.2.1:5000`, `[2001:db8::1]:5000`. */
  toString(): string {
    const host = formatIp(this.host);
    return this.family === AF_INET
      ? `${host}:${this.port}`
      : `[${host}]:${this.port}`;
  }

  #view(): DataView<ArrayBuffer> {
    return new DataView(this.bytes.buffer);
  }
}

/** Text of an address: 4 or 16 bytes in network order. */
export function formatIp(host: Uint8Array): string {
  const family = host.length === 4 ? AF_INET : AF_INET6;
  const text = new Uint8Array(INET6_ADDRSTRLEN);
  bound().inet_ntop(family, host.slice(), text, text.length);
  return new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
}

/** What {@linkcode resolve} looks for. */
export interface ResolveOptions {
  /** AF_INET, AF_INET6, or AF_UNSPEC for either. */
  readonly family?: number;
  /** Port of the addresses given back. */
  readonly port?: number;
}

/**
 * Looks a host name or a numeric address up. It may ask a name server, and
 * blocks meanwhile.
 *
 * @param host Name or address; "" stands for any address of this host.
 * @returns At least one address, in the resolver's order of preference.
 * @throws {TypeError} If the name has no address; the text says why.
 */
export function resolve(
  host: string,
  options: ResolveOptions = {},
): SocketAddress[] {
  const hints = new Uint8Array(AI.bytes);
  const hintsView = new DataView(hints.buffer);
  hintsView.setInt32(AI.flags, AI_PASSIVE, true);
  hintsView.setInt32(AI.family, options.family ?? AF_UNSPEC, true);
  hintsView.setInt32(AI.socktype, SOCK_DGRAM, true);
  if (host === "") {
    const families = options.family ? [options.family] : [AF_INET, AF_INET6];
    return families.map((family) =>
      SocketAddress.any(family, options.port ?? 0)
    );
  }
  const result = new BigUint64Array(1);
  const status = bound().getaddrinfo(cString(host), null, hints, result);
  if (status !== 0) throw resolverError(host, status);
  const first = Deno.UnsafePointer.create(result[0]);
  try {
    return readAddresses(first).map((address) =>
      address.withPort(options.port ?? 0)
    );
  } finally {
    bound().freeaddrinfo(first);
  }
}

function resolverError(host: string, status: number): Error {
  if (status === EAI_SYSTEM) {
    return new SystemError(`resolve "${host}"`, errno());
  }
  const text = bound().gai_strerror(status);
  const reason = text === null
    ? `status ${status}`
    : Deno.UnsafePointerView.getCString(text);
  return new TypeError(`Cannot resolve "${host}": ${reason.toLowerCase()}`);
}

function readAddresses(first: Deno.PointerValue): SocketAddress[] {
  const addresses: SocketAddress[] = [];
  for (let pointer = first; pointer !== null;) {
    const view = new Deno.UnsafePointerView(pointer);
    const address = readSockaddr(view.getPointer(AI.addr));
    if (address !== undefined) addresses.push(address);
    pointer = view.getPointer(AI.next);
  }
  return addresses;
}

/**
 * Copies a `struct sockaddr` out of C's memory.
 *
 * @param pointer May be NULL: an interface need not have an address.
 * @returns The address, or undefined for NULL and for other families.
 */
export function readSockaddr(
  pointer: Deno.PointerValue,
): SocketAddress | undefined {
  if (pointer === null) return undefined;
  const view = new Deno.UnsafePointerView(pointer);
  const family = view.getUint16(0);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const bytes = new Uint8Array(
    family === AF_INET ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES,
  );
  view.copyInto(bytes);
  return new SocketAddress(bytes);
}
