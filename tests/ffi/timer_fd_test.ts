import { assert, assertEquals, assertLess } from "@std/assert";
import { POLLIN, PollSet } from "../../ffi/poll.ts";
import { TimerFd } from "../../ffi/timer_fd.ts";
import { ffiTest } from "./case.ts";

/** Waits for a timer; how long that took, or undefined if it did not go off. */
function wait(timer: TimerFd, timeoutMs: number): number | undefined {
  const polls = new PollSet(1);
  polls.set(0, timer.fd, POLLIN);
  const start = performance.now();
  const count = polls.wait(timeoutMs);
  return count > 0 ? performance.now() - start : undefined;
}

ffiTest(
  "TimerFd is readable once its time has passed, and until it is cleared",
  () => {
    using timer = new TimerFd();
    assertEquals(wait(timer, 0), undefined);
    timer.set(30);
    const took = wait(timer, 5000);
    assert(took !== undefined && took >= 29, `${took} ms`);
    assert(wait(timer, 0) !== undefined);
    timer.clear();
    assertEquals(wait(timer, 40), undefined);
  },
);

ffiTest(
  "TimerFd.set() begins anew, with whole seconds as well as parts of one",
  () => {
    using timer = new TimerFd();
    timer.set(60_000.5);
    assertEquals(wait(timer, 10), undefined);
    timer.set(1);
    const took = wait(timer, 5000);
    assert(took !== undefined);
    assertLess(took, 4000);
    timer.set(1500);
    assertEquals(wait(timer, 100), undefined);
  },
);

ffiTest("TimerFd may be disposed of twice, and set afterwards", () => {
  const timer = new TimerFd();
  timer[Symbol.dispose]();
  timer[Symbol.dispose]();
  timer.set(1);
  timer.clear();
});
