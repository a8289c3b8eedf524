import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  canCapture,
  canMakeTaps,
  type Lab,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import {
  know,
  lastCounts,
  type Node,
  pingInTurn,
  plugIn,
  type Tool,
  untilHeard,
} from "./nodes.ts";
import {
  type Datagram,
  isForOne,
  isGoodbye,
  isToGroup,
  pingNumber,
  sender,
  Wire,
} from "./wire.ts";

const needs = [canMakeTaps(), canCapture(), peerAvailable("ping")];
const noOurs = await reasonToSkip(...needs);
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));

function reasonFor(...tools: readonly Tool[]): string | undefined {
  return tools.includes("C") ? noC : noOurs;
}

/** In the default 128 s an entry does not expire: whoever is found sooner was not waited for. */
const SOON_MS = 20_000;

/**
 * Two TAPs that know each other's MAC addresses and say nothing unasked: what
 * passes the wire is what a test makes them say. The first one counts.
 */
async function joinQuietly(
  lab: Lab,
  tools: readonly [Tool, Tool],
  vnl: string = "vxvde://",
): Promise<[Node, Node]> {
  const [a, b] = [await lab.host("a"), await lab.host("b")];
  for (const { host, interfaceName } of await lab.link(a, b)) {
    // Each datagram is to be seen on the wire by itself.
    const one = ["gso_max_segs", "1"];
    await host.run("ip", ["link", "set", interfaceName, ...one]);
  }
  const options = tools[0] === "ours" ? ["--json"] : [];
  const one = await plugIn(a, {
    tool: tools[0],
    vnl,
    number: 1,
    options,
    quiet: true,
  });
  const other = await plugIn(b, {
    tool: tools[1],
    vnl,
    number: 2,
    quiet: true,
  });
  await know(a, other);
  await know(b, one);
  return [one, other];
}

/** The ping requests of a node, in order. */
function pingsOf(node: Node, datagrams: readonly Datagram[]): Datagram[] {
  return datagrams.filter((each) =>
    sender(each) === node.mac && pingNumber(each) !== undefined
  );
}

const PINGS = 5;
const ALL_TO_ONE = Array<boolean>(PINGS).fill(false);
const FIRST_TO_GROUP = [true, ...ALL_TO_ONE.slice(1)];

/** Pings, each after the answer to the one before; tells of each request whether it went to the group. */
async function pingAndWatch(
  wire: Wire,
  from: Node,
  to: Node,
): Promise<boolean[]> {
  const before = pingsOf(from, wire.datagrams()).length;
  await pingInTurn(from, to.address, PINGS);
  await wire.waitFor(
    "the last ping",
    () => pingsOf(from, wire.datagrams()).length === before + PINGS,
  );
  return pingsOf(from, wire.datagrams()).slice(before).map(isToGroup);
}

for (const tools of [["ours", "ours"], ["ours", "C"], ["C", "ours"]] as const) {
  labTest(
    `vxvde:// sends to a known station alone, ${tools.join(" to ")}`,
    reasonFor(...tools),
    async (lab) => {
      const [one, other] = await joinQuietly(lab, tools);
      await using wire = await Wire.watch(one.host);
      const toGroup = await pingAndWatch(wire, one, other);
      assertEquals(toGroup, FIRST_TO_GROUP);
      // The answers teach where the first one is, who need not say anything first.
      const back = await pingAndWatch(wire, other, one);
      assertEquals(back, ALL_TO_ONE);
      if (one.tool !== "ours") return;
      await one.cable.terminate();
      assertEquals(lastCounts(one.cable).backward.flooded, 1);
    },
  );
}

labTest(
  "vxvde:// learns from broadcasts too, and floods them whatever it knows",
  noOurs,
  async (lab) => {
    const [one, other] = await joinQuietly(lab, ["ours", "ours"]);
    for (const { host } of [one, other]) {
      await host.run("ip", ["neigh", "flush", "nud", "permanent"]);
    }
    await using wire = await Wire.watch(one.host);
    const toGroup = await pingAndWatch(wire, one, other);
    assertEquals(toGroup, ALL_TO_ONE);
    const [request, reply] = wire.datagrams();
    assert(isToGroup(request) && !isForOne(request));
    assert(!isToGroup(reply) && isForOne(reply));
  },
);

/** A station's silence, from its answer on. */
const SILENCE_SECONDS = 1.3;

const EXPIRING = [
  // Each answer keeps the entry for a second more.
  { seconds: 1, want: [true, true, true] },
  { seconds: 60, want: [true, false, false] },
  // Zero means the default, which is longer than this test.
  { seconds: 0, want: [true, false, false] },
] as const;

for (const { seconds, want } of EXPIRING) {
  labTest(
    `vxvde:///expiretime=${seconds} ${
      want[1] ? "forgets" : "remembers"
    } a station silent for ${SILENCE_SECONDS} s`,
    noOurs,
    async (lab) => {
      const vnl = `vxvde:///expiretime=${seconds}`;
      const [one, other] = await joinQuietly(lab, ["ours", "ours"], vnl);
      await using wire = await Wire.watch(one.host);
      const silence = [String(SILENCE_SECONDS)];
      for (const index of want.keys()) {
        if (index > 0) await one.host.run("sleep", silence);
        await pingInTurn(one, other.address, 1);
      }
      const pings = () => pingsOf(one, wire.datagrams());
      await wire.waitFor("the last ping", () => pings().length >= want.length);
      assertEquals(pings().map(isToGroup), [...want]);
    },
  );
}

for (const tools of [["ours", "ours"], ["ours", "C"], ["C", "ours"]] as const) {
  labTest(
    `vxvde:// forgets on goodbye, said by ${tools[1]} to ${tools[0]}`,
    reasonFor(...tools),
    async (lab) => {
      const [one, other] = await joinQuietly(lab, tools);
      await using wire = await Wire.watch(one.host);
      await pingAndWatch(wire, one, other);
      await other.cable.terminate();
      const { source, sourcePort } = await wire.waitFor("a goodbye", isGoodbye);
      assertEquals(source, other.host.port.address);
      // On the wire it is seen before it is heard.
      await untilHeard(one);

      // The very first one is for everybody: nothing goes to where nobody is.
      const before = wire.datagrams().length;
      await one.host.ping(other.address, { count: 1, args: ["-W", "1"] });
      const lastPings = () => pingsOf(one, wire.datagrams()).slice(PINGS);
      await wire.waitFor("one more ping", () => lastPings().length > 0);
      assertEquals(lastPings().map(isToGroup), [true]);
      const strays = wire.datagrams().slice(before).filter((each) =>
        each.destination === source && each.destinationPort === sourcePort
      );
      assertEquals(strays, []);
    },
  );
}

labTest(
  "vxvde:// believes a goodbye only from the address that it is about",
  noOurs,
  async (lab) => {
    const [one, other] = await joinQuietly(lab, ["ours", "ours"]);
    await using wire = await Wire.watch(one.host);
    await pingAndWatch(wire, one, other);
    // Another node of the same host ends, with a goodbye of its own.
    const settings = {
      tool: "ours",
      vnl: "vxvde://",
      tap: "t1",
      quiet: true,
    } as const;
    const third = await plugIn(other.host, { ...settings, number: 3 });
    await third.cable.terminate();
    await wire.waitFor("a goodbye", isGoodbye);
    const toGroup = await pingAndWatch(wire, one, other);
    assertEquals(toGroup, ALL_TO_ONE);
  },
);

for (const family of ["v4", "v6"]) {
  for (const tools of [["ours", "ours"], ["ours", "C"]] as const) {
    labTest(
      `vxvde:///${family} finds ${
        tools[1]
      } at its new port after SIGKILL, though it is silent`,
      reasonFor(...tools),
      async (lab) => {
        const vnl = `vxvde:///${family}`;
        const [one, other] = await joinQuietly(lab, tools, vnl);
        await using wire = await Wire.watch(one.host);
        await pingAndWatch(wire, one, other);
        await other.cable.terminate("SIGKILL");
        const settings = { tool: tools[1], vnl, number: 2, quiet: true };
        const again = await plugIn(other.host, settings);
        await know(again.host, one);

        const ports = () =>
          wire.datagrams().filter((each) => sender(each) === other.mac)
            .map(({ sourcePort }) => sourcePort);
        await one.host.waitForAnswer(other.address, { timeoutMs: SOON_MS });
        // The request to it is not among those that are counted next.
        await wire.waitFor("the answer", () => new Set(ports()).size === 2);
        const toGroup = await pingAndWatch(wire, one, again);
        assertEquals(toGroup, ALL_TO_ONE);
        assertEquals(new Set(ports()).size, 2);
        assertEquals(wire.datagrams().filter(isGoodbye), []);
      },
    );
  }
}

labTest(
  "vxvde:// loses one frame to a node that was killed, and floods the next",
  noOurs,
  async (lab) => {
    const [one, other] = await joinQuietly(lab, ["ours", "ours"]);
    await using wire = await Wire.watch(one.host);
    await pingAndWatch(wire, one, other);
    const { destinationPort } = pingsOf(one, wire.datagrams())[1];
    await other.cable.terminate("SIGKILL");
    const lastPings = () => pingsOf(one, wire.datagrams()).slice(PINGS);
    for (let ping = 1; ping <= 4; ping++) {
      const unanswered = { count: 1, args: ["-W", "1"] };
      const { received } = await one.host.ping(other.address, unanswered);
      assertEquals(received, 0);
      // The word that nobody is there comes at once; it must be heard, too.
      await untilHeard(one);
    }
    const lost = await wire.waitFor(
      "a ping to the port that is gone",
      (each) => each.destinationPort === destinationPort,
    );
    assert(!isToGroup(lost));
    await wire.waitFor("the last ping", () => lastPings().length >= 4);
    const toGroup = lastPings().map(isToGroup);
    assertEquals(toGroup, [false, true, true, true]);
  },
);

labTest(
  "vxvde:// follows a station that moves to another node",
  noOurs,
  async (lab) => {
    const hosts = [
      await lab.host("a"),
      await lab.host("b"),
      await lab.host("c"),
    ];
    await lab.bridge(hosts);
    const settings = { tool: "ours", vnl: "vxvde://", quiet: true } as const;
    const one = await plugIn(hosts[0], { ...settings, number: 1 });
    const before = await plugIn(hosts[1], { ...settings, number: 2 });
    await know(one.host, before);
    await know(before.host, one);
    await using wire = await Wire.watch(one.host);
    await pingAndWatch(wire, one, before);

    // It turns up elsewhere while its old node still runs: one frame of it tells.
    await before.host.run("ip", ["link", "set", "dev", "t0", "down"]);
    const after = await plugIn(hosts[2], { ...settings, number: 2 });
    await know(after.host, one);
    await pingAndWatch(wire, after, one);
    const toGroup = await pingAndWatch(wire, one, after);
    assertEquals(toGroup, ALL_TO_ONE);
    const last = pingsOf(one, wire.datagrams()).at(-1);
    assertEquals(last?.destination, after.host.port.address);
    assertGreater(last?.destinationPort ?? 0, 0);
  },
);
