import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import { EpollSet } from "../../ffi/epoll.ts";
import { EventFd, signalEventFd } from "../../ffi/eventfd.ts";
import { closeFd, pipe } from "../../ffi/fd.ts";
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  PollSet,
  waitReadable,
} from "../../ffi/poll.ts";
import { ffiTest } from "./case.ts";

/** The number of a descriptor that was closed may be another's by now. */
const NEVER_OPEN = 0x7fff_fffe;

const WAITS = [
  {
    name: "wait()",
    wait: (set: PollSet, timeoutMs: number) =>
      Promise.resolve(set.wait(timeoutMs)),
  },
  {
    name: "waitAsync()",
    wait: (set: PollSet, timeoutMs: number) => set.waitAsync(timeoutMs),
  },
] as const;

for (const { name, wait } of WAITS) {
  ffiTest(
    `PollSet.${name} tells at which entries something happened`,
    async () => {
      using quiet = new EventFd();
      using signalled = new EventFd();
      signalled.signal();
      const set = new PollSet(4);
      set.set(0, quiet.fd, POLLIN);
      set.set(1, signalled.fd, POLLIN);
      set.set(2, quiet.fd, POLLOUT);
      assertEquals(await wait(set, 0), 2);
      assertEquals(
        [0, 1, 2, 3].map((index) => set.happened(index)),
        [0, POLLIN, POLLOUT, 0],
      );
      set.set(1, -1, POLLIN);
      set.set(2, quiet.fd, POLLIN);
      assertEquals(await wait(set, 0), 0);
      assertEquals([1, 2].map((index) => set.happened(index)), [0, 0]);
    },
  );

  ffiTest(`PollSet.${name} ends when its time is over`, async () => {
    using quiet = new EventFd();
    const set = new PollSet(1);
    set.set(0, quiet.fd, POLLIN);
    const start = performance.now();
    assertEquals(await wait(set, 30), 0);
    assertGreaterOrEqual(performance.now() - start, 29);
  });

  ffiTest(
    `PollSet.${name} waits for an end where no event is asked for`,
    async () => {
      const [read, write] = pipe();
      const set = new PollSet(2);
      set.set(0, write, 0);
      assertEquals(await wait(set, 0), 0);
      closeFd(read);
      assertEquals(await wait(set, -1), 1);
      assertEquals(set.happened(0), POLLERR);
      closeFd(write);
    },
  );

  ffiTest(
    `PollSet.${name} tells of a hang-up and of what is not open`,
    async () => {
      const [read, write] = pipe();
      closeFd(write);
      const set = new PollSet(2);
      set.set(0, read, POLLIN);
      set.set(1, NEVER_OPEN, POLLIN);
      assertEquals(await wait(set, -1), 2);
      assertEquals([set.happened(0), set.happened(1)], [POLLHUP, POLLNVAL]);
      closeFd(read);
    },
  );

  ffiTest(`PollSet.${name} returns as soon as an entry is ready`, async () => {
    using event = new EventFd();
    event.signal();
    const set = new PollSet(1);
    set.set(0, event.fd, POLLIN);
    const start = performance.now();
    assertEquals(await wait(set, 10_000), 1);
    assertLess(performance.now() - start, 5_000);
  });
}

ffiTest(
  "waitReadable() is true for a readable descriptor among others",
  async () => {
    using quiet = new EventFd();
    using signalled = new EventFd();
    signalled.signal();
    assertEquals(await waitReadable([-1, quiet.fd, signalled.fd], -1), true);
    assertEquals(await waitReadable([-1, quiet.fd], 0), false);
  },
);

ffiTest("waitReadable() is woken while it waits", async () => {
  using event = new EventFd();
  const readable = waitReadable([event.fd], -1);
  event.signal();
  assertEquals(await readable, true);
});

function isReadable(fd: number): boolean {
  const set = new PollSet(1);
  set.set(0, fd, POLLIN);
  return set.wait(0) === 1;
}

ffiTest("EventFd is readable from a signal until it is drained", () => {
  using event = new EventFd();
  assertEquals(isReadable(event.fd), false);
  event.signal();
  event.signal();
  assertEquals(isReadable(event.fd), true);
  event.drain();
  assertEquals(isReadable(event.fd), false);
  // Nothing is there to be taken, and it does not block.
  event.drain();
  signalEventFd(event.fd);
  assertEquals(isReadable(event.fd), true);
});

ffiTest(
  "EventFd does nothing once it is closed, and may be closed twice",
  () => {
    const event = new EventFd();
    event[Symbol.dispose]();
    // Its number may be another's by now: neither call may touch it.
    const [read, write] = pipe();
    assert(
      event.fd === read || event.fd === write,
      "the number is taken again",
    );
    event.signal();
    event.drain();
    event[Symbol.dispose]();
    assertEquals(isReadable(read), false);
    closeFd(read);
    closeFd(write);
  },
);

ffiTest("EpollSet is readable while one of its members is", () => {
  using set = new EpollSet();
  using one = new EventFd();
  using other = new EventFd();
  set.add(one.fd);
  set.add(other.fd);
  assertEquals(isReadable(set.fd), false);
  other.signal();
  assertEquals(isReadable(set.fd), true);
  one.signal();
  other.drain();
  assertEquals(isReadable(set.fd), true);
  one[Symbol.dispose]();
  assertEquals(isReadable(set.fd), false);
  set[Symbol.dispose]();
});
