/**
 * What a plug tells of itself beside its counters: a switch, its ports and the
 * stations behind them. Plain data, which crosses threads and becomes JSON.
 *
 * @module
 */

import type { Plug } from "./plugin.ts";

/** One port of a switch. */
export interface PortStatus {
  /** Its number; 0 is the host's own. */
  readonly port: number;
  /** What the peer said of itself. */
  readonly description: string;
  /** Process at the other end; 0 where it is not known. */
  readonly pid: number;
  /** Its user; -1 where it is not known. */
  readonly uid: number;
  /** Since it joined. */
  readonly ageSeconds: number;
  /** Frames that came in by the port. */
  readonly framesIn: number;
  /** Bytes of the frames that came in. */
  readonly bytesIn: number;
  /** Frames that went out by it. */
  readonly framesOut: number;
  /** Bytes of the frames that went out. */
  readonly bytesOut: number;
  /** Frames that were to go out by it and were lost. */
  readonly dropped: number;
}

/** One station that a switch has learned. */
export interface StationStatus {
  /** Its address, as `02:00:00:00:00:01`. */
  readonly mac: string;
  /** VLAN that it was seen on; 0: untagged. */
  readonly vlan: number;
  /** Port behind which it is. */
  readonly port: number;
  /** Since it was last heard. */
  readonly ageSeconds: number;
}

/** What a plug tells of itself. */
export interface PlugStatus {
  /** Its VNL. */
  readonly vnl: string;
  /** In the order of their numbers. */
  readonly ports: readonly PortStatus[];
  /** Those that are not too old, in no order. */
  readonly stations: readonly StationStatus[];
}

/** A plug that has a status. Asked for by name, once somebody wants to see it. */
export interface Describable {
  /** Its status now. Allocates; never throws. */
  describe(): PlugStatus;
}

/** Plugs that others stand before, by those. */
const inner = new WeakMap<Plug, readonly Plug[]>();

/** Remembers what a plug stands before: their status shows through it. */
export function standsBefore(plug: Plug, others: readonly Plug[]): void {
  inner.set(plug, others);
}

/** The status of a plug, or of the first behind it that has one; undefined for one that has none. */
export function statusOf(plug: Plug): PlugStatus | undefined {
  const { describe } = plug as Plug & Partial<Describable>;
  if (typeof describe === "function") return describe.call(plug);
  for (const other of inner.get(plug) ?? []) {
    const status = statusOf(other);
    if (status !== undefined) return status;
  }
  return undefined;
}
