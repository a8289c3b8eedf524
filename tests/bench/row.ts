/**
 * What the benchmark's tables are made of: a **row** is a network and a load
 * on it, a **system** is what joins the two hosts. Each new row or system is
 * one entry in rows.ts or systems.ts.
 *
 * @module
 */

import type { Availability, LabHost, LabProcess, Port } from "../lab/mod.ts";

/** What can be compared: see systems.ts. */
export type SystemName =
  | "c"
  | "ours"
  | "tree"
  | "kernel"
  | "c-ours"
  | "ours-c";

/** What is measured each time: see figures.ts for the units. */
export type Figure =
  | "value"
  | "loss"
  | "plugCpu"
  | "nearCpu"
  | "farCpu"
  | "machineCpu"
  | "rss"
  | "fragments";

/** One figure of one system. */
export interface Quantity {
  readonly system: SystemName;
  readonly figure: Figure;
}

/** What a row must reach. */
export interface Goal {
  /** In words, with the bound. */
  readonly text: string;
  /** What is judged. */
  readonly of: Quantity;
  /** What it is divided by, round by round; absent where the figure itself counts. */
  readonly to?: Quantity;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One host, its end of the wire, and the other end. */
export interface Side {
  readonly host: LabHost;
  readonly port: Port;
  readonly peer: Port;
  /** Path of the switch between the hosts; "" where there is none. */
  readonly switchPath: string;
}

/** What one measurement found. */
export interface Reading {
  /** In the load's unit. */
  readonly value: number;
  /** How much was moved, in the load's `amountUnit`: what processor time is divided by. */
  readonly amount: number;
  /** The part that was lost, 0 to 1, where that is counted. */
  readonly loss?: number;
}

/** What is done over the tunnel, and measured. */
export interface Load {
  /** Of `value`, for people. */
  readonly unit: string;
  /** Of `amount`, for people; absent where processor time says nothing. */
  readonly amountUnit?: string;
  /** Whether more is better. */
  readonly moreIsBetter: boolean;
  /** Whether it can run here. */
  available(): Promise<Availability>;
  /**
   * Runs once.
   *
   * @param from Host that begins.
   * @param to The other, and its address in the tunnel.
   */
  run(
    from: LabHost,
    to: { readonly host: LabHost; readonly address: string },
    seconds: number,
  ): Promise<Reading>;
}

/** One line of the benchmark. */
export interface Row {
  /** As `--row` names it. */
  readonly name: string;
  readonly summary: string;
  /** MTU of the wire between the hosts. */
  readonly wireMtu: number;
  /**
   * Whether the wire takes no packet over its MTU. Without this a superframe
   * crosses it whole, which is the case of a card that cuts tunnels itself.
   */
  readonly cutsOnWire: boolean;
  /** MTU of the interfaces that are joined. */
  readonly innerMtu: number;
  /** Family of the addresses in the tunnel. */
  readonly family: 4 | 6;
  readonly load: Load;
  /** What is shown beside the load's value. */
  readonly figures: readonly Figure[];
  readonly goals: readonly Goal[];
  /** In the order in which they take turns. */
  readonly systems: readonly SystemName[];
  /** VNL of the network, beside `tap://t0`. */
  vnl(side: Side): string;
  /**
   * What both hosts join, on this machine: the system's own switch, or C's
   * for all of them. Absent: they reach each other over the wire.
   */
  readonly between?: "own switch" | "vde_switch";
  /** Type and options of the kernel device that does the same, for `ip link add t0 type …`. */
  kernelDevice?(side: Side): readonly string[];
}

/** Something that makes the interface `t0` of one host and joins it to a network. */
export interface Program {
  readonly title: string;
  available(): Promise<Availability>;
  /**
   * Makes `t0`, which need not be there yet when this returns.
   *
   * @returns The process that does it; undefined for the kernel.
   */
  join(side: Side, row: Row): Promise<LabProcess | undefined>;
  /** Command of its own switch at a path; absent: it has none. */
  switchCommand?(path: string): readonly string[];
}
