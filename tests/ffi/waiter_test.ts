import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import { EventFd } from "../../ffi/eventfd.ts";
import { closeFd, O_RDONLY, openFile, pipe } from "../../ffi/fd.ts";
import { libc } from "../../ffi/libc.ts";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "../../ffi/poll.ts";
import { WaitSet, waitsOver } from "../../ffi/waiter.ts";
import { openDescriptors, until } from "../plugs.ts";
import { ffiTest } from "./case.ts";

/** More than the threads that Deno has for waiting. */
const MANY = 300;
const NEVER_OPEN = 0x7fff_fffe;

const bound = libc({
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
});

/** Waits for one descriptor. */
function setFor(fd: number, events: number): WaitSet {
  const set = new WaitSet(1);
  set.set(0, fd, events);
  return set;
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return !settled;
}

ffiTest(
  `WaitSet.wait() leaves Deno its threads, and two descriptors do for ${MANY} waits`,
  async () => {
    const before = openDescriptors().length;
    const events = Array.from({ length: MANY }, () => new EventFd());
    const sets = events.map(({ fd }) => setFor(fd, POLLIN));
    const waits = sets.map((set) => set.wait(-1));
    assertEquals(openDescriptors().length, before + MANY + 2);
    assert((await Deno.readTextFile("deno.json")).length > 0);
    for (const [index, event] of events.entries()) {
      assert(index > 0 || await isPending(Promise.race(waits)));
      event.signal();
      assertEquals(await waits[index], 1);
    }
    for (const set of sets) set[Symbol.dispose]();
    for (const event of events) event[Symbol.dispose]();
    await waitsOver();
    assertEquals(openDescriptors().length, before);
  },
);

ffiTest("WaitSet.wait() takes in who comes during another's wait", async () => {
  using event = new EventFd();
  using quiet = new EventFd();
  using first = setFor(quiet.fd, POLLIN);
  using second = setFor(event.fd, POLLIN);
  const waiting = first.wait(-1);
  assert(await isPending(waiting));
  const late = second.wait(-1);
  event.signal();
  assertEquals(await late, 1);
  assert(await isPending(waiting));
  first.end();
  assertEquals(await waiting, 0);
  await waitsOver();
});

ffiTest(
  "WaitSet.wait() tells two who wait at one descriptor what each asked for",
  async () => {
    using event = new EventFd();
    using reader = setFor(event.fd, POLLIN);
    using writer = setFor(event.fd, POLLOUT);
    using watcher = setFor(event.fd, 0);
    const reading = reader.wait(-1);
    const watching = watcher.wait(-1);
    assertEquals(await writer.wait(-1), 1);
    assertEquals(writer.happened(0), POLLOUT);
    assert(await isPending(Promise.race([reading, watching])));
    event.signal();
    assertEquals(await reading, 1);
    assertEquals(reader.happened(0), POLLIN);
    assert(await isPending(watching));
    watcher.end();
    await Promise.all([watching, waitsOver()]);
  },
);

ffiTest("WaitSet.wait() tells all who wait of a hang-up", async () => {
  const [read, write] = pipe();
  const sets = [setFor(read, POLLIN), setFor(read, 0)];
  const waits = sets.map((set) => set.wait(-1));
  assert(await isPending(Promise.race(waits)));
  closeFd(write);
  assertEquals(await Promise.all(waits), [1, 1]);
  assertEquals(sets.map((set) => set.happened(0)), [POLLHUP, POLLHUP]);
  // Told again to who asks again.
  assertEquals(await sets[1].wait(-1), 1);
  for (const set of sets) set[Symbol.dispose]();
  closeFd(read);
});

ffiTest("WaitSet.wait() waits for an end at both of its entries", async () => {
  const [read, write] = pipe();
  using set = new WaitSet(2);
  set.set(0, write, POLLOUT);
  set.set(1, write, 0);
  assertEquals(await set.wait(-1), 1);
  assertEquals([set.happened(0), set.happened(1)], [POLLOUT, 0]);
  closeFd(read);
  assertEquals(await set.wait(-1), 2);
  assertEquals(
    [set.happened(0), set.happened(1)],
    [POLLOUT | POLLERR, POLLERR],
  );
  set[Symbol.dispose]();
  closeFd(write);
});

ffiTest("WaitSet.wait() hurts nobody by what is not open", async () => {
  using event = new EventFd();
  using good = setFor(event.fd, POLLIN);
  using bad = setFor(NEVER_OPEN, POLLIN);
  const waiting = good.wait(-1);
  assertEquals(await bad.wait(-1), 1);
  assertEquals(bad.happened(0), POLLNVAL);
  assert(await isPending(waiting));
  event.signal();
  assertEquals(await waiting, 1);
});

for (const path of ["/etc/passwd", "/dev/null"]) {
  ffiTest(`WaitSet.wait() finds ${path} ready, as poll(2) does`, async () => {
    const fd = openFile(path, O_RDONLY);
    using set = setFor(fd, POLLIN);
    for (let round = 0; round < 2; round++) {
      assertEquals(await set.wait(-1), 1);
      assertEquals(set.happened(0), POLLIN);
    }
    using hungUp = setFor(fd, 0);
    assertEquals(await hungUp.wait(1), 0);
    closeFd(fd);
  });
}

ffiTest(
  "WaitSet.wait() tells nothing of a file that had the number before",
  async () => {
    using other = new EventFd();
    using keeper = setFor(other.fd, POLLIN);
    const keeping = keeper.wait(-1);
    const [read, write] = pipe();
    const copy = bound().dup(read);
    const before = setFor(read, POLLIN);
    const waiting = before.wait(-1);
    // Closed too early: the file is open under another number.
    closeFd(read);
    before[Symbol.dispose]();
    assertEquals(await waiting, 0);
    assertEquals(bound().dup2(other.fd, read), read);
    using after = setFor(read, POLLIN);
    const silent = after.wait(-1);
    closeFd(write);
    assert(await isPending(Promise.race([silent, keeping])));
    other.signal();
    assertEquals(await silent, 1);
    assertEquals(await keeping, 1);
    after[Symbol.dispose]();
    for (const fd of [read, copy]) closeFd(fd);
  },
);

ffiTest(
  "WaitSet.wait() finds the file that has taken a number's place",
  async () => {
    using one = new EventFd();
    using other = new EventFd();
    const slot = bound().dup(one.fd);
    using set = setFor(slot, POLLIN);
    one.signal();
    assertEquals(await set.wait(-1), 1);
    assertEquals(bound().dup2(other.fd, slot), slot);
    assertEquals(await set.wait(1), 0);
    other.signal();
    assertEquals(await set.wait(-1), 1);
    set[Symbol.dispose]();
    closeFd(slot);
  },
);

ffiTest("WaitSet.wait() ends each wait when its time is over", async () => {
  using quiet = new EventFd();
  const start = performance.now();
  const times = [120, 40, -1, 80];
  const sets = times.map(() => setFor(quiet.fd, POLLIN));
  const order: number[] = [];
  const waits = sets.map(async (set, index) => {
    assertEquals(await set.wait(times[index]), 0);
    if (times[index] < 0) return;
    assertGreaterOrEqual(performance.now() - start, times[index] - 1);
    order.push(times[index]);
  });
  await Promise.all([waits[0], waits[1], waits[3]]);
  assertLess(performance.now() - start, 10_000);
  assertEquals(order, [40, 80, 120]);
  sets[2].end();
  await waits[2];
  for (const set of sets) set[Symbol.dispose]();
  await waitsOver();
});

ffiTest("WaitSet may be disposed of while it waits, and twice", async () => {
  const before = openDescriptors();
  using event = new EventFd();
  const set = setFor(event.fd, POLLIN);
  const waiting = set.wait(-1);
  set[Symbol.dispose]();
  set[Symbol.dispose]();
  assertEquals(await waiting, 0);
  assertEquals(await set.wait(-1), 0);
  event[Symbol.dispose]();
  await waitsOver();
  assert(await until(() => openDescriptors().length === before.length));
});

ffiTest("waitsOver() is settled at once while others wait", async () => {
  using event = new EventFd();
  using staying = setFor(event.fd, POLLIN);
  using leaving = setFor(event.fd, POLLIN);
  const waits = [staying.wait(-1), leaving.wait(-1)];
  leaving.end();
  await waitsOver();
  assert(await isPending(waits[0]));
  staying.end();
  assertEquals(await Promise.all(waits), [0, 0]);
  await waitsOver();
});
