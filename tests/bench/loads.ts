/**
 * The loads: what runs over a tunnel while it is measured.
 *
 * @module
 */

import { type LabHost, median, peerAvailable, throughput } from "../lab/mod.ts";
import type { Load } from "./row.ts";

const UDP_PAYLOAD_BYTES = 64;
/** More than are sent in any time that is asked for. */
const ENDLESS = 100_000_000;

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

/** Streams of TCP from each end to the other at a time; the sum of both ways. */
export function tcpBothWays(streamsEachWay: number): Load {
  return {
    unit: "Mbit/s",
    amountUnit: "GB",
    moreIsBetter: true,
    available: () => peerAvailable("iperf3"),
    async run(from, to, seconds) {
      const count = ["-P", String(streamsEachWay)];
      const args = ["--bidir", ...count, "-t", String(seconds)];
      const end = await iperf(from, to, args);
      const ways = [end.sum_received, end.sum_received_bidir_reverse];
      const bytes = ways.reduce((sum, way) => sum + way.bytes, 0);
      const bits = ways.reduce((sum, way) => sum + way.bits_per_second, 0);
      return { value: bits / 1e6, amount: bytes / 1e9 };
    },
  };
}

/** Small datagrams as fast as they go; counts those that arrive, and those that do not. */
export const smallUdp: Load = {
  unit: "packets/s",
  amountUnit: "million packets",
  moreIsBetter: true,
  available: () => peerAvailable("iperf3"),
  async run(from, to, seconds) {
    const flood = ["-u", "-b", "0", "-l", String(UDP_PAYLOAD_BYTES)];
    const { sum } = await iperf(from, to, [...flood, "-t", String(seconds)]);
    const arrived = sum.packets - sum.lost_packets;
    return {
      value: arrived / sum.seconds,
      amount: arrived / 1e6,
      loss: sum.lost_packets / sum.packets,
    };
  },
};

/**
 * Each ping when the one before is answered, as `ping -f` does it, which does
 * not print the round trips; their median.
 */
export const roundTrip: Load = {
  unit: "us",
  moreIsBetter: false,
  available: () => peerAvailable("ping"),
  async run(from, to, seconds) {
    const { timesMs } = await from.ping(to.address, {
      count: ENDLESS,
      intervalSeconds: 0,
      args: ["-w", String(Math.ceil(seconds))],
    });
    return { value: median(timesMs) * 1000, amount: timesMs.length };
  },
};

/** The part of iperf3's report that is read. */
interface IperfEnd {
  readonly sum_received: IperfWay;
  /** With `--bidir`: from the other end to this one. */
  readonly sum_received_bidir_reverse: IperfWay;
  readonly sum: {
    readonly packets: number;
    readonly lost_packets: number;
    readonly seconds: number;
  };
}

interface IperfWay {
  readonly bytes: number;
  readonly bits_per_second: number;
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
