/**
 * The loads: what runs over a tunnel while it is measured.
 *
 * @module
 */

import { type LabHost, median, peerAvailable, throughput } from "../lab/mod.ts";
import type { Load } from "./row.ts";

const UDP_PAYLOAD_BYTES = 64;
const PINGS_PER_SECOND = 250;

interface Target {
  readonly host: LabHost;
  readonly address: string;
}

/** Streams of TCP at a time: by iperf3 where it is installed, otherwise by the lab's own, one only. */
export function tcp(streams: number): Load {
  return {
    unit: "Mbit/s",
    amountUnit: "GB",
    moreIsBetter: true,
    available: () =>
      streams === 1 ? Promise.resolve({ ok: true }) : peerAvailable("iperf3"),
    async run(from, to, seconds) {
      const { bytes, bitsPerSecond } = (await peerAvailable("iperf3")).ok
        ? await iperfTcp(from, to, [
          "-t",
          String(seconds),
          "-P",
          String(streams),
        ])
        : await throughput(from, to.host, { address: to.address, seconds });
      return { value: bitsPerSecond / 1e6, amount: bytes / 1e9 };
    },
  };
}

async function iperfTcp(
  from: LabHost,
  to: Target,
  args: readonly string[],
): Promise<{ bytes: number; bitsPerSecond: number }> {
  const { sum_received } = await iperf(from, to, args);
  return {
    bytes: sum_received.bytes,
    bitsPerSecond: sum_received.bits_per_second,
  };
}

/** Small datagrams as fast as they go; counts those that arrive. */
export const smallUdp: Load = {
  unit: "packets/s",
  amountUnit: "million packets",
  moreIsBetter: true,
  available: () => peerAvailable("iperf3"),
  async run(from, to, seconds) {
    const flood = ["-u", "-b", "0", "-l", String(UDP_PAYLOAD_BYTES)];
    const { sum } = await iperf(from, to, [...flood, "-t", String(seconds)]);
    const arrived = sum.packets - sum.lost_packets;
    return { value: arrived / sum.seconds, amount: arrived / 1e6 };
  },
};

/** One ping after the other on an idle network; the median of the round trips. */
export const roundTrip: Load = {
  unit: "us",
  moreIsBetter: false,
  available: () => peerAvailable("ping"),
  async run(from, to, seconds) {
    const count = Math.ceil(seconds * PINGS_PER_SECOND);
    const intervalSeconds = 1 / PINGS_PER_SECOND;
    const { timesMs } = await from.ping(to.address, { count, intervalSeconds });
    return { value: median(timesMs) * 1000, amount: timesMs.length };
  },
};

/** The part of iperf3's report that is read. */
interface IperfEnd {
  readonly sum_received: {
    readonly bytes: number;
    readonly bits_per_second: number;
  };
  readonly sum: {
    readonly packets: number;
    readonly lost_packets: number;
    readonly seconds: number;
  };
}

async function iperf(
  from: LabHost,
  to: Target,
  args: readonly string[],
): Promise<IperfEnd> {
  const serverArgs = ["-s", "-1", "-B", to.address, "--forceflush"];
  await using server = to.host.spawn("iperf3", serverArgs);
  await server.waitFor(/Server listening/);
  const report = await from.run("iperf3", ["-c", to.address, "-J", ...args], {
    timeoutMs: 120_000,
  });
  return JSON.parse(report).end;
}
