/**
 * What the keys of a `vxvde://` or `vxlan://` VNL say: see keys.ts.
 *
 * @module
 */

import type { SystemError } from "../../ffi/libc.ts";
import { interfaceIndex } from "../../ffi/netif.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  resolve,
  type SocketAddress,
} from "../../ffi/sockaddr.ts";
import { groupId } from "../../ffi/users.ts";
import { MAX_VNI } from "../net/vxlan_header.ts";
import { PlugError } from "../plug/errors.ts";
import type { Vnl } from "../plug/vnl.ts";
import {
  DEFAULT_EXPIRE_SECONDS,
  DEFAULT_GROUP4,
  DEFAULT_GROUP6,
} from "./keys.ts";

/** Bytes of a group's address that the id of a group of users replaces, and the part of the id that does it. */
const GID_BYTES = 3;

/**
 * The address family that `v4` and `v6` ask for: AF_UNSPEC for either.
 *
 * @throws {TypeError} If both are given.
 */
export function wantedFamily(vnl: Vnl): number {
  const [v4, v6] = [vnl.flag("v4"), vnl.flag("v6")];
  if (v4 && v6) {
    throw new TypeError(
      `Cannot open "${vnl}" as v4 and v6 exclude each other: received both`,
    );
  }
  if (v4) return AF_INET;
  return v6 ? AF_INET6 : AF_UNSPEC;
}

/**
 * The network identifier that `vni` gives; undefined where it is absent.
 *
 * @throws {TypeError} If it is neither a number nor a group of users.
 * @throws {RangeError} If it is greater than {@linkcode MAX_VNI}.
 */
export function givenNetworkId(vnl: Vnl): number | undefined {
  if (!vnl.has("vni")) return undefined;
  const text = vnl.string("vni");
  const isNumber = /^(?:0x[0-9a-f]+|\d+)$/i.test(text);
  const vni = isNumber ? Number(text) : userGroup(vnl, "vni");
  if (vni <= MAX_VNI) return vni;
  throw new RangeError(
    `Cannot open "${vnl}" as vni must be 0 to ${MAX_VNI}: received "${text}"`,
  );
}

/**
 * The id of the group of users that a key names.
 *
 * @throws {TypeError} If there is no such group.
 */
export function userGroup(vnl: Vnl, key: "vni" | "grp"): number {
  try {
    return groupId(vnl.string(key));
  } catch (error) {
    const wanted = key === "vni"
      ? "a number or a group of users"
      : "a group of users";
    throw new TypeError(
      `Cannot open "${vnl}" as ${key} must be ${wanted}: received "${
        vnl.string(key)
      }"`,
      { cause: error },
    );
  }
}

/**
 * The multicast group and its port: the VNL's address, or the default.
 *
 * @param family As {@linkcode wantedFamily} has it.
 * @param gid Id of a group of users whose low bytes end the address.
 * @throws {TypeError} If it has no such address, or one that is no group's.
 */
export function groupAddress(
  vnl: Vnl,
  family: number,
  gid?: number,
): SocketAddress {
  const name = vnl.address ||
    (family === AF_INET6 ? DEFAULT_GROUP6 : DEFAULT_GROUP4);
  const port = vnl.number("port");
  const group = lookUpAddress(vnl, { what: "group", name, family, port });
  if (gid !== undefined) {
    const { host } = group;
    for (let byte = 0; byte < GID_BYTES; byte++) {
      host[host.length - 1 - byte] = gid >> (8 * byte);
    }
  }
  if (group.isMulticast) return group;
  throw new TypeError(
    `Cannot open "${vnl}" as the group must be a multicast address ` +
      `(224.0.0.0/4 or ff00::/8): received "${name}"`,
  );
}

/** What {@linkcode lookUpAddress} looks for. */
export interface Wanted {
  /** What it is for: begins an error's reason. */
  readonly what: string;
  /** Name or address; "" for any address of this host. */
  readonly name: string;
  /** AF_INET, AF_INET6 or AF_UNSPEC. */
  readonly family: number;
  /** Port of the result; 0 unless given. */
  readonly port?: number;
}

/**
 * The address that the resolver likes best.
 *
 * @throws {TypeError} If there is none.
 */
export function lookUpAddress(
  vnl: Vnl,
  { what, name, family, port = 0 }: Wanted,
): SocketAddress {
  try {
    return resolve(name, { family, port })[0];
  } catch (error) {
    const kind = { [AF_INET]: "an IPv4", [AF_INET6]: "an IPv6" }[family] ??
      "an";
    throw new TypeError(
      `Cannot open "${vnl}" as ${what} must be ${kind} address or a name that has one: ` +
        `received "${name}"`,
      { cause: error },
    );
  }
}

/**
 * Index of the interface that `if` names; 0 where it is absent: the routes decide.
 *
 * @throws {PlugError} If this host has no such interface.
 */
export function multicastInterface(vnl: Vnl): number {
  if (!vnl.has("if")) return 0;
  try {
    return interfaceIndex(vnl.string("if"));
  } catch (error) {
    throw new PlugError(
      `Cannot open "${vnl}" as if must be an interface of this host: ` +
        `received "${vnl.string("if")}"`,
      { code: "ENODEV", hint: "ip link lists the interfaces", cause: error },
    );
  }
}

/** How long `expiretime` lets a silent station be remembered. */
export function maxAgeMs(vnl: Vnl): number {
  const seconds = vnl.number("expiretime") ?? 0;
  return 1000 * (seconds > 0 ? seconds : DEFAULT_EXPIRE_SECONDS);
}

/** The error of a socket that could not be set up, with what can be done about it. */
export function explainSocketError(
  vnl: Vnl,
  cause: SystemError,
  hint: string | undefined,
): PlugError {
  const { code, attempt } = cause;
  const reason = cause.message.slice(`Cannot ${attempt}: `.length);
  return new PlugError(`Cannot open "${vnl}": cannot ${attempt}: ${reason}`, {
    code,
    hint,
    cause,
  });
}

/** What can be done about ENODEV and ENETUNREACH: no route leads to a group. */
export function routeHint(family: number): string {
  const start = "no route leads to the group: name the interface with " +
    "/if=IFACE, or add a route ";
  return start +
    (family === AF_INET
      ? "(ip route add 224.0.0.0/4 dev IFACE)"
      : "(ip -6 route add multicast ff00::/8 dev IFACE table local)");
}
