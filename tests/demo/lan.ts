/**
 * The demo where namespaces can be made: two hosts, a wire, a TAP on each.
 *
 * @module
 */

import {
  type Lab,
  type LabHost,
  type LabProcess,
  median,
  peerAvailable,
  throughput,
  transfer,
  vdeplug,
} from "../lab/mod.ts";
import { DemoError, rate, step, tell } from "./show.ts";

const WAIT_MS = 30_000;
const MEASURE_SECONDS = 3;
const COMPARED_BYTES = 10_000_000;
const PINGS = 10;

/** Its last lines are one summary each way, and why it ended. */
const SUMMARY_LINES = 3;

/** A wire of 1500 bytes less VXLAN's 50. */
const TAP_MTU = 1450;
const TAP_ADDRESSES = ["192.0.2.1", "192.0.2.2"] as const;

const PICTURE = `
host a                                              host b
t0 ${TAP_ADDRESSES[0]} -- vdeplug ==== LAN wire ==== vdeplug -- t0 ${
  TAP_ADDRESSES[1]
}
               192.0.2.129        192.0.2.130
`;

interface Node {
  readonly host: LabHost;
  readonly plug: LabProcess;
}

/**
 * Shows it.
 *
 * @param lab Where to build it; stays the caller's.
 * @throws {DemoError} If something does not work.
 */
export async function demonstrateLan(lab: Lab): Promise<void> {
  step("Two hosts on a LAN of their own, inside this machine");
  const [a, b] = [await lab.host("a"), await lab.host("b")];
  await lab.link(a, b);
  tell(PICTURE.trim());

  step("On each host, as the only command:  vdeplug --stats vxvde:// tap://t0");
  const nodes = [
    await plugIn(a, TAP_ADDRESSES[0]),
    await plugIn(b, TAP_ADDRESSES[1]),
  ] as const;
  tell(
    "Each has its TAP. No switch runs anywhere; the two find each other by multicast.",
  );

  await ping(nodes);
  await compare(nodes);
  await measure(nodes);
  await count(nodes);
}

async function plugIn(host: LabHost, address: string): Promise<Node> {
  const [program, ...args] = vdeplug("--stats", "vxvde://", "tap://t0");
  const plug = host.spawn(program, args);
  await host.configure("t0", {
    addresses: [`${address}/25`],
    mtu: TAP_MTU,
    madeBy: plug,
  });
  return { host, plug };
}

async function ping([a]: readonly [Node, Node]): Promise<void> {
  const target = TAP_ADDRESSES[1];
  if (!(await peerAvailable("ping")).ok) {
    step(
      `Host a pings ${target}:  vdeplug ping vxvde:// ${target} -c ${PINGS}`,
    );
    const [program, ...args] = vdeplug(
      "ping",
      "vxvde://",
      target,
      "-c",
      String(PINGS),
    );
    tell(await a.host.run(program, args, { timeoutMs: WAIT_MS }));
    return;
  }
  step(`Host a pings host b through the TAPs:  ping ${target}`);
  await a.host.waitForAnswer(target, { timeoutMs: WAIT_MS, madeBy: a.plug });
  // One by one: ping(8) waits for the last of many no longer than for the others.
  const timesMs: number[] = [];
  for (let ping = 0; ping < PINGS; ping++) {
    timesMs.push(...(await a.host.ping(target, { count: 1 })).timesMs);
  }
  const answered = timesMs.length;
  if (answered < PINGS) {
    throw new DemoError(`Only ${answered} of ${PINGS} pings were answered.`);
  }
  tell(
    `${PINGS} sent, ${answered} answered, in ${
      median(timesMs).toFixed(2)
    } ms (median).`,
  );
}

async function compare([a, b]: readonly [Node, Node]): Promise<void> {
  const megabytes = COMPARED_BYTES / 1e6;
  step(
    `Host a sends ${megabytes} MB to host b over TCP; both add up what they have (SHA-256)`,
  );
  const { bytes, sha256Equal } = await transfer(a.host, b.host, {
    address: TAP_ADDRESSES[1],
    bytes: COMPARED_BYTES,
    timeoutMs: WAIT_MS,
  });
  if (!sha256Equal) {
    throw new DemoError(
      `Of ${COMPARED_BYTES} bytes, ${bytes} arrived, and the sums differ.`,
    );
  }
  tell(`${bytes / 1e6} MB arrived, and the sums are equal.`);
}

async function measure([a, b]: readonly [Node, Node]): Promise<void> {
  step(`As fast as it goes, one TCP stream, for ${MEASURE_SECONDS} seconds`);
  const { bytes, bitsPerSecond } = await throughput(a.host, b.host, {
    address: TAP_ADDRESSES[1],
    seconds: MEASURE_SECONDS,
  });
  tell(`${rate(bitsPerSecond)}: ${Math.round(bytes / 1e6)} MB in all.`);
}

async function count(nodes: readonly [Node, Node]): Promise<void> {
  step(
    "The cables are pulled (SIGTERM); each vdeplug says what it has carried",
  );
  for (const { host, plug } of nodes) {
    const { code } = await plug.terminate("SIGTERM");
    if (code !== 0) {
      throw new DemoError(
        `vdeplug on host ${host.name} ended badly: ${plug.report()}`,
      );
    }
    const summary = plug.stderr.trimEnd().split("\n").slice(-SUMMARY_LINES);
    tell(`host ${host.name}:\n  ${summary.join("\n  ")}`);
  }
  tell(
    "(→ is from vxvde:// to tap://, ← the way back; an echo is its own multicast, heard again.)",
  );
}
