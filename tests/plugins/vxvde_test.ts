import { vxvdePlugin } from "../../plugins/vxvde.ts";
import { LoopbackLan, openNodes, V4, V6 } from "../lib/vxlan/loopback_lan.ts";
import { plugContract, pluginContract } from "../plugin_contract.ts";

const lan = new LoopbackLan();
const here = `/port=${lan.port}/if=lo/bind=127.0.0.1`;

pluginContract({
  plugin: vxvdePlugin,
  vnl: lan.vnl(),
  openPair: openNodes(V4),
  badVnls: [],
});
plugContract("vxvde over IPv6", { openPair: openNodes(V6), ignore: V6.skip });
console.log(here);
