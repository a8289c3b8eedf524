/**
 * `deno task demo`: what vdeplug is for, on this machine, in under 20 seconds.
 * Touches nothing outside; leaves nothing behind. `deno task demo --loopback`
 * shows what a machine sees on which nothing is allowed.
 *
 * @module
 */

import { demonstrateLan } from "./demo/lan.ts";
import { demonstrateLoopback } from "./demo/loopback.ts";
import { DemoError, tell } from "./demo/show.ts";
import {
  type Availability,
  canMakeNamespaces,
  canMakeTaps,
  Lab,
  LabError,
  prepareVdeplug,
} from "./lab/mod.ts";

const INTERRUPTED = 130;

async function demonstrate(
  lab: Lab | undefined,
  possible: Availability,
): Promise<void> {
  console.log("vdeplug: one virtual Ethernet over any number of hosts\n");
  await prepareVdeplug();
  if (lab) {
    const owner = lab.unprivileged
      ? "in a user namespace, without being root"
      : "as root";
    tell(
      `Network namespaces can be made here (${owner}), so this is the real thing:`,
    );
    tell("two hosts, each with a TAP interface, on one Ethernet.");
    await demonstrateLan(lab);
  } else {
    tell("Hosts of its own and TAP interfaces cannot be made here:");
    tell(possible.ok ? "" : possible.reason);
    tell(
      "So this is the part that needs no privilege: two processes on one Ethernet,",
    );
    tell("over multicast on the loopback interface.");
    await demonstrateLoopback();
  }
}

/** Whether the real thing can be shown. */
async function canShowLan(): Promise<Availability> {
  if (Deno.args.includes("--loopback")) {
    return { ok: false, reason: "--loopback was asked for" };
  }
  const namespaces = await canMakeNamespaces();
  return namespaces.ok ? await canMakeTaps() : namespaces;
}

/** @returns The exit status. */
async function main(): Promise<number> {
  const start = performance.now();
  const possible = await canShowLan();
  await using lab = possible.ok ? await Lab.create() : undefined;
  let interrupted = false;
  Deno.addSignalListener("SIGINT", async () => {
    interrupted = true;
    console.error("\nInterrupted: cleaning up.");
    await lab?.[Symbol.asyncDispose]();
    Deno.exit(INTERRUPTED);
  });
  try {
    await demonstrate(lab, possible);
  } catch (error) {
    // What the clean-up ended is no failure.
    if (interrupted) return INTERRUPTED;
    if (!(error instanceof DemoError || error instanceof LabError)) throw error;
    console.error(`\nThe demo failed. ${error.message}`);
    return 1;
  }
  await lab?.[Symbol.asyncDispose]();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`\nDone in ${seconds} s. Nothing of it is left on this machine.`);
  return 0;
}

if (import.meta.main) Deno.exit(await main());
