import { assert, assertEquals } from "@std/assert";
import {
  type Availability,
  canCapture,
  canMakeTaps,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { assertPings, assertTransfer, plugIn, prepared } from "./nodes.ts";
import { type Datagram, isForOne, isToGroup, sender, Wire } from "./wire.ts";

const SOME_BYTES = 300_000;

/** For a ping that nobody is to answer. */
const BRIEFLY = { count: 1, args: ["-w", "1"] };

const needs = [canMakeTaps(), canCapture(), peerAvailable("ping")];
const noOurs = await reasonToSkip(...needs);
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noRouter = noOurs ?? await reasonToSkip(canRouteMulticast());

/** Whether the kernel forwards multicasts (`CONFIG_IP_MROUTE`). */
async function canRouteMulticast(): Promise<Availability> {
  try {
    await Deno.stat("/proc/net/ip_mr_vif");
    return { ok: true };
  } catch {
    return { ok: false, reason: "this kernel forwards no multicasts" };
  }
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
    noC,
    async (lab) => {
      const [a, b] = [await lab.host("a"), await lab.host("b")];
      await lab.link(a, b);
      await using wire = await Wire.watch(a);
      const ours = await plugIn(a, { tool: "ours", vnl, number: 1 });
      const theirs = await plugIn(b, { tool: "C", vnl, number: 2 });
      await assertPings(ours, theirs);
      await assertTransfer(ours, theirs, { bytes: SOME_BYTES });
      const isOurs = (each: Datagram) => sender(each) === ours.mac;
      for (
        const [what, isIt] of [["multi", isToGroup], ["uni", isToOne]] as const
      ) {
        await wire.waitFor(
          `a ${what}cast`,
          (each) => isOurs(each) && isIt(each),
        );
      }
      assertSeen(wire.datagrams().filter(isOurs), { ...SEEN, ...seen });
    },
  );
}

function isToOne(datagram: Datagram): boolean {
  return !isToGroup(datagram);
}

/** Asserts that datagrams of a node are as wanted. */
function assertSeen(
  sent: readonly Datagram[],
  { group, port, vni, ttl }: typeof SEEN,
): void {
  for (const each of sent.filter(isToGroup)) {
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
  for (const each of sent.filter(isToOne)) {
    assertEquals(each.vni, vni);
    if (isIpv4) assertEquals(each.ttl, ttl);
  }
}

for (const family of ["v4", "v6"]) {
  labTest(
    `vxvde:///${family}/if=wire1 leaves a host's other wire alone`,
    noC,
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
    noC,
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

      await wire.waitFor("a datagram", (each) => sender(each) === ours.mac);
      await wire.waitFor(
        "a reply to there",
        (each) =>
          sender(each) === theirs.mac && isForOne(each) &&
          each.destination === bound,
      );
      for (const each of wire.datagrams()) {
        if (sender(each) === ours.mac) assertEquals(each.source, bound);
      }
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
