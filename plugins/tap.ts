/**
 * `tap://` plugs: a TAP interface of this host, one frame a read or a write
 * (Documentation/networking/tuntap.rst of the kernel).
 *
 * @module
 */

import { openTap, type TapInterface } from "../ffi/if_tun.ts";
import { SystemError } from "../ffi/libc.ts";
import { MAX_INTERFACE_NAME_BYTES } from "../ffi/netif.ts";
import { MAX_MTU } from "../lib/net/frame.ts";
import { PlugError } from "../lib/plug/errors.ts";
import type { Plugin } from "../lib/plug/plugin.ts";
import type { Vnl } from "../lib/plug/vnl.ts";
import { PlainTap } from "../lib/tap/plain_tap.ts";
import { SuperframeTap } from "../lib/tap/superframe_tap.ts";

/** Smallest MTU that Ethernet and IPv4 allow (RFC 791). */
const MIN_MTU = 68;

/** Opens `tap://` plugs. */
export const tapPlugin: Plugin = {
  scheme: "tap",
  summary: "A TAP interface of this host, created if it does not exist.",
  description: [
    "The kernel's end of the link: this host is a station on the network " +
    "that the interface is joined to. It has no address, and is down, " +
    "until somebody sets it up: ip addr add 10.0.0.1/24 dev NAME; ip link " +
    "set NAME up.",
    "Making an interface takes root or CAP_NET_ADMIN. One that root has " +
    "made for a user (ip tuntap add NAME mode tap user USER) takes " +
    "neither, and stays when the program ends; others go with it.",
    "TCP passes in superframes of up to 64 KB where the other side of the " +
    "cable takes them. While the interface is down, frames are dropped, " +
    "and the cable goes on.",
  ],
  syntax: {
    form: "bracket",
    address: "NAME",
    addressOptional: true,
    addressSummary: "name of the interface; without one the kernel chooses",
    addressCompletes: "tap",
    keys: [
      {
        name: "mtu",
        type: "integer",
        min: MIN_MTU,
        max: MAX_MTU,
        summary: "the interface's MTU to set, in bytes",
      },
      {
        name: "offload",
        type: "integer",
        min: 0,
        max: 1,
        default: 1,
        summary: "exchange superframes with the kernel; 0 turns it off",
      },
    ],
    examples: [
      { vnl: "tap://mytap", summary: "the interface mytap" },
      { vnl: "tap://mytap[mtu=1450]", summary: "and set its MTU" },
      { vnl: "tap://", summary: "a new interface: its name is printed" },
    ],
  },
  open(vnl, options) {
    checkName(vnl);
    const tap = openInterface(vnl);
    const line = `${vnl.text} is interface "${tap.name}"`;
    if (vnl.address === "") options.log.warn(line);
    else options.log.debug(line);
    return tap.hasHeader
      ? new SuperframeTap(tap, options)
      : new PlainTap(tap, options);
  },
};

function checkName({ text, address }: Vnl): void {
  const { length } = new TextEncoder().encode(address);
  if (length > MAX_INTERFACE_NAME_BYTES) {
    throw new TypeError(
      `Cannot open "${text}" as an interface's name has at most ` +
        `${MAX_INTERFACE_NAME_BYTES} bytes: received "${address}", ${length} bytes`,
    );
  }
  // The rule of dev_valid_name() in the kernel; % would be a pattern to number.
  if (address === "." || address === ".." || /[/:\s%]/.test(address)) {
    throw new TypeError(
      `Cannot open "${text}" as an interface's name has no "/", ":", "%" or space: ` +
        `received "${address}"`,
    );
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EPERM:
    "run as root, or give the program CAP_NET_ADMIN, or let root prepare the " +
    "interface: ip tuntap add NAME mode tap user USER",
  EACCES: "run as root, or let this user read and write /dev/net/tun",
  EBUSY: "another program holds this interface: end it, or choose another name",
  EINVAL:
    "an interface of that name exists and is not a TAP: choose another name",
  ENOENT:
    "this kernel or container has no /dev/net/tun: load the module tun, " +
    "or pass the device into the container",
  ENODEV: "the kernel has no TAP support: load the module tun",
};

function openInterface(vnl: Vnl): TapInterface {
  try {
    return openTap(vnl.address, {
      offload: vnl.number("offload") === 1,
      mtu: vnl.number("mtu"),
    });
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const { code, message } = error;
    throw new PlugError(`Cannot open "${vnl.text}": ${lowerFirst(message)}`, {
      code,
      hint: HINTS[code],
      cause: error,
    });
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
