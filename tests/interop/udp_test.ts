import { assertEquals } from "@std/assert";
import {
  canMakeTaps,
  capture,
  type LabHost,
  type LabProcess,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import {
  address,
  assertPings,
  assertTransfer,
  command,
  prepared,
  type Tool,
} from "./nodes.ts";

const BYTES = 10_000_000;

const needs = [canMakeTaps(), peerAvailable("ping"), peerAvailable("mount")];
const noOurs = await reasonToSkip(...needs);
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));

/** What the hosts' names are, on each of them. */
const NAMES = [
  "127.0.0.1 localhost",
  "192.0.2.129 near.test",
  "2001:db8::1 near6.test",
  "192.0.2.130 far.test",
  "2001:db8::2 far6.test",
].join("\n");

/** Runs a command that finds other host names: a mount namespace, so nobody else does. */
const WITH_NAMES = 'mount -t tmpfs none /media && echo "$1" >/media/hosts && ' +
  'mount --bind /media/hosts /etc/hosts && shift && exec "$@"';

async function tunnel(
  host: LabHost,
  tool: Tool,
  vnl: string,
): Promise<LabProcess> {
  await prepared();
  const argv = command(tool, vnl, "tap://t0");
  const shell = ["sh", "-c", WITH_NAMES, "sh", NAMES];
  return host.spawn("unshare", ["-m", ...shell, ...argv]);
}

interface Tunnel {
  readonly near: string;
  readonly far: string;
}

const TUNNELS: readonly Tunnel[] = [
  {
    near: "udp://near.test:5000->far.test:5001",
    far: "udp://far.test:5001->near.test:5000",
  },
  {
    near: "udp://5000->far.test:5000",
    far: "udp://5000->192.0.2.129:5000",
  },
  {
    near: "udp://near6.test:5000->far6.test:5001",
    far: "udp://far6.test:5001->near6.test:5000",
  },
  // C wants no brackets around an IPv6 address.
  {
    near: "udp://5000->2001:db8::2:5000",
    far: "udp://2001:db8::2:5000->near6.test:5000",
  },
];

/** C knows this spelling on neither side. */
const BRACKETED: Tunnel = {
  near: "udp://[::]:5000->[2001:db8::2]:5000",
  far: "udp://[2001:db8::2]:5000->near6.test:5000",
};

const OURS = ["ours", "ours"] as const;

function testTunnel(tools: readonly [Tool, Tool], { near, far }: Tunnel): void {
  labTest(
    `${near} joins ${tools.join(" and ")}`,
    tools.includes("C") ? noC : noOurs,
    async (lab) => {
      const hosts = [await lab.host("near"), await lab.host("far")];
      await lab.link(hosts[0], hosts[1]);
      const vnls = [near, far];
      const cables = [];
      for (const [index, host] of hosts.entries()) {
        cables.push(await tunnel(host, tools[index], vnls[index]));
      }
      // C ends for good when a frame finds nobody at the other end: none goes
      // before both are there.
      for (const [index, host] of hosts.entries()) {
        await host.waitForInterface("t0", { madeBy: cables[index] });
      }
      const nodes = [];
      for (const [index, host] of hosts.entries()) {
        const settings = {
          tool: tools[index],
          vnl: vnls[index],
          number: index + 1,
        };
        nodes.push(await address(host, cables[index], settings));
      }
      const [one, other] = nodes;
      await assertPings(one, other);
      await assertTransfer(one, other, { bytes: BYTES });
    },
  );
}

for (const tools of [["C", "ours"], ["ours", "C"], OURS] as const) {
  for (const each of TUNNELS) testTunnel(tools, each);
}
testTunnel(OURS, BRACKETED);

labTest(
  "udp:// waits for its peer, and takes frames from nobody else",
  noOurs,
  async (lab) => {
    const names = ["near", "far", "stranger"];
    const hosts: LabHost[] = [];
    for (const name of names) hosts.push(await lab.host(name));
    await lab.bridge(hosts);
    const join = async (index: number, vnl: string) => {
      const cable = await tunnel(hosts[index], "ours", vnl);
      const settings = { tool: "ours", vnl, number: index + 1 } as const;
      return await address(hosts[index], cable, settings);
    };
    // Both send to near, who talks to far.
    const stranger = await join(2, "udp://5000->near.test:5000");
    const near = await join(0, "udp://5000->far.test:5000");
    await using seen = await capture(near.host, {
      interfaceName: "t0",
      args: ["-e", "-t"],
    });
    const unanswered = { count: 2, args: ["-w", "1"] };
    for (const { host } of [near, stranger]) {
      // Nobody listens, and the network says so: neither cable minds.
      const { received } = await host.ping("192.0.2.9", unanswered);
      assertEquals(received, 0);
    }
    const far = await join(1, "udp://5000->near.test:5000");
    await assertPings(near, far);
    await seen.waitFor(new RegExp(`^${far.mac}.* echo reply`, "m"));
    const strange = seen.lines.filter((line) => line.startsWith(stranger.mac));
    assertEquals(strange, []);
    for (const { cable } of [near, far, stranger]) {
      assertEquals((await cable.terminate()).code, 0, cable.report());
    }
  },
);
