import { assertLess } from "@std/assert";
import { Footprint } from "../../../lib/cli/footprint.ts";
import { ffiTest } from "../../ffi/case.ts";

ffiTest("Footprint ends at once, though it has not settled", async () => {
  const began = performance.now();
  {
    await using footprint = new Footprint();
    footprint.settle();
  }
  // It would settle for more than a minute.
  assertLess(performance.now() - began, 10_000);
});

ffiTest("Footprint ends where nothing was opened", async () => {
  await using _footprint = new Footprint();
});
