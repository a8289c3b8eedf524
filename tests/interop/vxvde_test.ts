import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  canCapture,
  canMakeTaps,
  capture,
  type Lab,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import {
  assertPings,
  assertTransfer,
  lastCounts,
  type Node,
  plugIn,
  start,
  type Tool,
} from "./nodes.ts";
import { type Datagram, Wire } from "./wire.ts";

const MUCH_BYTES = 50_000_000;
const SOME_BYTES = 300_000;

/** For pings that nobody is to answer. */
const BRIEFLY = { count: 1, args: ["-w", "1"] };

const needs = [canMakeTaps(), peerAvailable("ping")];
const noOurs = await reasonToSkip(...needs);
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noCapture = await reasonToSkip(...needs, canCapture());
const noBoth = noC ?? noCapture;

function reasonFor(...tools: readonly Tool[]): string | undefined {
  return tools.includes("C") ? noC : noOurs;
}

const PAIRS = [["C", "ours"], ["ours", "C"], ["ours", "ours"]] as const;

/** A TAP on each of as many hosts as there are tools, all on one wire. */
async function join(
  lab: Lab,
  tools: readonly Tool[],
  vnl: string,
): Promise<Node[]> {
  const hosts = [];
  for (const number of tools.keys()) hosts.push(await lab.host(`h${number}`));
  await lab.bridge(hosts);
  const nodes: Node[] = [];
  for (const [index, tool] of tools.entries()) {
    nodes.push(await plugIn(hosts[index], { tool, vnl, number: index + 1 }));
  }
  return nodes;
}

for (
  const { vnl, ipv6 } of [
    { vnl: "vxvde://", ipv6: false },
    { vnl: "vxvde:///v6", ipv6: true },
  ]
) {
  for (const tools of PAIRS) {
    labTest(
      `${vnl} joins ${tools.join(" and ")}: pings and 50 MB`,
      reasonFor(...tools),
      async (lab) => {
        const [a, b] = await join(lab, tools, vnl);
        await assertPings(a, b);
        await assertTransfer(a, b, { bytes: MUCH_BYTES, ipv6 });
      },
    );
  }
}

for (
  const { vnl, tools, ipv6 } of [
    { vnl: "vxvde://", tools: ["ours", "C", "ours"], ipv6: false },
    { vnl: "vxvde:///v6", tools: ["C", "ours", "C"], ipv6: true },
  ] as const
) {
  labTest(
    `${vnl} joins three hosts, ${tools.join(", ")}: pings and 50 MB`,
    noC,
    async (lab) => {
      const [a, b, c] = await join(lab, tools, vnl);
      for (const [from, to] of [[a, b], [b, c], [c, a]]) {
        await assertPings(from, to);
        await assertTransfer(from, to, { bytes: MUCH_BYTES, ipv6 });
      }
    },
  );
}

labTest(
  "vxvde:// networks with two vni on one group never meet",
  noBoth,
  async (lab) => {
    const hosts = [];
    for (const name of ["a", "b", "c", "d"]) hosts.push(await lab.host(name));
    await lab.bridge(hosts);
    const options = ["--json", "--stats=0.05"];
    const vnls = ["vxvde:///vni=1", "vxvde:///vni=2"];
    const nodes: Node[] = [];
    for (const [index, host] of hosts.entries()) {
      const tool = index < 2 ? "ours" : "C";
      nodes.push(
        await plugIn(host, {
          tool,
          vnl: vnls[index % 2],
          number: index + 1,
          options: tool === "ours" ? options : [],
        }),
      );
    }
    const captures = [];
    for (const { host } of nodes) {
      captures.push(
        await capture(host, { interfaceName: "t0", args: ["-e", "-t"] }),
      );
    }
    const [a, b, c, d] = nodes;
    for (const [from, to] of [[a, c], [b, d]]) {
      await assertPings(from, to);
      await assertTransfer(from, to, { bytes: SOME_BYTES });
    }
    const strange = [[a, b], [c, d], [d, a], [b, c]];
    const answers = await Promise.all(
      strange.map(([from, to]) => from.host.ping(to.address, BRIEFLY)),
    );
    assertEquals(answers.map(({ received }) => received), [0, 0, 0, 0]);
    // Each has got the other network's frames, and has not handed them on.
    for (const { cable } of [a, b]) {
      await cable.waitFor(/"foreign":[1-9]/);
      assert(lastCounts(cable).forward.foreign > 0);
    }
    for (const [index, seen] of captures.entries()) {
      const strangers = nodes.filter((_, other) => (other - index) % 2 !== 0);
      const lines = seen.lines.filter((line) =>
        strangers.some(({ mac }) => line.startsWith(mac))
      );
      assertEquals(lines, []);
      await seen[Symbol.asyncDispose]();
    }
  },
);

for (
  const { vnl, tools } of [
    { vnl: "vxvde://", tools: ["ours", "ours", "C"] },
    { vnl: "vxvde://", tools: ["ours", "C", "ours"] },
    { vnl: "vxvde:///v6", tools: ["ours", "ours", "ours"] },
  ] as const
) {
  labTest(
    `${vnl} joins two nodes on one host, ${tools[0]} and ${tools[1]}, and ${
      tools[2]
    } elsewhere`,
    reasonFor(...tools),
    async (lab) => {
      const [here, there] = [await lab.host("here"), await lab.host("there")];
      await lab.link(here, there);
      // Two TAPs of one host would talk to each other past the network.
      const homes = [await lab.host("x"), await lab.host("y")];
      const nodes: Node[] = [];
      for (const [index, tapHost] of homes.entries()) {
        const number = index + 1;
        const tap = `t${index}`;
        nodes.push(
          await plugIn(here, { tool: tools[index], vnl, number, tap, tapHost }),
        );
      }
      nodes.push(await plugIn(there, { tool: tools[2], vnl, number: 3 }));
      const [x, y, z] = nodes;
      for (const [from, to] of [[x, y], [y, z], [z, x]]) {
        await assertPings(from, to);
        await assertTransfer(from, to, { bytes: SOME_BYTES });
      }
    },
  );
}

for (const family of ["v4", "v6"]) {
  labTest(
    `vxvde:///${family} works beside an interface that has no address at all`,
    noC,
    async (lab) => {
      const [a, b] = [await lab.host("a"), await lab.host("b")];
      await lab.link(a, b);
      // Not even a link-layer address: getifaddrs(3) gives a null pointer.
      await a.run("ip", ["tuntap", "add", "dev", "tun0", "mode", "tun"]);
      const vnl = `vxvde:///${family}`;
      const ours = await plugIn(a, { tool: "ours", vnl, number: 1 });
      const theirs = await plugIn(b, { tool: "C", vnl, number: 2 });
      await assertPings(ours, theirs);
    },
  );
}

for (const family of ["v4", "v6"]) {
  labTest(
    `vxvde:///${family} keeps its own multicasts from its own TAP`,
    noCapture,
    async (lab) => {
      const options = ["--json"];
      const vnl = `vxvde:///${family}`;
      const [a, b] = [await lab.host("a"), await lab.host("b")];
      await lab.link(a, b);
      const settings = { tool: "ours", vnl, options } as const;
      const one = await plugIn(a, { ...settings, number: 1 });
      const other = await plugIn(b, { ...settings, number: 2 });
      const incoming = ["-Q", "in", "-e", "-t"];
      const taken = { interfaceName: "t0", args: incoming };
      await using seen = await capture(one.host, taken);
      await assertPings(one, other);
      await other.cable.terminate();
      // Nobody is left, and so each of these is for everybody.
      await one.host.ping(other.address, BRIEFLY);
      await one.host.attempt("ip", ["neigh", "flush", "dev", "t0"]);
      await one.host.ping(other.address, BRIEFLY);
      await one.cable.terminate();
      assertGreater(lastCounts(one.cable).forward.echo, 0);
      await seen.waitFor(new RegExp(`^${other.mac}`, "m"));
      const own = seen.lines.filter((line) => line.startsWith(one.mac));
      assertEquals(own, []);
    },
  );
}

labTest(
  "vxvde:// ends on SIGINT, SIGTERM and SIGHUP with a goodbye and status 0",
  noCapture,
  async (lab) => {
    const [a, b] = [await lab.host("a"), await lab.host("b")];
    await lab.link(a, b);
    await using wire = await Wire.watch(b);
    for (const [index, signal] of ["SIGINT", "SIGTERM", "SIGHUP"].entries()) {
      const cable = await start(a, "ours", `vxvde:///vni=${index}`, "tap://t0");
      await a.waitForInterface("t0", { madeBy: cable });
      const { code } = await cable.terminate(signal as Deno.Signal);
      assertEquals(code, 0, cable.report());
      assertEquals(cable.stderr, `vdeplug: ended by ${signal}\n`);
      const isIt = ({ vni, frame }: Datagram) =>
        vni === index && frame.length === 0;
      await wire.waitFor("a goodbye", isIt);
    }
  },
);
