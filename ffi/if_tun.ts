/**
 * TAP and macvtap interfaces (linux/if_tun.h, linux/if.h).
 *
 * @module
 */

import { EINVAL, ENODEV } from "./errno.ts";
import {
  closeFd,
  ioctl,
  ioctlValue,
  O_NONBLOCK,
  O_RDWR,
  openFile,
} from "./fd.ts";
import { SystemError } from "./libc.ts";
import { MAX_INTERFACE_NAME_BYTES } from "./netif.ts";
import { AF_INET } from "./sockaddr.ts";
import { UdpSocket } from "./socket.ts";

const TUN_DEVICE = "/dev/net/tun";

const TUNSETIFF = 0x400454can;

const TUNSETOFFLOAD = 0x400454d0n;
const TUNGETIFF = 0x800454d2n;
const SIOCSIFMTU = 0x8922n;
const SIOCGIFHWADDR = 0x8927n;

const IFF_TAP = 0x0002;
const IFF_MULTI_QUEUE = 0x0100;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;

/** What TUNSETOFFLOAD is asked for, best first: with UDP (Linux 6.2), without. */
const TUN_F_TCP = 0x01 | 0x02 | 0x04 | 0x08;
const TUN_F_UDP = 0x20 | 0x40;

/** `struct ifreq`: 16 bytes name, then a union: i16 flags, or i32 mtu. */
const IFREQ_BYTES = 40;
const IFREQ_VALUE = 16;
/** Where a hardware address stands in it: behind the family of a `struct sockaddr`. */
const IFREQ_MAC: number = IFREQ_VALUE + 2;
const MAC_BYTES = 6;

/** Size of `struct virtio_net_hdr` (linux/virtio_net.h), which stands before each frame. */
export const VIRTIO_NET_HEADER_BYTES = 10;

/** How to open a TAP interface. */
export interface TapOptions {
  /** Ask for superframes: a `struct virtio_net_hdr` then stands before each frame. */
  readonly offload: boolean;
  /** MTU to set, in bytes; undefined: as it is. */
  readonly mtu: number | undefined;
}

/** A TAP interface that this process holds. */
export interface TapInterface {
  /** Non-blocking descriptor: one frame a read or a write. The caller's to close. */
  readonly fd: number;
  /** Its name: the kernel's choice where none was asked for. */
  readonly name: string;
  /** Whether a `struct virtio_net_hdr` stands before each frame. */
  readonly hasHeader: boolean;
  /** Superframes that it gives and takes: `TUN_F_*` bits; 0 for none. */
  readonly offload: number;
}

/**
 * Creates a TAP interface, or attaches to one that exists.
 *
 * @param name At most 15 bytes; "" lets the kernel choose.
 * @throws {SystemError} EPERM without CAP_NET_ADMIN on an interface that is
 * not this user's, or to set an MTU; EBUSY if another process holds it; EINVAL
 * if an interface of that name is no TAP; ENOENT or EACCES without a usable
 * /dev/net/tun.
 */
export function openTap(name: string, options: TapOptions): TapInterface {
  const fd = openFile(TUN_DEVICE, O_RDWR | O_NONBLOCK);
  try {
    const attached = attach(fd, name, options.offload);
    if (options.mtu !== undefined) setMtu(attached.name, options.mtu);
    const offload = attached.hasHeader ? askForOffload(fd) : 0;
    return { fd, ...attached, offload };
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** How to open a macvtap interface, and which. */
export interface MacvtapOptions extends TapOptions {
  /** The interface's name. */
  readonly name: string;
  /** Its hardware address. */
  readonly mac: Uint8Array;
}

/**
 * Opens a queue of a macvtap interface. Frames pass it as they pass a TAP's.
 *
 * @param path Its device, `/dev/tapINDEX`.
 * @throws {SystemError} ENOENT if there is no such device; ENODEV or ENXIO if
 * it is no interface's, or another one's; EACCES or EPERM if this process may
 * not open it, or not set the MTU; EBUSY if all of its queues are in use.
 */
export function openMacvtap(
  path: string,
  options: MacvtapOptions,
): TapInterface {
  const { name, mac, mtu, offload: hasHeader } = options;
  const fd = openFile(path, O_RDWR | O_NONBLOCK);
  try {
    const found = tapIdentity(fd);
    const isIt = found?.name === name &&
      found.mac.every((byte, index) => byte === mac[index]);
    if (!isIt) {
      throw new SystemError(`open "${path}" as that of "${name}"`, ENODEV);
    }
    // Such a queue is opened with headers, and its name does not matter.
    if (!hasHeader) {
      const result = tryToAttach(fd, name, IFF_TAP | IFF_NO_PI);
      if (typeof result === "number") {
        throw new SystemError(`do without headers on "${path}"`, -result);
      }
    }
    if (mtu !== undefined) setMtu(name, mtu);
    return { fd, name, hasHeader, offload: hasHeader ? askForOffload(fd) : 0 };
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** What the interface behind a descriptor says of itself. */
export interface TapIdentity {
  /** Its name. */
  readonly name: string;
  /** Its hardware address. */
  readonly mac: Uint8Array<ArrayBuffer>;
}

/**
 * Asks which interface is behind a descriptor of a TAP or macvtap.
 *
 * @returns undefined if it was removed.
 */
export function tapIdentity(fd: number): TapIdentity | undefined {
  const request = new Uint8Array(IFREQ_BYTES);
  if (ioctl(fd, TUNGETIFF, request) < 0) return undefined;
  const name = readName(request);
  if (ioctl(fd, SIOCGIFHWADDR, request) < 0) return undefined;
  return { name, mac: request.slice(IFREQ_MAC, IFREQ_MAC + MAC_BYTES) };
}

function attach(
  fd: number,
  name: string,
  offload: boolean,
): { name: string; hasHeader: boolean } {
  const base = IFF_TAP | IFF_NO_PI;
  let error = EINVAL;
  // An interface made for several queues is opened only as such; without
  // superframes is tried last.
  for (const header of offload ? [IFF_VNET_HDR, 0] : [0]) {
    for (const queues of [0, IFF_MULTI_QUEUE]) {
      const result = tryToAttach(fd, name, base | header | queues);
      if (typeof result === "string") {
        return { name: result, hasHeader: header !== 0 };
      }
      error = -result;
      if (error !== EINVAL) {
        throw new SystemError(`attach to TAP interface "${name}"`, error);
      }
    }
  }
  throw new SystemError(`attach to TAP interface "${name}"`, error);
}

/** Gives the interface's name, or `-errno`. */
function tryToAttach(fd: number, name: string, flags: number): string | number {
  const request = interfaceRequest(name);
  new DataView(request.buffer).setInt16(IFREQ_VALUE, flags, true);
  const result = ioctl(fd, TUNSETIFF, request);
  if (result < 0) return result;
  return readName(request);
}

function readName(request: Uint8Array): string {
  return new TextDecoder().decode(request.subarray(0, request.indexOf(0)));
}

function interfaceRequest(name: string): Uint8Array<ArrayBuffer> {
  const request = new Uint8Array(IFREQ_BYTES);
  const room = request.subarray(0, MAX_INTERFACE_NAME_BYTES);
  new TextEncoder().encodeInto(name, room);
  return request;
}

/** Gives what the kernel grants. */
function askForOffload(fd: number): number {
  for (const bits of [TUN_F_TCP | TUN_F_UDP, TUN_F_TCP]) {
    if (ioctlValue(fd, TUNSETOFFLOAD, BigInt(bits)) === 0) return bits;
  }
  return 0;
}

function setMtu(name: string, mtu: number): void {
  using socket = new UdpSocket(AF_INET);
  const request = interfaceRequest(name);
  new DataView(request.buffer).setInt32(IFREQ_VALUE, mtu, true);
  const result = ioctl(socket.fd, SIOCSIFMTU, request);
  if (result < 0) {
    throw new SystemError(`set the MTU of "${name}" to ${mtu}`, -result);
  }
}
