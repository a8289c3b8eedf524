import { assert, assertAlmostEquals, assertGreaterOrEqual } from "@std/assert";
import { monotonicMs } from "../../ffi/clock.ts";
import { until } from "../plugs.ts";
import { ffiTest } from "./case.ts";

ffiTest("monotonicMs() never goes back", () => {
  let last = monotonicMs();
  for (let round = 0; round < 100_000; round++) {
    const now = monotonicMs();
    assertGreaterOrEqual(now, last);
    last = now;
  }
});

ffiTest(
  "monotonicMs() counts milliseconds, as the runtime's clock does",
  async () => {
    const [own, runtime] = [monotonicMs(), performance.now()];
    assert(await until(() => performance.now() - runtime > 200));
    assertAlmostEquals(
      monotonicMs() - own,
      performance.now() - runtime,
      // Two ticks of the slowest kernel.
      20,
    );
  },
);
