import { assertEquals, AssertionError, assertMatch } from "@std/assert";
import {
  canMakeTaps,
  type Lab,
  type LabHost,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { addMacvtap, canMakeMacvtaps } from "../plugins/macvtaps.ts";
import { assertAnswers, assertTransfer, type Place } from "./kernel_vxlan.ts";
import { type Node, plugIn } from "./nodes.ts";

const BYTES = 20_000_000;
const skip = await reasonToSkip(
  canMakeTaps(),
  canMakeMacvtaps(),
  peerAvailable("ping"),
);

/** A guest whose network card is a TAP, behind a macvtap of its host; and a host on the same wire. */
interface Scene {
  readonly guest: Node;
  readonly host: LabHost;
  readonly neighbour: Place;
}

async function setUp(
  lab: Lab,
  settings: { readonly keys: string; readonly mode: string },
): Promise<Scene> {
  const host = await lab.host("host");
  const inside = await lab.host("guest");
  const outside = await lab.host("neighbour");
  const [port, farPort] = await lab.link(host, outside);
  await addMacvtap(host, "mv0", port.interfaceName, settings.mode);
  const isAlone = settings.mode === "passthru";
  // A macvtap hears what is for its own station, unless it has all the wire.
  const station = isAlone ? [] : ["address", "02:00:00:00:00:01"];
  const multicasts = ["allmulticast", "on"];
  await host.run("ip", ["link", "set", "mv0", ...station, ...multicasts, "up"]);
  const guest = await plugIn(host, {
    tool: "ours",
    vnl: `macvtap://mv0${settings.keys}`,
    number: 1,
    tapHost: inside,
  });
  const place = {
    host: outside,
    tap: farPort.interfaceName,
    mac: "",
    address: "192.0.2.2",
    address6: "2001:db8:1::2",
  };
  await outside.configure(place.tap, {
    addresses: [`${place.address}/25`, `${place.address6}/64`],
  });
  return { guest, host, neighbour: place };
}

const SETTINGS = [
  { mode: "bridge", keys: "" },
  { mode: "bridge", keys: "[offload=0]" },
  { mode: "passthru", keys: "" },
] as const;

for (const settings of SETTINGS) {
  labTest(
    `macvtap://mv0${settings.keys} in mode ${settings.mode} puts a guest on the wire: pings, and 20 MB each way`,
    skip,
    async (lab) => {
      const { guest, neighbour } = await setUp(lab, settings);
      for (const [from, to] of [[guest, neighbour], [neighbour, guest]]) {
        for (const target of [to.address, to.address6]) {
          await from.host.waitForAnswer(target, { madeBy: guest.cable });
          for (const size of [0, 1, 56, 1352]) {
            await assertAnswers(from, target, size);
          }
        }
      }
      await assertTransfer(guest, neighbour, { bytes: BYTES });
      await assertTransfer(neighbour, guest, { bytes: BYTES });
      await assertTransfer(neighbour, guest, { bytes: BYTES, ipv6: true });
      const { code } = await guest.cable.terminate();
      assertEquals(code, 0, guest.cable.report());
    },
  );
}

labTest(
  "macvtap:// says so and ends with a failure when its interface is deleted",
  skip,
  async (lab) => {
    const settings = { mode: "bridge", keys: "" };
    const { guest, host, neighbour } = await setUp(lab, settings);
    await guest.host.waitForAnswer(neighbour.address, { madeBy: guest.cable });
    await host.run("ip", ["link", "delete", "mv0"]);
    const { code } = await guest.cable.exited;
    if (code === 0) throw new AssertionError(guest.cable.report());
    assertMatch(guest.cable.stderr, /interface "mv0": it was removed/);
  },
);
