/**
 * `macvtap://` plugs: a macvtap interface of this host, which is an address of
 * its own on the network of another interface (macvtap of the kernel,
 * `ip link add link IFACE type macvtap`).
 *
 * It hears what is for its own station and for everybody, and other multicasts
 * once it is told to (`ip link set mv0 allmulticast on`); one of mode `passthru`
 * has the other interface to itself, and hears what is for any station.
 *
 * Its frames pass a character device, `/dev/tapINDEX`, which is named for the
 * interface's number. Numbers are unique in a network namespace only, but all
 * namespaces may share one `/dev`: what was opened is asked whose it is.
 *
 * @module
 */

import { openMacvtap } from "../ffi/if_tun.ts";
import { SystemError } from "../ffi/libc.ts";
import { type LinkInfo, linkInfo } from "../ffi/rtnetlink.ts";
import { formatMac, MAX_MTU } from "../lib/net/frame.ts";
import { PlugError } from "../lib/plug/errors.ts";
import type { Plugin } from "../lib/plug/plugin.ts";
import type { Vnl } from "../lib/plug/vnl.ts";
import { howToMakeDevice, tapDevicePath } from "../lib/tap/tap_device.ts";
import { WatchedTap } from "../lib/tap/watched_tap.ts";

/** Smallest MTU that Ethernet and IPv4 allow (RFC 791). */
const MIN_MTU = 68;

/** Opens `macvtap://` plugs. */
export const macvtapPlugin: Plugin = {
  scheme: "macvtap",
  summary: "A macvtap interface of this host: a station on a real network.",
  description: [
    "The interface has an address of its own on the network of the one " +
    "below it. It hears what is for its own station and for everybody, " +
    "and other multicasts once it is told to (ip link set NAME " +
    "allmulticast on); one of mode passthru has the interface below to " +
    "itself.",
    "Root makes it: ip link add link IFACE name NAME type macvtap mode " +
    "bridge; ip link set NAME up. It is opened through /dev/tapN, where N " +
    "is the interface's number: who is not root needs leave to read and " +
    "write that.",
  ],
  syntax: {
    form: "bracket",
    address: "IFNAME",
    addressSummary: "name of the interface, which must exist",
    addressCompletes: "macvtap",
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
      {
        vnl: "macvtap://mv0",
        summary: "made by: ip link add link eth0 name mv0 type macvtap",
      },
      { vnl: "macvtap://mv0[mtu=1400]", summary: "and set its MTU" },
    ],
  },
  open(vnl, options) {
    const link = findLink(vnl);
    const name = vnl.address;
    const plug = orExplain(
      vnl,
      () => {
        const tap = openMacvtap(tapDevicePath(link), {
          name,
          mac: link.mac,
          offload: vnl.number("offload") === 1,
          mtu: vnl.number("mtu"),
        });
        return new WatchedTap(tap, options);
      },
      (code) => hintFor(code, name, link),
    );
    options.log.debug(
      `${vnl} is interface "${name}", station ${formatMac(link.mac)}`,
    );
    return plug;
  },
};

function howToMake(name: string): string {
  return `ip link add link IFACE name ${name} type macvtap mode bridge; ` +
    `ip link set ${name} up`;
}

function findLink(vnl: Vnl): LinkInfo {
  const { address } = vnl;
  const link = orExplain(
    vnl,
    () => linkInfo(address),
    () => `make one with ${howToMake("mv0")}`,
  );
  if (link.kind === "macvtap") return link;
  throw new PlugError(
    `Cannot open "${vnl}" as the interface must be a macvtap: "${address}" is ${
      link.kind === "" ? "none" : `of type ${link.kind}`
    }`,
    { code: "EINVAL", hint: `make one with ${howToMake("mv0")}` },
  );
}

function hintFor(
  code: string,
  name: string,
  link: LinkInfo,
): string | undefined {
  const path = tapDevicePath(link);
  switch (code) {
    case "ENOENT":
      return `nothing has made ${path} here: ${howToMakeDevice(name, link)}`;
    case "ENODEV":
    case "ENXIO":
      return `${path} is that of another interface, perhaps in another network namespace: ` +
        "give this one a number that no other has (ip link add … index N), " +
        `or use a /dev of its own and ${howToMakeDevice(name, link)}`;
    case "EACCES":
    case "EPERM":
      return `run as root, or let this user read and write ${path} (chown USER ${path}); ` +
        "a container must be given the device";
    case "EBUSY":
      return "other programs have all queues of this interface: end one";
    case "EINVAL":
      return "the MTU may not exceed that of the interface below";
  }
}

function orExplain<T>(
  vnl: Vnl,
  attempt: () => T,
  hint: (code: string) => string | undefined,
): T {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const { code, message } = error;
    throw new PlugError(
      `Cannot open "${vnl}": ${message.charAt(0).toLowerCase()}${
        message.slice(1)
      }`,
      { code, hint: hint(code), cause: error },
    );
  }
}
