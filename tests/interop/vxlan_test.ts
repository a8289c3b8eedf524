import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  type Availability,
  canCapture,
  canMakeTaps,
  capture,
  Lab,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { testInNamespace } from "../plugins/in_namespace.ts";
import {
  assertAnswers,
  assertCalm,
  assertPings,
  assertTransfer,
  forgetNeighbours,
  join,
  kernelLearned,
  know,
  type Place,
  type PlaceSettings,
  type Side,
  V4,
  V6,
} from "./kernel_vxlan.ts";
import { lastCounts, start } from "./nodes.ts";
import { isToGroup, pingNumber, sender, Wire } from "./wire.ts";

const PAIRS: readonly (readonly Side[])[] = [
  ["ours", "kernel"],
  ["ours", "ours"],
];

const MUCH_BYTES = 20_000_000;
const SOME_BYTES = 300_000;
/** For pings that nobody is to answer. */
const BRIEFLY = { count: 1, args: ["-w", "1"] };
/** The longest frames pass whole, over either family. */
const WIRE_MTU = 9500;

const skipOurs = await reasonToSkip(canMakeTaps(), peerAvailable("ping"));
const skip = skipOurs ??
  await reasonToSkip(peerAvailable("ethtool"), canMakeVxlan());
const skipWatched = skip ?? await reasonToSkip(canCapture());

/** Whether the kernel has the device. */
async function canMakeVxlan(): Promise<Availability> {
  await using lab = await Lab.create();
  const args = ["vx0", "type", "vxlan", "id", "1", "dstport", "4789"];
  const { code, stderr } = await (await lab.host("a"))
    .attempt("ip", ["link", "add", ...args]);
  if (code === 0) return { ok: true };
  return { ok: false, reason: `no vxlan device here: ${stderr.trim()}` };
}

/** A place on each of as many hosts as there are sides, all on one wire. */
async function joinAll(
  lab: Lab,
  sides: readonly Side[],
  settings: Omit<PlaceSettings, "number"> & { readonly wireMtu?: number },
): Promise<Place[]> {
  const hosts = [];
  for (const number of sides.keys()) hosts.push(await lab.host(`h${number}`));
  await lab.bridge(hosts, { mtu: settings.wireMtu });
  const places: Place[] = [];
  for (const [index, side] of sides.entries()) {
    places.push(
      await join(side, hosts[index], { ...settings, number: index + 1 }),
    );
  }
  return places;
}

testInNamespace({
  name: "vxlan exchanges frames of every length with the kernel's device",
  file: "tests/interop/vxlan_kernel_cases.ts",
  skip,
});

for (const network of [V4, V6]) {
  for (const sides of PAIRS) {
    labTest(
      `vxlan over ${network.name} joins ${
        sides.join(" and ")
      }: pings, and 20 MB each way`,
      sides.includes("kernel") ? skip : skipOurs,
      async (lab) => {
        const [one, other] = await joinAll(lab, sides, { network });
        await assertPings(one, other);
        const transfers = [[one, other, false], [other, one, true]] as const;
        for (const [from, to, ipv6] of transfers) {
          await assertTransfer(from, to, { bytes: MUCH_BYTES, ipv6 });
        }
        assertCalm(one);
      },
    );
  }

  labTest(
    `vxlan over ${network.name} carries packets of many lengths between ours and the kernel`,
    skip,
    async (lab) => {
      const settings = { network, mtu: 9000, wireMtu: WIRE_MTU };
      const [ours, kernel] = await joinAll(lab, ["ours", "kernel"], settings);
      await assertPings(ours, kernel);
      for (const size of [0, 1, 18, 19, 1000, 1372, 1373, 8191, 8972]) {
        await assertAnswers(ours, kernel.address, size);
        await assertAnswers(kernel, ours.address, size);
      }
      await assertTransfer(ours, kernel, { bytes: SOME_BYTES });
      await assertTransfer(kernel, ours, { bytes: SOME_BYTES });
    },
  );

  labTest(
    `vxlan over ${network.name} joins three hosts, ours, ours and the kernel`,
    skip,
    async (lab) => {
      const sides = ["ours", "ours", "kernel"] as const;
      const [a, b, c] = await joinAll(lab, sides, { network });
      for (const [from, to] of [[a, b], [b, c], [c, a]]) {
        await assertPings(from, to);
        await assertTransfer(from, to, { bytes: SOME_BYTES });
      }
      assertCalm(a);
      assertCalm(b);
    },
  );

  labTest(
    `vxlan over ${network.name} and the kernel send to each other alone once they have learned, at port 4789`,
    skipWatched,
    async (lab) => {
      const settings = { network, quiet: true, options: ["--json"] };
      const sides = ["ours", "kernel", "kernel"] as const;
      const [ours, kernel, third] = await joinAll(lab, sides, settings);
      await know(ours, kernel);
      await know(kernel, ours);
      await using wire = await Wire.watch(ours.host);
      await using elsewhere = await Wire.watch(third.host);
      await assertAnswers(ours, kernel.address);
      const count = 5;
      for (let ping = 0; ping < count; ping++) {
        await assertAnswers(ours, kernel.address);
        await assertAnswers(kernel, ours.address);
      }
      await wire.waitFor(
        "the last ping",
        () =>
          wire.datagrams().filter((each) => pingNumber(each) !== undefined)
            .length === 2 * count + 1,
      );
      const pings = wire.datagrams()
        .filter((each) => pingNumber(each) !== undefined);
      const toGroup = pings.map(isToGroup);
      // The very first one is for everybody, as nobody has said anything yet.
      assertEquals(toGroup, [true, ...Array(2 * count).fill(false)]);
      for (const { destinationPort } of wire.datagrams()) {
        assertEquals(destinationPort, 4789);
      }
      // The kernel does not send from there: an answer to its port would be lost.
      const ports = pings.filter((each) => sender(each) === kernel.mac)
        .map(({ sourcePort }) => sourcePort);
      assert(ports.every((port) => port !== 4789), `${ports}`);
      const learned = await kernelLearned(kernel, ours.mac);
      const [first] = pings.filter((each) => sender(each) === ours.mac);
      assertEquals(learned, first.source);
      // Only what was for everybody has come by at the third host.
      assertEquals(
        elsewhere.datagrams().filter((each) => !isToGroup(each)),
        [],
      );
      assert(ours.cable !== undefined);
      await ours.cable.terminate();
      assertEquals(lastCounts(ours.cable).backward.flooded, 1);
    },
  );

  labTest(
    `vxlan over ${network.name} keeps two networks on one group apart, ours and the kernel's`,
    skip,
    async (lab) => {
      const hosts = [];
      for (const name of ["a", "b", "c", "d"]) hosts.push(await lab.host(name));
      await lab.bridge(hosts);
      const places: Place[] = [];
      for (const [index, host] of hosts.entries()) {
        const side = index < 2 ? "ours" : "kernel";
        const vni = 1 + index % 2;
        const options = ["--json", "--stats=0.05"];
        places.push(
          await join(side, host, { network, vni, number: index + 1, options }),
        );
      }
      const [a, b, c, d] = places;
      for (const [from, to] of [[a, c], [b, d]]) {
        await assertPings(from, to);
        await assertTransfer(from, to, { bytes: SOME_BYTES });
      }
      const strange = [[a, b], [c, d], [d, a], [b, c]];
      const answers = await Promise.all(
        strange.map(([from, to]) => from.host.ping(to.address, BRIEFLY)),
      );
      assertEquals(answers.map(({ received }) => received), [0, 0, 0, 0]);
      for (const { cable } of [a, b]) await cable?.waitFor(/"foreign":[1-9]/);
    },
  );

  labTest(
    `vxlan over ${network.name} goes on when ours is killed and started again`,
    skip,
    async (lab) => {
      const sides = ["ours", "kernel", "ours"] as const;
      const [ours, kernel, third] = await joinAll(lab, sides, { network });
      await assertPings(ours, kernel);
      await assertPings(ours, third);
      await ours.cable?.terminate("SIGKILL");
      // Meanwhile the others send to where nobody is.
      for (const { host } of [kernel, third]) {
        await host.ping(ours.address, BRIEFLY);
      }
      const again = await join("ours", ours.host, { network, number: 1 });
      for (const other of [kernel, third]) {
        await forgetNeighbours(other);
        await assertPings(again, other);
        await assertTransfer(again, other, { bytes: SOME_BYTES });
      }
      assertCalm(third);
    },
  );

  labTest(
    `vxlan over ${network.name} goes on when the kernel's device is deleted and made again elsewhere`,
    skip,
    async (lab) => {
      const names = ["a", "b", "c"];
      const hosts = [];
      for (const name of names) hosts.push(await lab.host(name));
      await lab.bridge(hosts);
      const ours = await join("ours", hosts[0], { network, number: 1 });
      const kernel = await join("kernel", hosts[1], { network, number: 2 });
      await assertPings(ours, kernel);
      await kernel.host.run("ip", ["link", "delete", "vx0"]);
      await ours.host.ping(kernel.address, BRIEFLY);
      const again = await join("kernel", hosts[1], { network, number: 2 });
      await assertPings(ours, again);
      // The same station, at another host: the first word from there tells.
      await again.host.run("ip", ["link", "delete", "vx0"]);
      const moved = await join("kernel", hosts[2], { network, number: 2 });
      await moved.host.waitForAnswer(ours.address);
      await assertPings(moved, ours);
      await assertTransfer(ours, moved, { bytes: SOME_BYTES });
      assertCalm(ours);
    },
  );

  labTest(
    `vxlan over ${network.name} makes no IP fragment of TCP, though both MTUs are 1500`,
    skipWatched,
    async (lab) => {
      const sides = ["ours", "ours"] as const;
      const settings = { network, mtu: 1500 };
      const [one, other] = await joinAll(lab, sides, settings);
      const interfaceName = one.host.port.interfaceName;
      const filter = "(ip[6:2] & 0x3fff != 0) or (ip6[6] = 44)";
      await one.host.waitForAnswer(other.address);
      await using seen = await capture(one.host, { interfaceName, filter });
      await assertTransfer(one, other, { bytes: SOME_BYTES });
      await assertTransfer(other, one, { bytes: SOME_BYTES });
      assertEquals(seen.lines, []);
    },
  );
}

for (const network of [V4, V6]) {
  labTest(
    `vxlan over ${network.name} works beside an interface that has no address at all`,
    skip,
    async (lab) => {
      const [a, b] = [await lab.host("a"), await lab.host("b")];
      await lab.link(a, b);
      // Not even a link-layer address: getifaddrs(3) gives a null pointer.
      await a.run("ip", ["tuntap", "add", "dev", "tun0", "mode", "tun"]);
      const ours = await join("ours", a, { network, number: 1 });
      const kernel = await join("kernel", b, { network, number: 2 });
      await assertPings(ours, kernel);
    },
  );
}

labTest(
  "vxlan says what has its port, when that is the kernel's device",
  skip,
  async (lab) => {
    const [a, b] = [await lab.host("a"), await lab.host("b")];
    await lab.link(a, b);
    await join("kernel", a, { network: V4, number: 1 });
    const cable = await start(a, "ours", "vxlan://", "null://");
    const { code } = await cable.exited;
    assertGreater(code, 0);
    assert(/EADDRINUSE/.test(cable.stderr), cable.stderr);
    assert(/vxlan interface of this host, has port 4789/.test(cable.stderr));
  },
);

labTest(
  "vxlan ends on SIGTERM without a word to the network",
  skipWatched,
  async (lab) => {
    const settings = { network: V4, quiet: true };
    const [one, other] = await joinAll(lab, ["ours", "kernel"], settings);
    await know(one, other);
    await know(other, one);
    await one.host.waitForAnswer(other.address);
    await using wire = await Wire.watch(one.host);
    const { code } = await one.cable?.terminate() ?? { code: 1 };
    assertEquals(code, 0);
    // What the other one says next comes after that.
    await other.host.ping(one.address, BRIEFLY);
    await wire.waitFor("a ping", (each) => sender(each) === other.mac);
    const own = wire.datagrams().filter(({ source }) =>
      source === one.host.port.address
    );
    assertEquals(own, []);
  },
);
