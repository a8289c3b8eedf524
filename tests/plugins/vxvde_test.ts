import { vxvdePlugin } from "../../plugins/vxvde.ts";
import { canMakeNamespaces, reasonToSkip } from "../lab/mod.ts";
import { LoopbackLan, openNodes, V4 } from "../lib/vxlan/loopback_lan.ts";
import { pluginContract } from "../plugin_contract.ts";
import { makeMulticastInterface, testInNamespace } from "./in_namespace.ts";

const lan = new LoopbackLan();
/** Keeps a VNL that opens against expectation on this host. */
const here = "/if=lo/bind=127.0.0.1";

pluginContract({
  plugin: vxvdePlugin,
  vnl: lan.vnl(),
  openPair: openNodes(V4),
  badVnls: [
    { vnl: `vxvde://${here}/nonsense=1`, includes: 'no key "nonsense"' },
    { vnl: `vxvde:///v4/v6${here}`, includes: "v4 and v6 exclude each other" },
    { vnl: "vxvde:///if=lo/port=0", includes: "port must be 1 to 65535" },
    { vnl: "vxvde:///if=lo/port=65536", includes: "received 65536" },
    { vnl: "vxvde:///if=lo/port=http", includes: 'received "http"' },
    { vnl: "vxvde:///if=lo/port=", includes: 'received ""' },
    {
      vnl: `vxvde://${here}/vni=16777216`,
      includes: "vni must be 0 to 16777215",
    },
    { vnl: `vxvde://${here}/vni=0x1000000`, includes: 'received "0x1000000"' },
    {
      vnl: `vxvde://${here}/vni=99999999999`,
      includes: "vni must be 0 to 16777215",
    },
    {
      vnl: `vxvde://${here}/vni=-1`,
      includes: "vni must be a number or a group",
    },
    { vnl: `vxvde://${here}/vni=no-such-group`, includes: '"no-such-group"' },
    {
      vnl: `vxvde://${here}/grp=no-such-group`,
      includes: "grp must be a group",
    },
    { vnl: `vxvde://${here}/grp=99999999999`, includes: "grp must be" },
    { vnl: `vxvde://${here}/ttl=256`, includes: "ttl must be 0 to 255" },
    { vnl: `vxvde://${here}/ttl=-1`, includes: "ttl must be 0 to 255" },
    { vnl: `vxvde://${here}/rcvbuf=0`, includes: "rcvbuf must be 1 to" },
    { vnl: `vxvde://${here}/rcvbuf=much`, includes: 'received "much"' },
    { vnl: `vxvde://${here}/rcvbuf=2g`, includes: "received 2g" },
    { vnl: `vxvde://${here}/hashsize=0`, includes: "hashsize must be 1 to" },
    { vnl: `vxvde://${here}/hashsize=32769`, includes: "1 to 32768" },
    { vnl: `vxvde://${here}/expiretime=soon`, includes: 'received "soon"' },
    { vnl: "vxvde:///if=no-such-if", includes: 'received "no-such-if"' },
    {
      vnl: "vxvde:///if=",
      includes: 'as if must be an interface of this host: received ""',
    },
    { vnl: "vxvde:///if=lo%00x", includes: "NUL" },
    { vnl: "vxvde:///if=lo/bind=198.51.100.1", includes: "EADDRNOTAVAIL" },
    {
      vnl: "vxvde:///if=lo/bind=no name",
      includes:
        'bind must be an IPv4 address or a name that has one: received "no name"',
    },
    { vnl: "vxvde:///if=lo/bind=::1", includes: "bind must be an IPv4" },
    {
      vnl: "vxvde:///v6/if=lo/bind=127.0.0.1",
      includes: "bind must be an IPv6",
    },
    {
      vnl: `vxvde://192.0.2.1${here}`,
      includes: "must be a multicast address (224.0.0.0/4 or ff00::/8)",
    },
    { vnl: `vxvde://2001:db8::1${here}`, includes: "must be" },
    { vnl: `vxvde://no name${here}`, includes: 'received "no name"' },
    { vnl: "vxvde://ff05::1/v4/if=lo", includes: "group must be an IPv4" },
    { vnl: "vxvde://239.0.0.1/v6/if=lo", includes: "group must be an IPv6" },
  ],
});

testInNamespace({
  name: "vxvde plug over IPv6 keeps the contract",
  file: "tests/plugins/vxvde_ipv6_contract.ts",
  skip: await reasonToSkip(canMakeNamespaces()),
  prepare: makeMulticastInterface,
});
