/**
 * Tests of code that opens descriptors through FFI, which Deno's own
 * sanitizers do not see.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { openDescriptors, until } from "../plugs.ts";

/** How a test is registered. */
export interface FfiTestOptions {
  /** Why it cannot run here; stands in its name. */
  readonly skip?: string;
  /**
   * It starts Workers: the runtime keeps a thread's event descriptors for some
   * time after its end, so those are not counted.
   */
  readonly threads?: boolean;
}

const EVENTS = /anon_inode:\[event(fd|poll)\]$/;

// The first program that is started opens what the runtime then keeps.
await new Deno.Command("true").output();

/**
 * Registers a test that has to close every descriptor it opens.
 *
 * @param name `symbol() fact in plain words`.
 */
export function ffiTest(
  name: string,
  fn: () => void | Promise<void>,
  { skip, threads }: FfiTestOptions = {},
): void {
  Deno.test({
    name: skip === undefined ? name : `${name} (skipped: ${skip})`,
    ignore: skip !== undefined,
    // Libraries are opened at first use, and stay; descriptors are counted.
    sanitizeResources: false,
    fn: async () => {
      const before = new Set(openDescriptors());
      const left = () =>
        openDescriptors()
          .filter((fd) => !before.has(fd) && !(threads && EVENTS.test(fd)));
      await fn();
      // A thread that has ended gives back what it had a little later.
      await until(() => left().length === 0);
      assertEquals(left(), [], "descriptors left open");
    },
  });
}
