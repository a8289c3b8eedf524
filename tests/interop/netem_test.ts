/**
 * Transfers over a wire that loses, delays and reorders what it carries: by
 * tc-netem(8) where the kernel has it, and by a program of ours everywhere.
 */

import { assertEquals, assertGreater } from "@std/assert";
import {
  type Availability,
  canMakeTaps,
  Lab,
  type LabHost,
  type LabProcess,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { addressOf, type Carrier } from "./superframe_nodes.ts";
import { assertSameBytes, meet, plugCarrier } from "./superframe_nodes.ts";
import { prepared } from "./nodes.ts";

const LOSS = 0.01;
const REORDERED = 0.05;
const DELAY_MS = 10;
/** Such a wire carries about 1 MB a second. */
const BYTES = 3_000_000;

/** Arguments of tc(8) that make one direction of a wire bad. */
const NETEM = [
  ...["root", "netem", "loss", `${LOSS * 100}%`, "delay", `${DELAY_MS}ms`],
  ...["reorder", `${100 - REORDERED * 100}%`, "50%", "limit", "10000"],
];

const needs = [canMakeTaps(), peerAvailable("ping")];
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noNetem = noC ?? await reasonToSkip(canSpoil());

/** Whether the kernel has netem. */
async function canSpoil(): Promise<Availability> {
  await using lab = await Lab.create();
  const host = await lab.host("a");
  const args = ["qdisc", "add", "dev", "lo", ...NETEM];
  const { code } = await host.attempt("tc", args);
  return code === 0
    ? { ok: true }
    : { ok: false, reason: "this kernel has no sch_netem, or there is no tc" };
}

const CASES: readonly {
  readonly vnl: string;
  readonly version: 4 | 6;
  readonly to: Carrier;
}[] = [
  { vnl: "vxvde://", version: 4, to: "ours" },
  { vnl: "vxvde:///v6", version: 6, to: "ours" },
  { vnl: "vxvde://", version: 4, to: "C" },
];

/** Transfers over whatever is between two hosts. */
async function assertTransfers(
  [a, b]: readonly [LabHost, LabHost],
  { vnl, version, to }: typeof CASES[number],
): Promise<void> {
  const near = await plugCarrier(a, { carrier: "ours", vnl, number: 1 });
  const far = await plugCarrier(b, { carrier: to, vnl, number: 2 });
  await meet(near, far);
  await Promise.all([
    assertSameBytes(a, b, { address: addressOf(far, version), bytes: BYTES }),
    assertSameBytes(b, a, { address: addressOf(near, version), bytes: BYTES }),
  ]);
}

for (const row of CASES) {
  labTest(
    `${row.vnl} carries TCP to (${row.to}) over a wire spoilt by netem`,
    noNetem,
    async (lab) => {
      const hosts = [await lab.host("a"), await lab.host("b")] as const;
      await lab.link(...hosts);
      for (const host of hosts) {
        await host.run("tc", ["qdisc", "add", "dev", "wire0", ...NETEM]);
      }
      await assertTransfers(hosts, row);
    },
  );

  labTest(
    `${row.vnl} carries TCP to (${row.to}) over a wire that loses, delays and reorders`,
    noC,
    async (lab) => {
      const hosts = [await lab.host("a"), await lab.host("b")] as const;
      const wire = await spoil(await lab.host("wire"), hosts);
      await assertTransfers(hosts, row);
      await wire.closeInput();
      assertEquals((await wire.exited).code, 0, wire.report());
      const counts = JSON.parse(wire.stdout.split("\n")[1]);
      assertGreater(counts.lost, BYTES / 1500 * LOSS);
      assertGreater(counts.reordered, counts.lost);
    },
  );
}

/** Lays a bad wire between two hosts, as interface `wire0` of each. */
async function spoil(
  middle: LabHost,
  hosts: readonly LabHost[],
): Promise<LabProcess> {
  await prepared();
  const file = (name: string) => new URL(name, import.meta.url).pathname;
  const wire = middle.spawn(Deno.execPath(), [
    ...["run", "--quiet", "-A", "--config", file("../../deno.json")],
    ...[file("superframe_bad_wire.ts"), "end0", "end1"],
    ...[LOSS, REORDERED, DELAY_MS].map(String),
  ], { input: true });
  await wire.waitFor(/^ready$/m);
  for (const [index, host] of hosts.entries()) {
    const end = ["link", "set", "dev", `end${index}`, "name", "wire0"];
    await middle.run("ip", [...end, "netns", String(host.pid)]);
    await host.configure("wire0", {
      addresses: [`192.0.2.${129 + index}/28`, `2001:db8:0:1::${1 + index}/64`],
    });
    await host.run("ip", ["route", "add", "224.0.0.0/4", "dev", "wire0"]);
  }
  return wire;
}
