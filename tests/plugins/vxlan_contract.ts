/**
 * The contract of plugs on a VXLAN, and what such a plug puts on a wire. Run in
 * a namespace; the second host is another one, since a host has one on a port.
 *
 * @module
 */

import { AF_INET } from "../../ffi/sockaddr.ts";
import { interfaceIndex } from "../../ffi/netif.ts";
import { UdpSocket } from "../../ffi/socket.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { vxlanPlugin } from "../../plugins/vxlan.ts";
import { boundSocket } from "../ffi/sockets.ts";
import { HOSTS4, HOSTS6, OtherHost, WIRE } from "../lib/vxlan/other_host.ts";
import { vxlanCases } from "../lib/vxlan/vxlan_cases.ts";
import { addressOf, type SceneParts, VNI } from "../lib/vxlan/vxlan_scene.ts";
import {
  type OpenPair,
  plugContract,
  pluginContract,
} from "../plugin_contract.ts";
import { type TestOptions, testOptions } from "../plugs.ts";
import { BAD_VNLS } from "./vxlan_bad_vnls.ts";

const PORT = 4789;
const other = OtherHost.create();

/** How a network is reached over one family. */
interface Family {
  readonly name: string;
  readonly flags: string;
  readonly group: string;
  readonly hosts: readonly string[];
}

const V4: Family = {
  name: "IPv4",
  flags: "",
  group: "239.0.0.1",
  hosts: HOSTS4,
};
const V6: Family = {
  name: "IPv6",
  flags: "/v6",
  group: "ff05:56de::1",
  hosts: HOSTS6,
};

function open(vnl: string, options: TestOptions): Plug {
  const plug = vxlanPlugin.open(parseVnl(vnl, vxlanPlugin.syntax), options);
  if (plug instanceof Promise) throw new TypeError("Cannot wait for a plug");
  return plug;
}

function pairOn({ flags }: Family): OpenPair {
  const vnl = `vxlan://${flags}/if=${WIRE}`;
  return (near, far) =>
    Promise.resolve({
      near: open(vnl, near),
      far: other.there(() => open(vnl, far)),
    });
}

function sceneOn(family: Family): (keys?: string) => SceneParts {
  const { flags, hosts } = family;
  return (keys = "") => {
    const options = testOptions();
    const vnl = `vxlan://${flags}/if=${WIRE}/vni=${VNI}${keys}`;
    const node = open(vnl, options);
    const index = interfaceIndex(WIRE);
    const group = addressOf(family.group, PORT).withScope(index);
    const listener = other.there(() => {
      const socket = new UdpSocket(group.family);
      socket.reuseAddress();
      socket.bind(group);
      socket.joinGroup(group, index);
      return socket;
    });
    return {
      node,
      options,
      group,
      targets: [group, addressOf(hosts[0], PORT)],
      listener,
      address: (number) => hosts[number],
      bind: (host, port) => {
        const socket = other.there(() => boundSocket(host, port));
        socket.setMulticastInterface(index);
        if (socket.family === AF_INET) socket.setTtl(1);
        return socket;
      },
    };
  };
}

pluginContract({
  plugin: vxlanPlugin,
  vnl: `vxlan:///if=${WIRE}`,
  openPair: pairOn(V4),
  badVnls: BAD_VNLS,
});
plugContract("vxlan over IPv6", { openPair: pairOn(V6) });
for (const family of [V4, V6]) vxlanCases(family.name, sceneOn(family));
