/**
 * Tests that need a lab.
 *
 * @module
 */

import { Lab } from "./lab.ts";

/**
 * Registers a test that gets an empty lab.
 *
 * @param name `symbol() fact in plain words`.
 * @param skip Why it cannot run here, as `reasonToSkip` tells it.
 * @param run Does not dispose the lab.
 */
export function labTest(
  name: string,
  skip: string | undefined,
  run: (lab: Lab) => Promise<void>,
): void {
  Deno.test({
    name: skip === undefined
      ? name
      : `${name} (skipped: ${skip.replaceAll(/\s+/g, " ")})`,
    ignore: skip !== undefined,
    fn: async () => {
      await using lab = await Lab.create();
      await run(lab);
    },
  });
}
