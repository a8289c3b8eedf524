import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { DROP_REASONS } from "../../lib/plug/counters.ts";
import {
  canMakeTaps,
  type Lab,
  type LabHost,
  type LabProcess,
  labTest,
  peerAvailable,
  reasonToSkip,
  rssBytes,
} from "../lab/mod.ts";
import {
  assertPings,
  assertTransfer,
  type Counts,
  know,
  lastCounts,
  type Node,
  pingInTurn,
  plugIn,
} from "./nodes.ts";

const skip = await reasonToSkip(canMakeTaps(), peerAvailable("ping"));

const GROUPS = { v4: "239.0.0.1:14789", v6: "[ff05:56de::1]:14789" } as const;
const ROOT = new URL("../../", import.meta.url).pathname;

/** A second, and never more than the nodes take: below what they can take on a machine at rest. */
const RATE = 100_000;

/** Datagrams before memory is looked at first: compiled code is memory too. */
const WARM_UP = 100_000;

/** What the engine may take and give back as it likes: of a million datagrams, 32 bytes each. */
const MAX_GROWTH_BYTES = 32_000_000;

const MANY_PINGS = { count: 100, intervalSeconds: 0.05 };

/** A busy machine's kernel drops some of what it has no time to hand over, whatever a program does. */
const MIN_ANSWERED = 0.8;

/** Wires take the longest frames whole: what is longer still comes in pieces. */
const WIRE_MTU = 9500;

interface Scene {
  readonly nodes: readonly [Node, Node];
  readonly stranger: LabHost;
  /** Where the first node hears what is for everybody, and what is for it. */
  readonly targets: readonly string[];
}

/** Two good nodes, and a host that is none. */
async function setUp(
  lab: Lab,
  family: "v4" | "v6",
  options: { readonly quiet?: boolean; readonly keys?: string } = {},
): Promise<Scene> {
  const [a, b] = [await lab.host("a"), await lab.host("b")];
  const stranger = await lab.host("stranger");
  await lab.bridge([a, b, stranger], { mtu: WIRE_MTU });
  const settings = {
    tool: "ours",
    vnl: `vxvde:///${family}${options.keys ?? ""}`,
    quiet: options.quiet,
    options: ["--verbose", "--json"],
  } as const;
  const one = await plugIn(a, { ...settings, number: 1 });
  const other = await plugIn(b, { ...settings, number: 2 });
  const [, port] = await one.cable.waitFor(/ sends from .*:(\d+) to /);
  const own = family === "v4" ? a.port.address : `[${a.port.address6}]`;
  return {
    nodes: [one, other],
    stranger,
    targets: [GROUPS[family], `${own}:${port}`],
  };
}

/** Begins to send; settled once it does. */
async function storm(
  { nodes, stranger, targets }: Scene,
  kind: "mix" | "stations",
  count: number,
): Promise<LabProcess> {
  const run = ["run", "-A", "--quiet", "--config", `${ROOT}deno.json`];
  const script = `${ROOT}tests/interop/datagram_storm.ts`;
  const pids = nodes.map(({ cable }) => cable.pid).join();
  const args = [kind, String(count), String(RATE), pids, ...targets];
  const process = stranger.spawn(Deno.execPath(), [...run, script, ...args]);
  await process.waitFor(/^sending$/m);
  return process;
}

async function assertSent(process: LabProcess): Promise<void> {
  assertEquals((await process.exited).code, 0, process.report());
}

/** Datagrams for which a host had no room: its sockets, or, on the way to them, its processors. */
async function kernelDrops(
  host: LabHost,
  family: "v4" | "v6",
): Promise<number> {
  const { rx_dropped } = await host.counters(host.port.interfaceName);
  return rx_dropped + await socketDrops(host, family);
}

async function socketDrops(
  host: LabHost,
  family: "v4" | "v6",
): Promise<number> {
  const counts = await host.run("cat", [
    family === "v4" ? "/proc/net/snmp" : "/proc/net/snmp6",
  ]);
  if (family === "v6") {
    return Number(counts.match(/^Udp6RcvbufErrors\s+(\d+)$/m)?.[1] ?? 0);
  }
  // A line of names, and one of numbers.
  const [names, numbers] = Array.from(
    counts.matchAll(/^Udp: (.*)$/gm),
    ([, line]) => line.split(" "),
  );
  return Number(numbers[names.indexOf("RcvbufErrors")]);
}

/** Datagrams that came to a network's end, whatever became of them; without goodbyes. */
function datagramsIn(counts: Counts): number {
  return DROP_REASONS.reduce((sum, reason) => sum + counts[reason], 0) +
    counts.frames;
}

for (
  const { family, count } of [
    { family: "v4", count: 1_000_000 },
    { family: "v6", count: 500_000 },
  ] as const
) {
  labTest(
    `vxvde:///${family} takes ${count} random and cut datagrams without harm`,
    skip,
    async (lab) => {
      const scene = await setUp(lab, family);
      const [one, other] = scene.nodes;
      await assertPings(one, other);
      await assertSent(await storm(scene, "mix", WARM_UP));
      const before = await rssBytes(one.cable.pid);

      const sending = await storm(scene, "mix", count);
      const answered = await Promise.all([
        one.host.ping(other.address, MANY_PINGS),
        other.host.ping(one.address6, MANY_PINGS),
      ]);
      await assertSent(sending);
      for (const { sent, received } of answered) {
        assertGreater(received, MIN_ANSWERED * sent);
      }
      const growth = await rssBytes(one.cable.pid) - before;
      assertLess(growth, MAX_GROWTH_BYTES);

      await assertPings(one, other);
      await assertTransfer(other, one, { bytes: 5_000_000 });
      for (const { cable } of scene.nodes) {
        assertEquals((await cable.terminate()).code, 0, cable.report());
        const lines = cable.stderr.trimEnd().split("\n");
        assertEquals(lines.at(-1), "vdeplug: ended by SIGTERM");
        const unusual = lines.filter((line) =>
          /\bCannot\b|Error|^\s+at /.test(line)
        );
        assertEquals(unusual, []);
      }
      const { forward } = lastCounts(one.cable);
      // Each is accounted for, but for the goodbyes, which count for nothing.
      const seen = datagramsIn(forward) + await kernelDrops(one.host, family) +
        (await scene.stranger.counters("wire0")).tx_dropped;
      assertGreater(seen, 0.99 * (count + WARM_UP));
      assertGreater(datagramsIn(forward), 0.5 * (count + WARM_UP));
      for (const reason of ["runt", "oversize", "malformed", "foreign"]) {
        assertGreater(forward[reason], 0, reason);
      }
    },
  );
}

for (const keys of ["", "/hashsize=2"]) {
  labTest(
    `vxvde://${keys} keeps its good peers in a flood of 100,000 stations`,
    skip,
    async (lab) => {
      const scene = await setUp(lab, "v4", { quiet: true, keys });
      const [one, other] = scene.nodes;
      await know(one.host, other);
      await know(other.host, one);
      // The first ping is for everybody; from now on they know each other.
      await pingInTurn(one, other.address, 1);

      const sending = await storm(scene, "stations", 100_000);
      const during = await one.host.ping(other.address, {
        count: 50,
        intervalSeconds: 0.02,
      });
      await assertSent(sending);
      assertGreater(during.received, MIN_ANSWERED * during.sent);
      await pingInTurn(one, other.address, 3);

      for (const { cable } of scene.nodes) {
        assertEquals((await cable.terminate()).code, 0, cable.report());
      }
      const [ours, theirs] = scene.nodes.map(({ cable }) => lastCounts(cable));
      assertEquals(ours.backward.flooded, 1);
      assertEquals(theirs.backward.flooded, 0);
      // The flood has come, and went where the good frames went.
      assertGreater(ours.forward.frames, 50_000);
      assertGreater(theirs.forward.frames, 25_000);
    },
  );
}
