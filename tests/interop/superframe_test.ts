import { assertEquals, assertRejects } from "@std/assert";
import { openPlug } from "../../mod.ts";
import {
  canMakeTaps,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { eventually, start } from "./nodes.ts";
import {
  addressOf,
  assertSameBytes,
  type Carrier,
  meet,
  MUCH_BYTES,
  plugCarrier,
} from "./superframe_nodes.ts";

const needs = [canMakeTaps(), peerAvailable("ping")];
const noOurs = await reasonToSkip(...needs);
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));

const NETWORKS = [
  { vnl: "vxvde://", version: 4 },
  { vnl: "vxvde:///v6", version: 6 },
] as const;

const PAIRS: readonly (readonly [Carrier, Carrier])[] = [
  ["ours", "ours"],
  ["ours", "ours, offload=0"],
  ["ours", "C"],
  ["ours, offload=0", "ours, offload=0"],
  ["ours, offload=0", "C"],
];

for (const { vnl, version } of NETWORKS) {
  for (const [one, other] of PAIRS) {
    labTest(
      `${vnl} carries ${
        MUCH_BYTES / 1e6
      } MB each way at once between (${one}) and (${other})`,
      other === "C" ? noC : noOurs,
      async (lab) => {
        const [a, b] = [await lab.host("a"), await lab.host("b")];
        await lab.link(a, b);
        const near = await plugCarrier(a, { carrier: one, vnl, number: 1 });
        const far = await plugCarrier(b, { carrier: other, vnl, number: 2 });
        await meet(near, far);
        const bytes = MUCH_BYTES;
        await Promise.all([
          assertSameBytes(a, b, { address: addressOf(far, version), bytes }),
          assertSameBytes(b, a, { address: addressOf(near, version), bytes }),
        ]);
      },
    );
  }
}

for (const offload of [0, 1]) {
  labTest(
    `tap://t0[mtu=1300/offload=${offload}] sets the interface's MTU`,
    noOurs,
    async (lab) => {
      const host = await lab.host("a");
      const tap = `tap://t0[mtu=1300/offload=${offload}]`;
      const cable = await start(host, "ours", "null://", tap);
      await host.waitForInterface("t0", { madeBy: cable });
      // The interface is there a moment before its MTU is set.
      const mtu = await eventually("an MTU that was set", async () => {
        const listing = await host.run("ip", ["-json", "link", "show", "t0"]);
        const [{ mtu }] = JSON.parse(listing);
        return mtu === 1500 ? undefined : mtu;
      });
      assertEquals(mtu, 1300);
    },
  );
}

for (
  const { vnl, text } of [
    { vnl: "tap://t0[mtu=67]", text: "mtu must be 68 to 9216: received 67" },
    { vnl: "tap://t0[mtu=9217]", text: "received 9217" },
    { vnl: "tap://t0[mtu=x]", text: 'received "x"' },
    { vnl: "tap://t0[mtu=]", text: 'received ""' },
    { vnl: "tap://t0[mtu=1500.5]", text: 'received "1500.5"' },
    { vnl: "tap://t0[offload=2]", text: "received 2" },
    { vnl: "tap://t0[offload=-1]", text: "received" },
    { vnl: "tap://t0[offload=on]", text: 'received "on"' },
    { vnl: "tap://t0[mut=1500]", text: '"mut"' },
  ]
) {
  Deno.test(`${vnl} is refused before anything is made`, async () => {
    await assertRejects(() => openPlug(vnl), Error, text);
  });
}
