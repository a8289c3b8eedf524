/**
 * What a measurement costs: processor time, memory, IP fragments.
 *
 * @module
 */

import {
  cpuSeconds,
  type LabHost,
  type LabProcess,
  machineCpuSeconds,
  rssBytes,
} from "../lab/mod.ts";

const MEMORY_POLL_MS = 200;

/** Counters that only grow. */
export interface Costs {
  /** Processor seconds of each process; 0 where there is none. */
  readonly plugCpu: readonly number[];
  /** Processor seconds of the whole machine. */
  readonly machineCpu: number;
  /** IP fragments that the hosts have made. */
  readonly fragments: number;
}

/** The counters now. */
export async function readCosts(
  hosts: readonly LabHost[],
  plugs: readonly (LabProcess | undefined)[],
): Promise<Costs> {
  const plugCpu = await Promise.all(
    plugs.map((plug) => plug ? cpuSeconds(plug.pid) : 0),
  );
  const machineCpu = await machineCpuSeconds();
  const fragments = await Promise.all(hosts.map(fragmentsMade));
  return {
    plugCpu,
    machineCpu,
    fragments: fragments.reduce((sum, count) => sum + count, 0),
  };
}

/** `FragCreates` of both IP versions (SNMP counters of the kernel). */
async function fragmentsMade(host: LabHost): Promise<number> {
  const snmp = await host.run("cat", ["/proc/net/snmp"]);
  const [names, values] = snmp.split("\n")
    .filter((line) => line.startsWith("Ip:"))
    .map((line) => line.split(" "));
  const snmp6 = await host.run("cat", ["/proc/net/snmp6"]);
  const created6 = snmp6.match(/^Ip6FragCreates\s+(\d+)$/m)?.[1] ?? 0;
  return Number(values[names.indexOf("FragCreates")]) + Number(created6);
}

/** Watches the resident memory of processes while something runs. */
export class MemoryWatch implements AsyncDisposable {
  #peakBytes = 0;
  #done = Promise.withResolvers<void>();
  readonly #watching: Promise<void>;

  constructor(processes: readonly LabProcess[]) {
    this.#watching = this.#watch(processes);
  }

  /** Most that one of them had so far, in bytes. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  async #watch(processes: readonly LabProcess[]): Promise<void> {
    let isOver = false;
    this.#done.promise.then(() => isOver = true);
    while (!isOver) {
      for (const { pid } of processes) {
        this.#peakBytes = Math.max(this.#peakBytes, await rssBytes(pid));
      }
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const id = setTimeout(timer.resolve, MEMORY_POLL_MS);
    await Promise.race([timer.promise, this.#done.promise]);
    clearTimeout(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#done.resolve();
    await this.#watching;
  }
}
