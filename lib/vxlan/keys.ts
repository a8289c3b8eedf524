/**
 * The keys that `vxvde://` and `vxlan://` have in common.
 *
 * @module
 */

import { MAX_STATIONS } from "../net/stations.ts";
import { MAX_VNI } from "../net/vxlan_header.ts";
import type { NumberKey, VnlKey } from "../plug/vnl.ts";

/** The group where none is given, over IPv4 and over IPv6. */
export const DEFAULT_GROUP4 = "239.0.0.1";
export const DEFAULT_GROUP6 = "ff05:56de::1";

/** The network where none is given. */
export const DEFAULT_VNI = 1;

/** What an `expiretime` that is no time stands for. */
export const DEFAULT_EXPIRE_SECONDS = 128;

const MAX_INT = 0x7fff_ffff;
const MAX_TTL = 255;

/** One line of help for the address. */
export const GROUP_SUMMARY: string =
  `multicast group: address or name (default ${DEFAULT_GROUP4}; ` +
  `with v6 ${DEFAULT_GROUP6})`;

/** Each by its name; network.ts reads them. */
export const KEYS = {
  v4: { name: "v4", type: "flag", summary: "IPv4 only" },
  v6: { name: "v6", type: "flag", summary: "IPv6 only" },
  vni: {
    name: "vni",
    type: "text",
    placeholder: "ID",
    summary:
      `network identifier: 0 to ${MAX_VNI}, or the name of a group of users ` +
      `(default ${DEFAULT_VNI})`,
  },
  ttl: {
    name: "ttl",
    type: "integer",
    min: 0,
    max: MAX_TTL,
    default: 1,
    summary: "routers that a frame may pass, plus one",
  },
  if: {
    name: "if",
    type: "text",
    placeholder: "IFACE",
    completes: "interface",
    summary: "interface of the group",
  },
  rcvbuf: {
    name: "rcvbuf",
    type: "size",
    min: 1,
    max: MAX_INT,
    summary: "receive buffer in bytes",
  },
  hashsize: {
    name: "hashsize",
    type: "integer",
    min: 1,
    max: MAX_STATIONS,
    default: 1024,
    summary: "most stations to remember",
  },
  expiretime: {
    name: "expiretime",
    type: "integer",
    min: -MAX_INT,
    max: MAX_INT,
    default: DEFAULT_EXPIRE_SECONDS,
    placeholder: "SECONDS",
    summary: "how long to remember a silent station",
  },
} as const satisfies Record<string, VnlKey>;

/** The key `port`, whose default is the protocol's own. */
export function portKey(defaultPort: number): NumberKey {
  return {
    name: "port",
    type: "integer",
    min: 1,
    max: 65535,
    default: defaultPort,
    summary: "UDP port of the group",
  };
}
