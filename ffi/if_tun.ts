/**
 * TAP interfaces (linux/if_tun.h, linux/if.h).
 *
 * @module
 */

import { EINVAL } from "./errno.ts";
import { closeFd, ioctl, O_NONBLOCK, O_RDWR, openFile } from "./fd.ts";
import { SystemError } from "./libc.ts";
import { MAX_INTERFACE_NAME_BYTES } from "./netif.ts";

const TUN_DEVICE = "/dev/net/tun";

const TUNSETIFF = 0x400454can;

const IFF_TAP = 0x0002;
const IFF_MULTI_QUEUE = 0x0100;
const IFF_NO_PI = 0x1000;

/** `struct ifreq`: 16 bytes name, then a union whose first member here is i16 flags. */
const IFREQ_BYTES = 40;
const IFREQ_FLAGS = 16;

/** A TAP interface that this process holds. */
export interface TapInterface {
  /** Non-blocking descriptor: one frame a read or a write, nothing before it. The caller's to close. */
  readonly fd: number;
  /** Its name: the kernel's choice where none was asked for. */
  readonly name: string;
}

/**
 * Creates a TAP interface, or attaches to one that exists.
 *
 * @param name At most 15 bytes; "" lets the kernel choose.
 * @throws {SystemError} EPERM without CAP_NET_ADMIN on an interface that is
 * not this user's; EBUSY if another process holds it; EINVAL if an interface
 * of that name is no TAP; ENOENT or EACCES without a usable /dev/net/tun.
 */
export function openTap(name: string): TapInterface {
  const fd = openFile(TUN_DEVICE, O_RDWR | O_NONBLOCK);
  const flags = IFF_TAP | IFF_NO_PI;
  let result = attach(fd, name, flags);
  // An interface that was made for several queues is opened only as such.
  if (result === -EINVAL) result = attach(fd, name, flags | IFF_MULTI_QUEUE);
  if (typeof result === "number") {
    closeFd(fd);
    throw new SystemError(`attach to TAP interface "${name}"`, -result);
  }
  return { fd, name: result };
}

/** Gives the interface's name, or `-errno`. */
function attach(fd: number, name: string, flags: number): string | number {
  const request = new Uint8Array(IFREQ_BYTES);
  const { written } = new TextEncoder().encodeInto(
    name,
    request.subarray(0, MAX_INTERFACE_NAME_BYTES),
  );
  new DataView(request.buffer).setInt16(IFREQ_FLAGS, flags, true);
  const result = ioctl(fd, TUNSETIFF, request);
  if (result < 0) return result;
  const end = request.indexOf(0, Math.min(written, 1));
  return new TextDecoder().decode(request.subarray(0, end));
}
