/**
 * What the tests of the MAC table ask it with.
 *
 * @module
 */

import { MacTable, type MacTableOptions } from "../../../lib/net/mac_table.ts";

/** Of a frame, in bytes. */
export const LENGTH = 64;
/** Frames begin here in the arrays of these tests. */
export const OFFSET = 5;

/** A frame between two stations; the number is the last four bytes of 02:00:… */
export function frameOf(
  destination: number,
  source: number,
  vlan = 0,
): Uint8Array {
  const bytes = new Uint8Array(OFFSET + LENGTH).fill(0xa5);
  const view = new DataView(bytes.buffer, OFFSET);
  view.setUint16(0, 0x0200);
  view.setUint32(2, destination);
  view.setUint16(6, 0x0200);
  view.setUint32(8, source);
  view.setUint32(12, vlan === 0 ? 0x0800_4500 : 0x8100_0000 | vlan);
  return bytes;
}

/** A table that is asked by station number. */
export class Subject {
  readonly table: MacTable;
  now = 1000;

  constructor(options: Partial<MacTableOptions> = {}) {
    this.table = new MacTable({
      capacity: 8,
      owners: 4,
      maxAge: 100,
      seed: 1,
      ...options,
    });
  }

  learn(station: number, owner: number, vlan = 0): void {
    this.table.learn(
      frameOf(0, station, vlan),
      OFFSET,
      LENGTH,
      owner,
      this.now,
    );
  }

  find(station: number, vlan = 0): number {
    return this.table.find(frameOf(station, 0, vlan), OFFSET, LENGTH, this.now);
  }

  /** Which of the stations are found. */
  found(stations: readonly number[]): number[] {
    return stations.filter((station) => this.find(station) >= 0);
  }
}

/** Numbers that follow one another. */
export function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
