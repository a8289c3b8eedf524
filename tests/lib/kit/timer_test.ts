import { assert, assertEquals, assertThrows } from "@std/assert";
import { POLLIN, PollSet } from "../../../ffi/poll.ts";
import { PLUGIN_KIT } from "../../../lib/kit/mod.ts";
import { ffiTest } from "../../ffi/case.ts";

const { timer: makeTimer } = PLUGIN_KIT;

/** Longer than any machine is held up. */
const PATIENCE_MS = 20_000;

function isReadable(fd: number, timeoutMs = 0): boolean {
  const polls = new PollSet(1);
  polls.set(0, fd, POLLIN);
  return polls.wait(timeoutMs) > 0;
}

for (const delayMs of [0, 0.2, 1, 30]) {
  ffiTest(
    `timer() is readable after ${delayMs} ms, and until it is cleared`,
    () => {
      using timer = makeTimer();
      assert(!isReadable(timer.fd));
      const start = performance.now();
      timer.set(delayMs);
      assert(isReadable(timer.fd, PATIENCE_MS));
      // Two clocks, one of which is rounded.
      assert(performance.now() - start >= delayMs - 1);
      assert(isReadable(timer.fd));
      timer.clear();
      assert(!isReadable(timer.fd));
    },
  );
}

ffiTest("timer() forgets a time when another begins", () => {
  using timer = makeTimer();
  timer.set(0);
  assert(isReadable(timer.fd, PATIENCE_MS));
  timer.set(2 ** 32 - 1);
  assert(!isReadable(timer.fd));
});

ffiTest("timer() may be disposed of twice, and set afterwards", () => {
  const timer = makeTimer();
  timer[Symbol.dispose]();
  timer[Symbol.dispose]();
  timer.set(1);
  timer.clear();
});

const NO_DELAYS: readonly unknown[] = [
  -1,
  -0.001,
  2 ** 32,
  Infinity,
  -Infinity,
  NaN,
  undefined,
  "20",
  20n,
];

for (const delay of NO_DELAYS) {
  const shown = Deno.inspect(delay);
  ffiTest(`timer() never takes ${shown} for a delay`, () => {
    using timer = makeTimer();
    timer.set(0);
    const error = assertThrows(() => timer.set(delay as number), RangeError);
    assertEquals(
      error.message,
      "Cannot set a timer as its delay must be 0 to 4294967295 milliseconds: " +
        `received ${shown}`,
    );
    assert(isReadable(timer.fd, PATIENCE_MS), "the time before it goes on");
  });
}
