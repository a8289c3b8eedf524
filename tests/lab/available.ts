/**
 * What this machine can do, found out by doing it.
 *
 * @module
 */

import { searchPath } from "./process.ts";

/** Yes, or why not. */
export type Availability = { readonly ok: true } | {
  readonly ok: false;
  readonly reason: string;
};

/**
 * Whether a program is installed.
 *
 * @param program Name without a folder.
 */
export async function peerAvailable(program: string): Promise<Availability> {
  for (const folder of searchPath().split(":")) {
    try {
      const { isFile, mode } = await Deno.stat(`${folder}/${program}`);
      if (isFile && ((mode ?? 0) & 0o111) !== 0) return { ok: true };
    } catch {
      continue;
    }
  }
  return { ok: false, reason: `${program} is not installed` };
}

/**
 * Why a test that needs all of this cannot run.
 *
 * @param needs Results of `peerAvailable`, `canMakeNamespaces` and their like.
 * @returns The first reason, or undefined if the test can run.
 */
export async function reasonToSkip(
  ...needs: readonly (Availability | Promise<Availability>)[]
): Promise<string | undefined> {
  for (const need of await Promise.all(needs)) {
    if (!need.ok) return need.reason;
  }
}
