/**
 * Test files that run in a network namespace of their own, since they make
 * interfaces or routes. Such a file is not named `…_test.ts`: it is run by one
 * that is, whose steps are the file's tests.
 *
 * @module
 */

import { assertEquals, assertGreater, AssertionError } from "@std/assert";
import { Lab, type LabHost } from "../lab/mod.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Far above what a slow machine needs. */
const TIMEOUT_MS = 120_000;

/** A file of tests, and where it is run. */
export interface NamespaceTests {
  readonly name: string;
  /** Path from this tree's root. */
  readonly file: string;
  /** Why it cannot be run here. */
  readonly skip: string | undefined;
  /** Called before it is run. */
  readonly prepare?: (host: LabHost) => Promise<void>;
}

/** Registers a test that runs a file of tests in a namespace. */
export function testInNamespace(tests: NamespaceTests): void {
  const { name, file, skip, prepare } = tests;
  Deno.test({
    name: skip === undefined ? name : `${name} (skipped: ${skip})`,
    ignore: skip !== undefined,
    fn: async (context) => {
      await using lab = await Lab.create();
      const host = await lab.host("a");
      await prepare?.(host);
      const { code, stdout, stderr } = await host.attempt(
        Deno.execPath(),
        [
          ...["test", "--quiet", "--no-check", "--allow-all", "--no-prompt"],
          ...["--reporter=tap", "--config", `${ROOT}deno.json`],
          `${ROOT}${file}`,
        ],
        { env: { NO_COLOR: "1" }, timeoutMs: TIMEOUT_MS },
      );
      const results = stdout.matchAll(/^(not )?ok \d+ - (.+)$/gm);
      let steps = 0;
      for (const [, failed, title] of results) {
        steps++;
        await context.step(title, () => {
          if (failed) throw new AssertionError("see below what it printed");
        });
      }
      assertEquals(code, 0, `${stdout}\n${stderr}`);
      assertGreater(steps, 0, stdout);
    },
  });
}

/**
 * Makes `multi0`, an interface over which this host hears its own multicasts;
 * and beside it, if that can be done, one that has no address of any kind.
 */
export async function makeMulticastInterface(host: LabHost): Promise<void> {
  await host.attempt("ip", ["tuntap", "add", "dev", "none0", "mode", "tun"]);
  const pair = ["multi0", "type", "veth", "peer", "name", "multi1"];
  await host.run("ip", ["link", "add", ...pair]);
  await host.configure("multi1");
  await host.configure("multi0", { addresses: ["2001:db8:1::1/64"] });
}
