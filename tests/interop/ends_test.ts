import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import {
  canMakeTaps,
  cpuSeconds,
  type Lab,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import {
  address,
  assertPings,
  assertTransfer,
  type Node,
  plugIn,
  start,
} from "./nodes.ts";

const BYTES = 1_000_000;

const skip = await reasonToSkip(canMakeTaps(), peerAvailable("ping"));

/** A second's worth of pings that nobody answers. */
const UNANSWERED = { count: 5, args: ["-w", "1"] };

/** Far below the second that a loop which never waits would use up. */
const MAX_IDLE_CPU_SECONDS = 0.3;

async function join(lab: Lab, vnl = "vxvde://"): Promise<[Node, Node]> {
  const [a, b] = [await lab.host("a"), await lab.host("b")];
  await lab.link(a, b);
  const settings = { tool: "ours", vnl } as const;
  const one = await plugIn(a, { ...settings, number: 1 });
  const other = await plugIn(b, { ...settings, number: 2 });
  return [one, other];
}

labTest(
  "tap:// that is removed ends its cable with status 1 and a sentence",
  skip,
  async (lab) => {
    const [one, other] = await join(lab);
    await assertPings(one, other);
    await one.host.run("ip", ["link", "delete", "dev", "t0"]);
    const { code } = await one.cable.exited;
    assertEquals(code, 1, one.cable.report());
    // A frame for it that comes at that moment may be what finds out.
    const said =
      /^vdeplug: Cannot (read from|write to) interface "t0": it was removed\n$/;
    assertMatch(one.cable.stderr, said);
    // The other side does not even notice.
    await other.host.ping(one.address, UNANSWERED);
    assertEquals(other.cable.status, undefined);
  },
);

labTest("tap:// that is down comes back", skip, async (lab) => {
  const [one, other] = await join(lab);
  await assertPings(one, other);
  await one.host.run("ip", ["link", "set", "dev", "t0", "down"]);
  const before = await cpuSeconds(one.cable.pid);
  const { received } = await other.host.ping(one.address, UNANSWERED);
  assertEquals(received, 0);
  const used = await cpuSeconds(one.cable.pid) - before;
  assertLess(used, MAX_IDLE_CPU_SECONDS);

  // Its IPv6 address went with it.
  const settings = { tool: "ours", vnl: "vxvde://", number: 1 } as const;
  await one.host.run("ip", ["address", "flush", "dev", "t0"]);
  const again = await address(one.host, one.cable, settings);
  await assertPings(again, other);
  await assertTransfer(other, again, { bytes: BYTES });
  assertEquals((await one.cable.terminate()).code, 0, one.cable.report());
});

for (const family of ["v4", "v6"]) {
  labTest(
    `vxvde:///${family} goes on when its wire was down`,
    skip,
    async (lab) => {
      const [one, other] = await join(lab, `vxvde:///${family}/if=wire0`);
      await assertPings(one, other);
      const { host } = one;
      await host.run("ip", ["link", "set", "dev", "wire0", "down"]);
      const { received } = await host.ping(other.address, UNANSWERED);
      assertEquals(received, 0);
      await host.configure("wire0");
      // These went with it.
      const { address6 } = host.port;
      await host.run("ip", [
        ...["address", "add", `${address6}/64`, "dev", "wire0", "nodad"],
      ]);
      await assertPings(one, other);
      await assertTransfer(one, other, { bytes: BYTES });
      for (const { cable } of [one, other]) {
        assertEquals((await cable.terminate()).code, 0, cable.report());
      }
    },
  );
}

labTest("vdeplug at rest uses no processor time", skip, async (lab) => {
  const [one, other] = await join(lab);
  await assertPings(one, other);
  const before = await cpuSeconds(one.cable.pid);
  // Something that takes a second, and has nothing to do with the cable.
  await one.host.ping("127.0.0.1", { count: 2, intervalSeconds: 1 });
  const used = await cpuSeconds(one.cable.pid) - before;
  assertLess(used, MAX_IDLE_CPU_SECONDS);
});

labTest(
  "vdeplug ends once for any number of signals, and cleans up",
  skip,
  async (lab) => {
    const host = await lab.host("a");
    await lab.link(host, await lab.host("b"));
    const cable = await start(host, "ours", "vxvde://", "tap://t0");
    await host.waitForInterface("t0", { madeBy: cable });
    cable.signal("SIGHUP");
    const { code, signal } = await cable.terminate("SIGHUP");
    // The second one may find it gone already, or ends it at once.
    assert(signal === null && (code === 0 || code === 130), cable.report());
    assertEquals((await host.attempt("ip", ["link", "show", "t0"])).code, 1);
  },
);
