/**
 * Measures rows: every measurement in a lab of its own, the systems in turn.
 *
 * @module
 */

import {
  type Availability,
  canMakeNamespaces,
  canMakeTaps,
  Lab,
  type LabProcess,
  median,
  peerAvailable,
  type Port,
} from "../lab/mod.ts";
import { type Costs, MemoryWatch, readCosts } from "./costs.ts";
import { ratios } from "./goals.ts";
import type { Figure, Reading, Row, Side, SystemName } from "./row.ts";
import { Middle } from "./middle.ts";
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

/**
 * One system, once. `value` is in the load's unit, `loss` in percent, `rss` in
 * MB, `fragments` a number, processor time in seconds for each `amountUnit`.
 * Absent is what does not apply: the kernel's device has no process.
 */
export type Sample =
  & { readonly value: number }
  & { readonly [figure in Figure]?: number };

/** One system in a row, all rounds. */
export interface SystemResult {
  readonly system: SystemName;
  readonly samples: readonly Sample[];
  /** Medians of the samples. */
  readonly median: Sample;
  /** Median of its value over that of the C tool in the same round; undefined without that. */
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
    ratio: baseline && median(ratios(values(list), values(baseline))),
  }));
}

/** Whether a system can be measured in a row here. */
export async function canMeasure(
  row: Row,
  system: SystemName,
): Promise<Availability> {
  const needs = [canMakeNamespaces(), row.load.available()];
  if (row.cutsOnWire) needs.push(peerAvailable("ethtool"));
  if (row.between === "vde_switch") needs.push(peerAvailable("vde_switch"));
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
  await using middle = await Middle.start(row, system, a);
  const switchPath = middle?.switchPath ?? "";
  const sides: readonly Side[] = [
    { host: a, port: near, peer: far, switchPath },
    { host: b, port: far, peer: near, switchPath },
  ];
  const plugs = await joinAll(row, system, sides);
  const address = ADDRESSES[row.family][1];
  await a.waitForAnswer(address);

  const processes = plugs.filter((plug) => plug !== undefined);
  const all = [...plugs, middle?.process];
  const before = await readCosts([a, b], all);
  await using memory = new MemoryWatch(processes);
  const reading = await row.load.run(a, { host: b, address }, seconds);
  const after = await readCosts([a, b], all);
  const isProcess = processes.length > 0;
  return {
    ...sampleOf(reading, before, after, isProcess),
    rss: isProcess ? memory.peakBytes / 1e6 : undefined,
  };
}

function sampleOf(
  { value, amount, loss }: Reading,
  before: Costs,
  after: Costs,
  isProcess: boolean,
): Sample {
  const [near, far, between] = after.plugCpu.map((seconds, side) =>
    (seconds - before.plugCpu[side]) / amount
  );
  return {
    value,
    loss: loss === undefined ? undefined : loss * 100,
    ...(isProcess &&
      { plugCpu: near + far + between, nearCpu: near, farCpu: far }),
    machineCpu: (after.machineCpu - before.machineCpu) / amount,
    fragments: after.fragments - before.fragments,
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
): Promise<(LabProcess | undefined)[]> {
  const plugs: (LabProcess | undefined)[] = [];
  for (const [index, side] of sides.entries()) {
    plugs.push(await SYSTEMS[system][index].join(side, row));
  }
  // C's udp:// ends for good when a frame finds nobody at the other end: none
  // goes before both are there.
  for (const [index, { host }] of sides.entries()) {
    await host.waitForInterface("t0", { madeBy: plugs[index] });
  }
  for (const [index, { host }] of sides.entries()) {
    const addresses = [`${ADDRESSES[row.family][index]}/${PREFIX[row.family]}`];
    const madeBy = plugs[index];
    await host.configure("t0", { addresses, mtu: row.innerMtu, madeBy });
  }
  return plugs;
}

function values(samples: readonly Sample[]): number[] {
  return samples.map(({ value }) => value);
}

/** The median of each figure that every sample has. */
export function medianSample(samples: readonly Sample[]): Sample {
  const figures = Object.keys(samples[0]) as Figure[];
  const medians = figures.map((figure) => {
    const each = samples.map((sample) => sample[figure]);
    const known = each.filter((value) => value !== undefined);
    return [figure, known.length === each.length ? median(known) : undefined];
  });
  return Object.fromEntries(medians);
}
