/**
 * Macvtap interfaces for tests.
 *
 * @module
 */

import {
  type Availability,
  canMakeNamespaces,
  Lab,
  LabError,
  type LabHost,
} from "../lab/mod.ts";

const MAX_TRIES = 100;
const FIRST_INDEX = 1_000_000;
const INDEXES = 1_000_000_000;

/**
 * A number for a macvtap: its device is named for it, in a `/dev` that all
 * network namespaces share, and where other tests may make some too.
 */
export function freeIndex(): number {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const index = FIRST_INDEX + Math.floor(Math.random() * INDEXES);
    if (!exists(`/dev/tap${index}`)) return index;
  }
  throw new LabError("Cannot find a number for a macvtap: all are taken");
}

/** Whether there is such a file. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Adds a macvtap on an interface of a host; gives the path of its device. */
export async function addMacvtap(
  host: LabHost,
  name: string,
  lower: string,
  mode = "bridge",
): Promise<string> {
  const index = freeIndex();
  await host.run("ip", [
    ...["link", "add", "link", lower, "name", name, "index", `${index}`],
    ...["type", "macvtap", "mode", mode],
  ]);
  return `/dev/tap${index}`;
}

let macvtaps: Promise<Availability> | undefined;

/** Whether a macvtap can be made and opened in a lab. */
export function canMakeMacvtaps(): Promise<Availability> {
  return macvtaps ??= tryMacvtap();
}

async function tryMacvtap(): Promise<Availability> {
  const possible = await canMakeNamespaces();
  if (!possible.ok) return possible;
  await using lab = await Lab.create();
  const [a, b] = [await lab.host("a"), await lab.host("b")];
  await lab.link(a, b);
  try {
    const path = await addMacvtap(a, "mv0", a.port.interfaceName);
    const { code, stderr } = await a.attempt("sh", ["-c", `: <>${path}`]);
    if (code === 0) return { ok: true };
    return { ok: false, reason: `cannot open a macvtap: ${stderr.trim()}` };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const reason = error.message.trim().replaceAll(/\s+/g, " ");
    return { ok: false, reason: `no macvtap here: ${reason}` };
  }
}
