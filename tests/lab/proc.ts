/**
 * What a process costs, from proc(5).
 *
 * @module
 */

/** `sysconf(_SC_CLK_TCK)`: 100 on every architecture of Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** Fields after the command's name, counted from 0, that are utime and stime. */
const UTIME_FIELD = 11;
const STIME_FIELD = 12;

/** Processor time that a process has used so far, user and system, in seconds. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name may hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[UTIME_FIELD]) + Number(fields[STIME_FIELD])) /
    TICKS_PER_SECOND;
}

/** Resident memory of a process, in bytes. */
export async function rssBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)?.[1] ?? 0) * 1024;
}

/** Processor time that the whole machine has used so far, not counting idleness, in seconds. */
export async function machineCpuSeconds(): Promise<number> {
  const line = (await Deno.readTextFile("/proc/stat")).split("\n", 1)[0];
  const [user, nice, system, , , irq, softirq] = line.split(/\s+/).slice(1).map(
    Number,
  );
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}
