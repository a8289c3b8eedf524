/**
 * Packets on an interface, as tcpdump(8) prints them.
 *
 * @module
 */

import { type Availability, peerAvailable } from "./available.ts";
import type { LabHost } from "./host.ts";
import { canMakeNamespaces } from "./lab.ts";
import type { LabProcess } from "./process.ts";

/** What to look at. */
export interface CaptureOptions {
  /** Interface on the host. */
  readonly interfaceName: string;
  /** pcap-filter(7) expression; everything without it. */
  readonly filter?: string;
  /** More options of tcpdump, e.g. `-e` for Ethernet headers. */
  readonly args?: readonly string[];
}

/** A capture that goes on. Disposing ends it. */
export class Capture implements AsyncDisposable {
  /** Made by {@linkcode capture}. */
  constructor(readonly process: LabProcess) {}

  /**
   * The packets so far, one line each unless `args` ask for more. A line that
   * still grows is not among them.
   */
  get lines(): string[] {
    const lines = this.process.stdout.split("\n").slice(0, -1);
    return lines.filter((line) => line !== "");
  }

  /** Waits until a packet's line matches. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray> {
    return this.process.waitFor(pattern, timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.terminate("SIGINT");
  }
}

/**
 * Starts a capture and waits until it listens. Needs {@linkcode canCapture}.
 *
 * @param host Where to listen.
 */
export async function capture(
  host: LabHost,
  options: CaptureOptions,
): Promise<Capture> {
  const { interfaceName, filter = "", args = [] } = options;
  // -Z root: in a user namespace there is no other user to change to.
  const flags = [
    "-n",
    "-l",
    "--immediate-mode",
    "-Z",
    "root",
    "-i",
    interfaceName,
  ];
  const process = host.spawn("tcpdump", [...flags, ...args, "--", filter]);
  await process.waitFor(/listening on/);
  return new Capture(process);
}

/** Whether {@linkcode capture} works in the labs that can be made here. */
export async function canCapture(): Promise<Availability> {
  const possible = await canMakeNamespaces();
  if (possible.ok && possible.unprivileged) {
    return {
      ok: false,
      reason: "tcpdump changes its user, which a user namespace forbids",
    };
  }
  return possible.ok ? await peerAvailable("tcpdump") : possible;
}
