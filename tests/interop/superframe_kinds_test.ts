/**
 * Frames of every kind that a TAP hands over: forwarded superframes, whose
 * header length the kernel does not know; tagged ones; those that want a
 * checksum and are no superframes; and UDP's superframes.
 */

import { assertEquals, assertGreater } from "@std/assert";
import { Cable } from "../../mod.ts";
import {
  type Availability,
  canMakeTaps,
  Lab,
  LabError,
  type LabHost,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { eventually, lastCounts, type Node, start } from "./nodes.ts";
import {
  addressOf,
  assertSameBytes,
  type Carrier,
  meet,
  plugCarrier,
  setMtu,
} from "./superframe_nodes.ts";

const needs = [canMakeTaps(), peerAvailable("ping")];
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noSocat = noC ?? await reasonToSkip(peerAvailable("socat"));
const noTags = noC ?? await reasonToSkip(canTag());
const noSctp = noSocat ?? await reasonToSkip(canOpenSctp());

const BYTES = 20_000_000;
const NETWORKS = [
  { vnl: "vxvde://", version: 4 },
  { vnl: "vxvde:///v6", version: 6 },
] as const;
const PEERS: readonly Carrier[] = ["ours", "C"];

/** Whether a command succeeds in a host. */
async function canRun(
  reason: string,
  ...command: [string, ...string[]]
): Promise<Availability> {
  const possible = await canMakeTaps();
  if (!possible.ok) return possible;
  await using lab = await Lab.create();
  const host = await lab.host("a");
  try {
    await host.run(command[0], command.slice(1));
    return { ok: true };
  } catch (error) {
    if (error instanceof LabError) return { ok: false, reason };
    throw error;
  }
}

/** Whether the kernel has tagged interfaces (8021q). */
async function canTag(): Promise<Availability> {
  const link = ["link", "add", "link", "lo", "name", "tagged", "type", "vlan"];
  const reason = "this kernel has no 8021q";
  return await canRun(reason, "ip", ...link, "id", "7");
}

/** Whether the kernel has SCTP. */
async function canOpenSctp(): Promise<Availability> {
  const probe = ["socat", "-u", "/dev/null", "SCTP-LISTEN:0,accept-timeout=0.01"];
  const reason = "this kernel or socat has no SCTP";
  return await canRun(reason, "sh", "-c", `${probe.join(" ")} 2>&1 || exit 1`);
}

/** Two nodes that know each other; the first is ours. */
async function join(
  lab: Lab,
  vnl: string,
  carrier: Carrier,
  mtu = 1400,
): Promise<[Node, Node]> {
  const [a, b] = [await lab.host("a"), await lab.host("b")];
  await lab.link(a, b);
  const options = ["--json", "--stats=0.05"];
  const one = { carrier: "ours", vnl, number: 1, mtu, options } as const;
  const near = await plugCarrier(a, one);
  const far = await plugCarrier(b, { carrier, vnl, number: 2, mtu });
  await meet(near, far);
  return [near, far];
}

for (const { vnl, version } of NETWORKS) {
  for (const carrier of PEERS) {
    labTest(
      `${vnl} carries what a host behind the TAP sends and gets, to (${carrier})`,
      noC,
      async (lab) => {
        const [near, far] = await join(lab, vnl, carrier);
        const behind = await lab.host("c");
        const [gate, end] = await lab.link(near.host, behind);
        await forward(near.host);
        const prefix = version === 4 ? "192.0.2.0/25" : "2001:db8:1::/64";
        const via = version === 4 ? gate.address : gate.address6;
        await behind.run("ip", ["route", "add", prefix, "via", via]);
        const address = version === 4 ? end.address : end.address6;
        const router = addressOf(near, version);
        await far.host.run("ip", ["route", "add", address, "via", router]);
        await behind.waitForAnswer(addressOf(far, version));
        const bytes = BYTES;
        await assertSameBytes(behind, far.host, {
          address: addressOf(far, version),
          bytes,
        });
        await assertSameBytes(far.host, behind, { address, bytes });
        const { frames, malformed } = lastCounts(near.cable).backward;
        assertGreater(frames, 0);
        assertEquals(malformed, 0);
      },
    );

    labTest(
      `${vnl} carries questions and answers over UDP, to (${carrier})`,
      noSocat,
      async (lab) => {
        const [near, far] = await join(lab, vnl, carrier);
        for (const [from, to] of [[near, far], [far, near]]) {
          await assertAnswers(from.host, to, version);
        }
      },
    );
  }
}

async function forward(host: LabHost): Promise<void> {
  await host.run("sh", [
    "-c",
    "echo 1 >/proc/sys/net/ipv4/ip_forward; " +
    "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
  ]);
}

/** Asserts that questions of several lengths come back. */
async function assertAnswers(
  from: LabHost,
  to: Node,
  version: 4 | 6,
): Promise<void> {
  const [kind, address] = version === 4
    ? ["UDP4", to.address]
    : ["UDP6", `[${to.address6}]`];
  const server = to.host.spawn("socat", [
    ...["-d", "-d", `${kind}-RECVFROM:5353,fork`, "EXEC:cat"],
  ]);
  await server.waitFor(/receiving on/);
  for (const length of [1, 2, 33, 512, 1199]) {
    const question = "q".repeat(length - 1) + ".";
    const answer = await from.run("sh", [
      "-c",
      `printf %s ${question} | socat -b 2000 -T 5 -t 5 - ${kind}:${address}:5353,shut-null & ` +
      `wait`,
    ], { timeoutMs: 1000 }).catch(() => "");
    assertEquals(answer, question);
  }
  await server.terminate();
}
