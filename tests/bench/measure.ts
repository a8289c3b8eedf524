/**
 * Measures rows: every measurement in a lab of its own, the systems in turn.
 *
 * @module
 */

import {
  type Availability,
  canMakeNamespaces,
  canMakeTaps,
  cpuSeconds,
  Lab,
  type LabProcess,
  machineCpuSeconds,
  median,
  peerAvailable,
  type Port,
} from "../lab/mod.ts";
import type { Row, Side, SystemName } from "./row.ts";
import { BASELINE, SYSTEMS } from "./systems.ts";

const ADDRESSES = {
  4: ["192.0.2.1", "192.0.2.2"],
  6: ["2001:db8:1::1", "2001:db8:1::2"],
} as const;
const PREFIX = { 4: 25, 6: 64 } as const;

/** Offloads of a wire that let superframes through it, for ethtool(8). */
const SUPERFRAME_FEATURES = [
  "tx-udp-segmentation",
  "tx-udp_tnl-segmentation",
  "tx-udp_tnl-csum-segmentation",
];

/** One system, once. */
export interface Sample {
  /** In the load's unit. */
  readonly value: number;
  /** Processor seconds of both plug processes for each `amountUnit`; undefined for the kernel. */
  readonly plugCpu: number | undefined;
  /** Processor seconds of the whole machine for each `amountUnit`, load included. */
  readonly machineCpu: number;
}

/** One system in a row, all rounds. */
export interface SystemResult {
  readonly system: SystemName;
  readonly samples: readonly Sample[];
  /** Medians of the samples. */
  readonly median: Sample;
  /** Its median over that of the C tool; undefined if that was not measured. */
  readonly ratio: number | undefined;
}

/** How to measure. */
export interface MeasureOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Those of the row's systems that are wanted. */
  readonly systems: readonly SystemName[];
  /** Called after each sample. */
  progress(system: SystemName, round: number, sample: Sample): void;
}

/** Measures one row: all systems in the first round, then all in the second, and so on. */
export async function measureRow(
  row: Row,
  options: MeasureOptions,
): Promise<SystemResult[]> {
  const samples = new Map<SystemName, Sample[]>(
    options.systems.map((system) => [system, []]),
  );
  for (let round = 1; round <= options.rounds; round++) {
    for (const [system, list] of samples) {
      const sample = await measureOnce(row, system, options.seconds);
      list.push(sample);
      options.progress(system, round, sample);
    }
  }
  const baseline = samples.get(BASELINE);
  return [...samples].map(([system, list]) => ({
    system,
    samples: list,
    median: medianSample(list),
    ratio: baseline && medianSample(list).value / medianSample(baseline).value,
  }));
}

/** Whether a system can be measured in a row here. */
export async function canMeasure(
  row: Row,
  system: SystemName,
): Promise<Availability> {
  const needs = [canMakeNamespaces(), row.load.available()];
  if (row.cutsOnWire) needs.push(peerAvailable("ethtool"));
  if (system !== "kernel") needs.push(canMakeTaps());
  needs.push(...SYSTEMS[system].map((program) => program.available()));
  const results = await Promise.all(needs);
  return results.find((result) => !result.ok) ?? { ok: true };
}

async function measureOnce(
  row: Row,
  system: SystemName,
  seconds: number,
): Promise<Sample> {
  await using lab = await Lab.create();
  const [a, b] = [await lab.host("a"), await lab.host("b")];
  const [near, far] = await lab.link(a, b, { mtu: row.wireMtu });
  if (row.cutsOnWire) await Promise.all([near, far].map(cutSuperframes));
  const sides: readonly Side[] = [
    { host: a, port: near, peer: far },
    { host: b, port: far, peer: near },
  ];
  const plugs = await joinAll(row, system, sides);
  const address = ADDRESSES[row.family][1];
  await a.waitForAnswer(address);

  const before = await costs(plugs);
  const { value, amount } = await row.load.run(
    a,
    { host: b, address },
    seconds,
  );
  const after = await costs(plugs);
  return {
    value,
    plugCpu: plugs.length > 0
      ? (after.plugs - before.plugs) / amount
      : undefined,
    machineCpu: (after.machine - before.machine) / amount,
  };
}

async function cutSuperframes({ host, interfaceName }: Port): Promise<void> {
  const settings = SUPERFRAME_FEATURES.flatMap((feature) => [feature, "off"]);
  await host.run("ethtool", ["-K", interfaceName, ...settings]);
}

async function joinAll(
  row: Row,
  system: SystemName,
  sides: readonly Side[],
): Promise<LabProcess[]> {
  const plugs: LabProcess[] = [];
  for (const [index, side] of sides.entries()) {
    const madeBy = await SYSTEMS[system][index].join(side, row);
    if (madeBy) plugs.push(madeBy);
    const addresses = [`${ADDRESSES[row.family][index]}/${PREFIX[row.family]}`];
    await side.host.configure("t0", { addresses, mtu: row.innerMtu, madeBy });
  }
  return plugs;
}

async function costs(
  plugs: readonly LabProcess[],
): Promise<{ plugs: number; machine: number }> {
  const each = await Promise.all(plugs.map((plug) => cpuSeconds(plug.pid)));
  return {
    plugs: each.reduce((sum, seconds) => sum + seconds, 0),
    machine: await machineCpuSeconds(),
  };
}

function medianSample(samples: readonly Sample[]): Sample {
  const plugCpu = samples.map((sample) => sample.plugCpu).filter((cpu) =>
    cpu !== undefined
  );
  return {
    value: median(samples.map((sample) => sample.value)),
    plugCpu: plugCpu.length > 0 ? median(plugCpu) : undefined,
    machineCpu: median(samples.map((sample) => sample.machineCpu)),
  };
}
