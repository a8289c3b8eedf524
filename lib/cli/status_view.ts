/**
 * What plugs tell of themselves, as lines for people: the ports of a switch,
 * and the stations behind them.
 *
 * @module
 */

import type { PlugStatus, PortStatus, StationStatus } from "../plug/status.ts";
import { formatBytes, formatCount, formatElapsed } from "./stats.ts";

const THOUSAND = 1000;

const PORT_TITLES = [
  "port",
  "frames in",
  "bytes in",
  "frames out",
  "bytes out",
  "dropped",
  "age",
  "pid",
  "description",
];
const STATION_TITLES = ["station", "vlan", "port", "age"];

/** How much is shown. */
export interface ViewOptions {
  /** Whether each station has a line; otherwise they are only counted. */
  readonly stations: boolean;
}

/** The lines of one plug's status. */
export function viewStatus(
  { vnl, ports, stations }: PlugStatus,
  options: ViewOptions,
): string[] {
  const title = `${vnl}: ${countOf(ports.length, "port")}, ` +
    countOf(stations.length, "station");
  const lines = [title, ...layOut([PORT_TITLES, ...ports.map(portCells)])];
  if (!options.stations || stations.length === 0) return lines;
  const rows = stations.toSorted(byAddress).map(stationCells);
  return [...lines, ...layOut([STATION_TITLES, ...rows])];
}

function portCells(port: PortStatus): string[] {
  return [
    String(port.port),
    formatCount(port.framesIn),
    formatBytes(port.bytesIn),
    formatCount(port.framesOut),
    formatBytes(port.bytesOut),
    formatCount(port.dropped),
    formatElapsed(port.ageSeconds * THOUSAND),
    port.pid === 0 ? "-" : String(port.pid),
    printable(port.description),
  ];
}

function stationCells(station: StationStatus): string[] {
  return [
    station.mac,
    station.vlan === 0 ? "-" : String(station.vlan),
    String(station.port),
    formatElapsed(station.ageSeconds * THOUSAND),
  ];
}

/** Columns two blanks apart, numbers to the right, the last one as long as it is. */
function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  const last = widths.length - 1;
  return rows.map((row) =>
    "  " +
    row.map((cell, column) =>
      column === last ? cell : cell.padStart(widths[column])
    ).join("  ")
  );
}

/** A description is a stranger's text: what would move the cursor is not shown as it is. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, "?");
}

function byAddress(one: StationStatus, other: StationStatus): number {
  if (one.mac !== other.mac) return one.mac < other.mac ? -1 : 1;
  return one.vlan - other.vlan;
}

function countOf(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
}
