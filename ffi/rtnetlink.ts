/**
 * What the kernel tells of network interfaces over rtnetlink(7)
 * (linux/netlink.h, linux/rtnetlink.h, linux/if_link.h). All in host order.
 *
 * @module
 */

import { EAGAIN, ENODEV } from "./errno.ts";
import { closeFd, O_CLOEXEC, O_NONBLOCK } from "./fd.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import { MAX_INTERFACE_NAME_BYTES } from "./netif.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;

/** `struct sockaddr_nl`: u16 family, u16 padding, u32 port, u32 groups. */
const SOCKADDR_NL_BYTES = 12;
const NL_GROUPS = 8;
const RTMGRP_LINK = 1;

/** `struct nlmsghdr`: u32 length, u16 type, u16 flags, u32 sequence, u32 port. */
const NLMSGHDR_BYTES = 16;
const NL_TYPE = 4;
const NL_FLAGS = 6;
const NLMSG_ERROR = 2;
const NLM_F_REQUEST = 1;
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;

/** `struct ifinfomsg`, behind it: u8 family, u16 type, i32 index, u32 flags, u32 change. */
const IFINFOMSG_BYTES = 16;
const IFI_INDEX: number = NLMSGHDR_BYTES + 4;

/** `struct rtattr`: u16 length, u16 type; the next one begins at a multiple of 4. */
const RTATTR_BYTES = 4;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;

/** The kernel answers with up to this much at once. */
const REPLY_BYTES = 32_768;

const bound = libc({
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" }, // domain, type, protocol
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" }, // fd, const struct sockaddr *, socklen_t
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" }, // ssize_t; fd, const void *, size_t, flags
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
});

/** An interface of this network namespace. */
export interface LinkInfo {
  /** Its number. */
  readonly index: number;
  /** What `ip link add … type` calls it; "" for hardware and the loopback interface. */
  readonly kind: string;
  /** Its hardware address. */
  readonly mac: Uint8Array<ArrayBuffer>;
}

/**
 * Asks for an interface.
 *
 * @param name As `ip link` shows it.
 * @throws {SystemError} With ENODEV if there is none of that name.
 */
export function linkInfo(name: string): LinkInfo {
  const attempt = `find interface "${name}"`;
  const bytes = new TextEncoder().encode(name);
  if (
    bytes.length === 0 || bytes.length > MAX_INTERFACE_NAME_BYTES ||
    bytes.includes(0)
  ) throw new SystemError(attempt, ENODEV);
  const fd = openNetlink(0);
  try {
    const request = linkRequest(bytes);
    check(
      bound().send(fd, request, BigInt(request.length), 0),
      attempt,
    );
    const reply = new Uint8Array(REPLY_BYTES);
    const { recv } = bound();
    const length = check(recv(fd, reply, BigInt(REPLY_BYTES), 0), attempt);
    return readLink(reply.subarray(0, length), attempt);
  } finally {
    closeFd(fd);
  }
}

function linkRequest(name: Uint8Array): Uint8Array<ArrayBuffer> {
  const attribute = NLMSGHDR_BYTES + IFINFOMSG_BYTES;
  const nameLength = RTATTR_BYTES + name.length + 1;
  const request = new Uint8Array(attribute + align(nameLength));
  const view = new DataView(request.buffer);
  view.setUint32(0, request.length, true);
  view.setUint16(NL_TYPE, RTM_GETLINK, true);
  view.setUint16(NL_FLAGS, NLM_F_REQUEST, true);
  view.setUint16(attribute, nameLength, true);
  view.setUint16(attribute + 2, IFLA_IFNAME, true);
  request.set(name, attribute + RTATTR_BYTES);
  return request;
}

function readLink(
  reply: Uint8Array<ArrayBuffer>,
  attempt: string,
): LinkInfo {
  const view = new DataView(reply.buffer, 0, reply.length);
  const type = view.getUint16(NL_TYPE, true);
  if (type === NLMSG_ERROR) {
    throw new SystemError(attempt, -view.getInt32(NLMSGHDR_BYTES, true));
  }
  if (type !== RTM_NEWLINK) throw new SystemError(attempt, ENODEV);
  const attributes = readAttributes(
    reply.subarray(NLMSGHDR_BYTES + IFINFOMSG_BYTES),
  );
  const nested = attributes.get(IFLA_LINKINFO) ?? new Uint8Array(0);
  const kind = readAttributes(nested).get(IFLA_INFO_KIND);
  return {
    index: view.getInt32(IFI_INDEX, true),
    kind: new TextDecoder().decode(kind).replace(/\0.*$/s, ""),
    mac: (attributes.get(IFLA_ADDRESS) ?? new Uint8Array(0)).slice(),
  };
}

/** The attributes that stand one behind the other, by their types. */
function readAttributes(
  bytes: Uint8Array<ArrayBuffer>,
): Map<number, Uint8Array<ArrayBuffer>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<number, Uint8Array<ArrayBuffer>>();
  for (let at = 0; at + RTATTR_BYTES <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < RTATTR_BYTES || at + length > bytes.length) break;
    const type = view.getUint16(at + 2, true);
    found.set(type, bytes.subarray(at + RTATTR_BYTES, at + length));
    at += align(length);
  }
  return found;
}

function align(length: number): number {
  return (length + 3) & ~3;
}

function openNetlink(groups: number): number {
  const type = SOCK_RAW | O_CLOEXEC | (groups === 0 ? 0 : O_NONBLOCK);
  const attempt = "ask the kernel for network interfaces";
  const fd = check(bound().socket(AF_NETLINK, type, NETLINK_ROUTE), attempt);
  const address = new Uint8Array(SOCKADDR_NL_BYTES);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(NL_GROUPS, groups, true);
  if (bound().bind(fd, address, address.length) === 0) return fd;
  const error = errno();
  closeFd(fd);
  throw new SystemError(attempt, error);
}

/** Readable when an interface of this network namespace came, changed or went. */
export class LinkEvents implements Disposable {
  /** Non-blocking descriptor, for poll(2). */
  readonly fd: number;
  readonly #buffer = new Uint8Array(REPLY_BYTES);
  #open = true;

  /** @throws {SystemError} If there are no descriptors left. */
  constructor() {
    this.fd = openNetlink(RTMGRP_LINK);
  }

  /**
   * Takes what waits; what it was is to be asked for. Allocates nothing.
   *
   * @returns Whether there was anything.
   */
  drain(): boolean {
    let any = false;
    const size = BigInt(REPLY_BYTES);
    for (;;) {
      if (bound().recv(this.fd, this.#buffer, size, 0) < 0) {
        // Any other error says that more came than was kept.
        if (errno() === EAGAIN) return any;
      }
      any = true;
    }
  }

  /** Closes it. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }
}
