/**
 * `deno task demo`: what vdeplug is for, on this machine, in under 20 seconds.
 * Touches nothing outside; leaves nothing behind.
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

/** @returns The exit status. */
async function main(): Promise<number> {
  const start = performance.now();
  const namespaces = await canMakeNamespaces();
  const possible = namespaces.ok ? await canMakeTaps() : namespaces;
  await using lab = possible.ok ? await Lab.create() : undefined;
  Deno.addSignalListener("SIGINT", async () => {
    console.error("\nInterrupted: cleaning up.");
    await lab?.[Symbol.asyncDispose]();
    Deno.exit(INTERRUPTED);
  });
  try {
    await demonstrate(lab, possible);
  } catch (error) {
    if (!(error instanceof DemoError || error instanceof LabError)) throw error;
    console.error(`\nThe demo failed. ${error.message}`);
    return 1;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`\nDone in ${seconds} s. Nothing of it is left on this machine.`);
  return 0;
}

if (import.meta.main) Deno.exit(await main());
