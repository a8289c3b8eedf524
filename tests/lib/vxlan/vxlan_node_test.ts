/**
 * A node on the loopback interface. A host has one node on a port, so this one
 * is made by hand, on a port that is not the network's.
 *
 * @module
 */

import { AF_INET } from "../../../ffi/sockaddr.ts";
import { interfaceIndex } from "../../../ffi/netif.ts";
import { UdpSocket } from "../../../ffi/socket.ts";
import { parseVnl } from "../../../lib/plug/vnl.ts";
import { maxAgeMs } from "../../../lib/vxlan/network.ts";
import { VxlanNode } from "../../../lib/vxlan/vxlan_node.ts";
import { vxlanPlugin } from "../../../plugins/vxlan.ts";
import { boundSocket, closedAddress } from "../../ffi/sockets.ts";
import { testOptions } from "../../plugs.ts";
import { vxlanCases } from "./vxlan_cases.ts";
import { addressOf, type SceneParts, VNI } from "./vxlan_scene.ts";

function onLoopback(keys = ""): SceneParts {
  const vnl = parseVnl(`vxlan://${keys}`, vxlanPlugin.syntax);
  const index = interfaceIndex("lo");
  const { port } = closedAddress("127.0.0.1");
  const group = addressOf("239.255.45.68", port);
  const listener = new UdpSocket(AF_INET);
  listener.reuseAddress();
  listener.bind(group);
  listener.joinGroup(group, index);
  const socket = boundSocket("127.0.0.1");
  socket.setMulticastInterface(index);
  socket.receiveErrors();
  const options = testOptions();
  const node = new VxlanNode({
    socket,
    group,
    interfaceIndex: index,
    vni: VNI,
    receiveBufferBytes: undefined,
    capacity: vnl.number("hashsize") ?? 0,
    maxAgeMs: maxAgeMs(vnl),
  }, options);
  return {
    node,
    options,
    group,
    targets: [socket.localAddress()],
    listener,
    address: (number) => `127.0.0.${1 + number}`,
    bind: (host, port) => {
      const peer = boundSocket(host, port);
      peer.setMulticastInterface(index);
      return peer;
    },
  };
}

vxlanCases("loopback", onLoopback);
