/**
 * TAP interfaces (linux/if_tun.h, linux/if.h).
 *
 * @module
 */

import { EINVAL } from "./errno.ts";
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
const SIOCSIFMTU = 0x8922n;

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
