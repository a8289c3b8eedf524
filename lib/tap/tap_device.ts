/**
 * The character device of a macvtap interface, and what can be done where it is
 * missing.
 *
 * The kernel names it for the interface's number, `/dev/tapINDEX`, and gives it
 * a device number, which only sysfs tells, and only that of the interface's
 * network namespace.
 *
 * @module
 */

import { readText } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import type { LinkInfo } from "../../ffi/rtnetlink.ts";
import { formatMac } from "../net/frame.ts";

/** Path of an interface's device. */
export function tapDevicePath({ index }: LinkInfo): string {
  return `/dev/tap${index}`;
}

/** The command that makes an interface's device: whole, if this host tells enough for that. */
export function howToMakeDevice(name: string, link: LinkInfo): string {
  const path = tapDevicePath(link);
  const number = deviceNumber(name, link);
  if (number !== undefined) return `mknod ${path} c ${number}`;
  return `mknod ${path} c MAJOR MINOR, which /sys/class/net/${name}/tap${link.index}/dev ` +
    "tells once this network namespace has its own /sys (mount -t sysfs none /sys)";
}

/** `MAJOR MINOR`; undefined where /sys is another network namespace's, or not there. */
function deviceNumber(name: string, link: LinkInfo): string | undefined {
  const folder = `/sys/class/net/${name}`;
  const isItsOwn = readLine(`${folder}/ifindex`) === String(link.index) &&
    readLine(`${folder}/address`) === formatMac(link.mac);
  if (!isItsOwn) return undefined;
  const number = readLine(`${folder}/tap${link.index}/dev`);
  return number?.replace(":", " ");
}

/** Text of a file; undefined if it cannot be read. */
function readLine(path: string): string | undefined {
  try {
    return readText(path).trim();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return undefined;
  }
}
