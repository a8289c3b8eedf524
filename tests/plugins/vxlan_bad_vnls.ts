/**
 * VNLs that no vxlan plug opens for, with or without any privilege.
 *
 * @module
 */

import type { BadVnl } from "../plugin_contract.ts";

/** Keeps a VNL that opens against expectation on this host. */
const here = "/if=lo";

/** Each with what is said of it. */
export const BAD_VNLS: readonly BadVnl[] = [
  { vnl: `vxlan://${here}/nonsense=1`, includes: 'no key "nonsense"' },
  { vnl: `vxlan://${here}/bind=127.0.0.1`, includes: 'no key "bind"' },
  { vnl: `vxlan://${here}/grp=1`, includes: 'no key "grp"' },
  { vnl: `vxlan:///v4/v6${here}`, includes: "v4 and v6 exclude each other" },
  { vnl: `vxlan://${here}/port=0`, includes: "port must be 1 to 65535" },
  { vnl: `vxlan://${here}/port=65536`, includes: "received 65536" },
  { vnl: `vxlan://${here}/port=vxlan`, includes: 'received "vxlan"' },
  {
    vnl: `vxlan://${here}/vni=16777216`,
    includes: "vni must be 0 to 16777215",
  },
  {
    vnl: `vxlan://${here}/vni=-1`,
    includes: "vni must be a number or a group",
  },
  { vnl: `vxlan://${here}/vni=no-such-group`, includes: '"no-such-group"' },
  { vnl: `vxlan://${here}/ttl=256`, includes: "ttl must be 0 to 255" },
  { vnl: `vxlan://${here}/rcvbuf=0`, includes: "rcvbuf must be 1 to" },
  { vnl: `vxlan://${here}/hashsize=32769`, includes: "1 to 32768" },
  { vnl: `vxlan://${here}/expiretime=soon`, includes: 'received "soon"' },
  // The C tools take an unknown interface for any, and say nothing.
  {
    vnl: "vxlan:///if=no-such-if",
    includes: 'if must be an interface of this host: received "no-such-if"',
  },
  {
    vnl: "vxlan:///if=",
    includes: 'as if must be an interface of this host: received ""',
  },
  {
    vnl: `vxlan://192.0.2.1${here}`,
    includes: "must be a multicast address (224.0.0.0/4 or ff00::/8)",
  },
  { vnl: `vxlan://no name${here}`, includes: 'received "no name"' },
  { vnl: `vxlan://ff05::1/v4${here}`, includes: "group must be an IPv4" },
  { vnl: `vxlan://239.0.0.1/v6${here}`, includes: "group must be an IPv6" },
];
