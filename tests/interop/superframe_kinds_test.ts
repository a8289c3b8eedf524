/**
 * Frames of every kind that a TAP hands over: forwarded superframes, whose
 * header length the kernel does not know; tagged ones; those that want a
 * checksum and are no superframes; and UDP's superframes.
 */

import { assertEquals, assertGreater } from "@std/assert";
import {
  type Availability,
  canMakeTaps,
  Lab,
  LabError,
  type LabHost,
  type LabProcess,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { eventually, lastCounts, type Node } from "./nodes.ts";
import {
  addressOf,
  assertSameBytes,
  type Carrier,
  meet,
  plugCarrier,
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

/** Whether the kernel and socat have SCTP. */
async function canOpenSctp(): Promise<Availability> {
  // The attempt makes the kernel load what it has.
  const script = "socat -u /dev/null SCTP4:127.0.0.1:1 2>/dev/null; " +
    "socat -V | grep -q 'WITH_SCTP 1' && grep -q ^SCTP /proc/net/protocols";
  return await canRun("this kernel or socat has no SCTP", "sh", "-c", script);
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
      noC,
      async (lab) => {
        const [near, far] = await join(lab, vnl, carrier);
        const lengths = [1, 512, 1199];
        for (const [from, to] of [[near, far], [far, near]]) {
          await assertAnswers(from, to, { version, lengths, count: 1 });
        }
      },
    );

    labTest(
      `${vnl} carries UDP's superframes, to (${carrier})`,
      noC,
      async (lab) => {
        const [near, far] = await join(lab, vnl, carrier, 1500);
        const fits = { version, lengths: [1, 1000, 1300], count: 40 };
        await assertAnswers(near, far, fits);
        await assertAnswers(far, near, fits);
        assertEquals(lastCounts(near.cable).backward.fragmented, 0);

        const most = version === 4 ? 1472 : 1452;
        const long = { version, lengths: [most], count: 40 };
        await assertAnswers(near, far, long);
        await eventually("fragments counted", () => {
          const { fragmented } = lastCounts(near.cable).backward;
          return fragmented > 0 ? true : undefined;
        });
        // Told by another thread than the one that counts them.
        await near.cable.waitFor(/go in fragments/);
        const told = near.cable.stderr.split("\n")
          .filter((line) => line.includes("go in fragments"));
        assertEquals(told.length, 1);
        assertEquals(lastCounts(near.cable).backward.malformed, 0);
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

/** Starts a program that answers questions, or asks some. */
function talk(host: LabHost, ...args: string[]): LabProcess {
  const file = (name: string) => new URL(name, import.meta.url).pathname;
  const options = ["run", "--quiet", "-A", "--no-prompt"];
  return host.spawn(Deno.execPath(), [
    ...[...options, "--config", file("../../deno.json")],
    ...[file("superframe_udp.ts"), ...args],
  ]);
}

/** Asserts that questions of each length come back; `count` of them are sent with one call. */
async function assertAnswers(
  from: Node,
  to: Node,
  questions: {
    readonly version: 4 | 6;
    readonly lengths: readonly number[];
    readonly count: number;
  },
): Promise<void> {
  const { version, lengths, count } = questions;
  const address = addressOf(to, version);
  await using server = talk(to.host, "serve", address);
  const [, port] = await server.waitFor(/^listening (\d+)$/m);
  for (const length of lengths) {
    const args = [address, port, String(length), String(count)];
    await using client = talk(from.host, "ask", ...args);
    const [, answers] = await client.waitFor(/^(\d+) right answers$/m);
    assertEquals({ length, answers: Number(answers) }, {
      length,
      answers: count,
    });
  }
}

labTest(
  "vxvde:// carries TCP over tagged interfaces",
  noTags,
  async (lab) => {
    const [near, far] = await join(lab, "vxvde://", "ours", 1450);
    const ends = [[near, "192.0.2.101"], [far, "192.0.2.102"]] as const;
    for (const [{ host, tap }, address] of ends) {
      const link = ["link", "add", "link", tap, "name", "v7", "type", "vlan"];
      await host.run("ip", [...link, "id", "7"]);
      await host.run("ip", ["address", "flush", "dev", tap]);
      await host.configure("v7", { addresses: [`${address}/25`], mtu: 1400 });
    }
    const [[, one], [, other]] = ends;
    const bytes = BYTES;
    await assertSameBytes(near.host, far.host, { address: other, bytes });
    await assertSameBytes(far.host, near.host, { address: one, bytes });
  },
);

labTest(
  "vxvde:// carries SCTP",
  noSctp,
  async (lab) => {
    const [near, far] = await join(lab, "vxvde://", "C");
    const server = far.host.spawn("socat", [
      ...["-d", "-d", "SCTP4-LISTEN:5353", "EXEC:cat"],
    ]);
    await server.waitFor(/listening on/);
    const target = `SCTP4:${far.address}:5353`;
    const ask = `printf question | socat -t 5 - ${target}`;
    assertEquals(await near.host.run("sh", ["-c", ask]), "question");
  },
);
