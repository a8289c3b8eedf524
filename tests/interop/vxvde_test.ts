import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  type Availability,
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
  prepared,
  start,
  type Tool,
} from "./nodes.ts";
import { type Datagram, isForOne, isToGroup, sender, Wire } from "./wire.ts";

const MUCH_BYTES = 50_000_000;
const SOME_BYTES = 300_000;

/** For pings that nobody is to answer. */
const BRIEFLY = { count: 1, args: ["-w", "1"] };

const needs = [canMakeTaps(), peerAvailable("ping")];
const noOurs = await reasonToSkip(...needs);
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noCapture = await reasonToSkip(...needs, canCapture());
const noBoth = noC ?? noCapture;
const noRouter = noCapture ?? await reasonToSkip(canRouteMulticast());

/** Whether the kernel forwards multicasts (`CONFIG_IP_MROUTE`). */
async function canRouteMulticast(): Promise<Availability> {
  try {
    await Deno.stat("/proc/net/ip_mr_vif");
    return { ok: true };
  } catch {
    return { ok: false, reason: "this kernel forwards no multicasts" };
  }
}

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

/** What is seen on the wire of ours; the defaults where a row says nothing else. */
const SEEN = { group: "239.0.0.1", port: 14789, vni: 1, ttl: 1 };

/** A group of users whose id is no default. */
async function someGroup(): Promise<{ name: string; id: number }> {
  const groups = (await Deno.readTextFile("/etc/group")).split("\n")
    .map((line) => line.split(":"))
    .map(([name, , id]) => ({ name, id: Number(id) }));
  return groups.find(({ id }) => id > SEEN.vni) ?? { name: "root", id: 0 };
}

const users = await someGroup();

const OPTIONS = [
  { vnl: "vxvde://239.1.2.3", seen: { group: "239.1.2.3" } },
  { vnl: "vxvde://ff05::1:2:3", seen: { group: "ff05::1:2:3" } },
  { vnl: "vxvde:///v4/port=4242", seen: { port: 4242 } },
  { vnl: "vxvde:///vni=16777215", seen: { vni: 0xff_ffff } },
  { vnl: `vxvde:///vni=${users.name}`, seen: { vni: users.id } },
  {
    vnl: "vxvde:///grp=66051", // 0x010203
    seen: { group: "239.1.2.3", vni: 0x01_0203 },
  },
  {
    vnl: `vxvde:///grp=${users.name}/vni=5`,
    seen: { group: `239.0.0.${users.id}`, vni: 5 },
  },
  {
    vnl: "vxvde:///v6/grp=66051",
    seen: { group: "ff05:56de::1:203", vni: 0x01_0203 },
  },
  { vnl: "vxvde:///ttl=7", seen: { ttl: 7 } },
  { vnl: "vxvde:///v6/ttl=7", seen: { group: "ff05:56de::1", ttl: 7 } },
  {
    vnl: "vxvde://239.9.9.9/v4/port=5555/vni=99/ttl=3/rcvbuf=1M/hash=16/exp=9",
    seen: { group: "239.9.9.9", port: 5555, vni: 99, ttl: 3 },
  },
];

for (const { vnl, seen } of OPTIONS) {
  labTest(
    `${vnl} means to ours what it means to C`,
    noBoth,
    async (lab) => {
      const [a, b] = [await lab.host("a"), await lab.host("b")];
      await lab.link(a, b);
      await using wire = await Wire.watch(a);
      const ours = await plugIn(a, { tool: "ours", vnl, number: 1 });
      const theirs = await plugIn(b, { tool: "C", vnl, number: 2 });
      await assertPings(ours, theirs);
      await assertTransfer(ours, theirs, { bytes: SOME_BYTES });
      assertSeen(wire.datagrams(), ours, { ...SEEN, ...seen });
    },
  );
}

/** Asserts that a node's multicasts are as wanted, and that it sent both kinds of datagrams. */
function assertSeen(
  datagrams: readonly Datagram[],
  node: Node,
  { group, port, vni, ttl }: typeof SEEN,
): void {
  const sent = datagrams.filter((each) => sender(each) === node.mac);
  const [toGroup, toPeer] = [
    sent.filter(isToGroup),
    sent.filter((each) => !isToGroup(each)),
  ];
  assert(toGroup.length > 0 && toPeer.length > 0);
  for (const each of toGroup) {
    const { destination, destinationPort } = each;
    assertEquals({
      group: destination,
      port: destinationPort,
      vni: each.vni,
      ttl: each.ttl,
    }, { group, port, vni, ttl });
  }
  // The option is no hop limit for unicasts over IPv6.
  const isIpv4 = group.includes(".");
  for (const each of toPeer) {
    assertEquals(each.vni, vni);
    if (isIpv4) assertEquals(each.ttl, ttl);
  }
}

for (const family of ["v4", "v6"]) {
  labTest(
    `vxvde:///${family}/if=wire1 leaves a host's other wire alone`,
    noBoth,
    async (lab) => {
      const [a, b] = [await lab.host("a"), await lab.host("b")];
      const elsewhere = await lab.host("c");
      await lab.link(a, elsewhere);
      await lab.link(a, b);
      await using other = await Wire.watch(elsewhere);
      const ours = await plugIn(a, {
        tool: "ours",
        vnl: `vxvde:///${family}/if=wire1`,
        number: 1,
      });
      const vnl = `vxvde:///${family}`;
      const theirs = await plugIn(b, { tool: "C", vnl, number: 2 });
      await assertPings(ours, theirs);
      await assertTransfer(ours, theirs, { bytes: SOME_BYTES });

      // The same without the option goes the other way, and is seen there after
      // whatever may have come before.
      const unlike = { vnl: `${vnl}/vni=2`, tap: "t1", number: 3 } as const;
      await plugIn(a, { tool: "ours", ...unlike });
      await other.waitFor("a frame of network 2", ({ vni }) => vni === 2);
      assertEquals(other.datagrams().filter(({ vni }) => vni === 1), []);
    },
  );
}

// Of several addresses the kernel has one that it likes best: never two of these.
for (
  const bound of ["192.0.2.129", "192.0.2.140", "2001:db8::1", "2001:db8::77"]
) {
  const ipv6 = bound.includes(":");
  const network = `vxvde:///v${ipv6 ? 6 : 4}`;
  const vnl = `${network}/bind=${bound}`;
  labTest(
    `${vnl} sends from there, and is reached there`,
    noBoth,
    async (lab) => {
      const [a, b] = [await lab.host("a"), await lab.host("b")];
      await lab.link(a, b);
      const more = ipv6 ? ["2001:db8::77/64", "nodad"] : ["192.0.2.140/28"];
      await a.run("ip", ["address", "add", ...more, "dev", "wire0"]);
      await using wire = await Wire.watch(a);
      const ours = await plugIn(a, { tool: "ours", vnl, number: 1 });
      const theirs = await plugIn(b, { tool: "C", vnl: network, number: 2 });
      await assertPings(ours, theirs);
      await assertTransfer(theirs, ours, { bytes: SOME_BYTES });

      const datagrams = wire.datagrams();
      for (const each of datagrams.filter((one) => sender(one) === ours.mac)) {
        assertEquals(each.source, bound);
      }
      const replies = datagrams.filter((one) =>
        sender(one) === theirs.mac && isForOne(one)
      );
      assert(replies.some((one) => one.destination === bound));
    },
  );
}

for (
  const { ttl, passes } of [
    { ttl: 1, passes: false },
    { ttl: 2, passes: true },
  ]
) {
  labTest(
    `vxvde:///ttl=${ttl} ${passes ? "passes" : "stops at"} a router`,
    noRouter,
    async (lab) => {
      const [a, r, b] = [
        await lab.host("a"),
        await lab.host("r"),
        await lab.host("b"),
      ];
      const [nearA, nearR] = await lab.link(a, r);
      const [farR, farB] = await lab.link(r, b);
      await a.run("ip", ["route", "add", "default", "via", nearR.address]);
      await b.run("ip", ["route", "add", "default", "via", farR.address]);
      await prepared();
      const forward = "echo 1 >/proc/sys/net/ipv4/ip_forward";
      await r.run("sh", ["-c", forward]);
      const config = new URL("../../deno.json", import.meta.url).pathname;
      const script = new URL("multicast_router.ts", import.meta.url).pathname;
      const router = r.spawn(Deno.execPath(), [
        ...["run", "--quiet", "-A", "--config", config, script, SEEN.group],
        ...[nearR.interfaceName, nearA.address],
        ...[farR.interfaceName, farB.address],
      ]);
      await router.waitFor(/^routing$/m);

      await using far = await Wire.watch(b);
      const vnl = `vxvde:///ttl=${ttl}`;
      const one = await plugIn(a, { tool: "ours", vnl, number: 1 });
      const other = await plugIn(b, { tool: "ours", vnl, number: 2 });
      if (passes) {
        await assertPings(one, other);
        const isPassed = (each: Datagram) =>
          sender(each) === one.mac && each.ttl === ttl - 1;
        await far.waitFor("a frame with its TTL counted down", isPassed);
      } else {
        assertEquals((await a.ping(other.address, BRIEFLY)).received, 0);
        // The router has seen them, and lets pass what may pass it.
        const vnl = "vxvde:///ttl=2/vni=2";
        await plugIn(a, { tool: "ours", vnl, tap: "t1", number: 3 });
        await far.waitFor("a frame of network 2", ({ vni }) => vni === 2);
        const passed = far.datagrams().filter((each) => each.vni === 1);
        assert(passed.every((each) => sender(each) === other.mac));
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
