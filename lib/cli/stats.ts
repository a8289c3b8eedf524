/**
 * A cable's counters as lines for people and for machines.
 *
 * @module
 */

import type { PlugStatus } from "../plug/status.ts";
import { Counter, type Counters, DROP_REASONS } from "../plug/counters.ts";

/** The two directions of a cable: from the first plug to the second, and back. */
export type Directions = readonly [Counters, Counters];

const ARROWS = ["→", "←"] as const;
const THOUSAND = 1000;
const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;
const RATE_UNITS = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"] as const;

/** Makes a line for each period, with the rate since the line before. */
export class StatsReporter {
  readonly #directions: Directions;
  readonly #startMs: number;
  #lastMs: number;
  #lastBytes: number[];

  /**
   * @param directions Read at each line.
   * @param nowMs On a clock that never goes back.
   */
  constructor(directions: Directions, nowMs: number) {
    this.#directions = directions;
    this.#startMs = nowMs;
    this.#lastMs = nowMs;
    this.#lastBytes = directions.map(bytesOf);
  }

  /** One line for people: frames, bytes and the rate in each direction, and what was dropped. */
  line(nowMs: number): string {
    const seconds = (nowMs - this.#lastMs) / THOUSAND;
    const parts = this.#directions.map((counters, index) => {
      const bytes = bytesOf(counters);
      const rate = seconds > 0
        ? (bytes - this.#lastBytes[index]) * 8 / seconds
        : 0;
      this.#lastBytes[index] = bytes;
      return `${ARROWS[index]} ${
        formatCount(counters.cells[Counter.frames])
      } frames ` +
        `${formatBytes(bytes)} ${formatRate(rate)}`;
    });
    this.#lastMs = nowMs;
    const dropped = this.#directions.reduce(
      (sum, each) => sum + each.dropped(),
      0,
    );
    return `${formatElapsed(nowMs - this.#startMs)}  ${parts.join("  ")}  ` +
      `dropped ${formatCount(dropped)}`;
  }

  /** The lines at the end: one for each direction, with the reason of each drop. */
  summary(nowMs: number): string[] {
    const seconds = (nowMs - this.#startMs) / THOUSAND;
    return this.#directions.map((counters, index) => {
      const bytes = bytesOf(counters);
      const rate = formatRate(seconds > 0 ? bytes * 8 / seconds : 0);
      return `${ARROWS[index]} ${
        formatCount(counters.cells[Counter.frames])
      } frames, ` +
        `${formatBytes(bytes)}, ${rate} on average, ${describeDrops(counters)}`;
    });
  }

  /**
   * All counters and the time since the start, as one line of JSON.
   *
   * @param plugs What plugs tell beside them; in it only if there is something.
   */
  json(nowMs: number, plugs: readonly PlugStatus[] = []): string {
    const [forward, backward] = this.#directions.map((counters) =>
      counters.snapshot()
    );
    return JSON.stringify({
      seconds: (nowMs - this.#startMs) / THOUSAND,
      forward,
      backward,
      ...(plugs.length > 0 && { plugs }),
    });
  }
}

function bytesOf(counters: Counters): number {
  return counters.cells[Counter.bytes];
}

function describeDrops(counters: Counters): string {
  const reasons = DROP_REASONS
    .filter((reason) => counters.cells[Counter[reason]] > 0)
    .map((reason) =>
      `${formatCount(counters.cells[Counter[reason]])} ${reason}`
    );
  return reasons.length === 0
    ? "none dropped"
    : `dropped: ${reasons.join(", ")}`;
}

/** A whole number, with a comma every three digits. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** Bytes in powers of 1000, three digits: "1.23 MB". */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, BYTE_UNITS);
}

/** Bits a second, three digits: "1.23 Mbit/s". */
export function formatRate(bitsPerSecond: number): string {
  return withUnit(bitsPerSecond, RATE_UNITS);
}

function withUnit(amount: number, units: readonly string[]): string {
  let unit = 0;
  let value = amount;
  // What three digits would round up to 1000 is 1.00 of the next unit.
  while (value >= THOUSAND - 0.5 && unit < units.length - 1) {
    value /= THOUSAND;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toPrecision(3)} ${
    units[unit]
  }`;
}

/** Hours, minutes and seconds: "1:02:03", "0:07". */
export function formatElapsed(elapsedMs: number): string {
  const total = Math.floor(elapsedMs / THOUSAND);
  const [hours, minutes, seconds] = [
    Math.floor(total / 3600),
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  const tail = `${seconds}`.padStart(2, "0");
  return hours > 0
    ? `${hours}:${`${minutes}`.padStart(2, "0")}:${tail}`
    : `${minutes}:${tail}`;
}
