/**
 * Frames between a vxlan plug and the kernel's device, byte for byte. Run in a
 * namespace.
 *
 * @module
 */

import { assertEquals, assertGreater } from "@std/assert";
import { parseVnl } from "../../lib/plug/vnl.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { vxlanPlugin } from "../../plugins/vxlan.ts";
import { ffiTest } from "../ffi/case.ts";
import { PATIENCE_MS } from "../lab/mod.ts";
import { PacketSocket, PLAIN_HEADER } from "../lib/tap/packet_socket.ts";
import { OtherHost, WIRE } from "../lib/vxlan/other_host.ts";
import {
  assertFrames,
  burstOf,
  isTestFrame,
  makeFrame,
  takeFrames,
  testOptions,
  until,
} from "../plugs.ts";

const other = OtherHost.create();
const FAMILIES = [
  { name: "IPv4", flags: "", group: "239.0.0.1", device: "vx4", id: 4 },
  { name: "IPv6", flags: "/v6", group: "ff05:56de::1", device: "vx6", id: 6 },
];
for (const { group, device, id } of FAMILIES) {
  const network = ["id", String(id), "group", group];
  const wire = ["dev", WIRE, "dstport", "4789"];
  other.ip("link", "add", device, "type", "vxlan", ...network, ...wire);
  // With a tag of 4 bytes it takes the longest frame.
  other.ip("link", "set", device, "mtu", "9220", "up");
}

/** 13 bytes are no frame; a packet socket sends none without a payload. */
const LENGTHS = [14, 15, 16, 59, 60, 61, 1514, 1518, 8192, 9018, 9234];

async function open(vnl: string, options = testOptions()): Promise<Plug> {
  return await vxlanPlugin.open(parseVnl(vnl, vxlanPlugin.syntax), options);
}

for (const { name, flags, device, id } of FAMILIES) {
  ffiTest(
    `vxlan over ${name} and the kernel take frames of every length from each other`,
    async () => {
      using plug = await open(`vxlan://${flags}/if=${WIRE}/vni=${id}`);
      using kernel = other.there(() => new PacketSocket(device));
      const frames = LENGTHS.map((length, seed) => makeFrame(length, seed));
      assertEquals(plug.send(burstOf(frames), 0), frames.length);
      const heard: Uint8Array[] = [];
      await until(() => {
        for (let next = kernel.receive(); next; next = kernel.receive()) {
          if (isTestFrame(next.frame)) heard.push(next.frame);
        }
        return heard.length >= frames.length;
      }, PATIENCE_MS);
      assertFrames(heard, frames);

      const back = frames.slice(1);
      for (const frame of back) kernel.send({ header: PLAIN_HEADER, frame });
      const got: Uint8Array[] = [];
      await until(() => {
        got.push(...takeFrames(plug));
        return got.length >= back.length;
      }, PATIENCE_MS);
      assertFrames(got, back);
    },
  );

  ffiTest(
    `vxlan over ${name} hears nothing of the kernel's other networks`,
    async () => {
      const options = testOptions();
      const vnl = `vxlan://${flags}/if=${WIRE}/vni=${id + 256}`;
      using plug = await open(vnl, options);
      using kernel = other.there(() => new PacketSocket(device));
      kernel.send({ header: PLAIN_HEADER, frame: makeFrame(100, 1) });
      const heard: Uint8Array[] = [];
      await until(() => {
        heard.push(...takeFrames(plug));
        return options.receiveCounters.snapshot().foreign > 0;
      }, PATIENCE_MS);
      assertEquals(heard, []);
      assertGreater(options.receiveCounters.snapshot().foreign, 0);
    },
  );
}
