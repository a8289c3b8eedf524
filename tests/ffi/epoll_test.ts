import { assertEquals, assertThrows } from "@std/assert";
import {
  EpollEvents,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  EpollSet,
} from "../../ffi/epoll.ts";
import { ENOENT } from "../../ffi/errno.ts";
import { EventFd } from "../../ffi/eventfd.ts";
import { SystemError } from "../../ffi/libc.ts";
import { SOCK_STREAM, UnixSocket } from "../../ffi/unix_socket.ts";
import { ffiTest } from "./case.ts";

/** What happened, by token; as the kernel tells it. */
function taken(set: EpollSet, events: EpollEvents): [number, number][] {
  const count = set.take(events);
  return Array.from(
    { length: count },
    (_, index) => [events.token(index), events.happened(index)],
  );
}

ffiTest("EpollSet.take() tells what happened at which member", () => {
  using set = new EpollSet();
  const events = new EpollEvents(8);
  using signalled = new EventFd();
  using silent = new EventFd();
  const [near, far] = UnixSocket.pair(SOCK_STREAM);
  using _near = near;
  set.add(signalled.fd, EPOLLIN, 0xfedc_ba98);
  set.add(silent.fd, EPOLLIN, 2);
  set.add(near.fd, EPOLLIN | EPOLLRDHUP, 3);
  assertEquals(taken(set, events), []);
  signalled.signal();
  assertEquals(taken(set, events), [[0xfedc_ba98, EPOLLIN]]);
  signalled.drain();
  far[Symbol.dispose]();
  const hungUp = EPOLLIN | EPOLLRDHUP | EPOLLHUP;
  assertEquals(taken(set, events), [[3, hungUp]]);
});

ffiTest(
  "EpollSet.modify() waits for something else, under another token",
  () => {
    using set = new EpollSet();
    const events = new EpollEvents(8);
    using event = new EventFd();
    set.add(event.fd, EPOLLIN, 1);
    assertEquals(set.modify(event.fd, EPOLLOUT, 2), 0);
    assertEquals(taken(set, events), [[2, EPOLLOUT]]);
    assertEquals(set.modify(event.fd, 0, 2), 0);
    event.signal();
    assertEquals(taken(set, events), []);
    using stranger = new EventFd();
    assertEquals(set.modify(stranger.fd, EPOLLIN, 3), -ENOENT);
  },
);

ffiTest(
  "EpollSet.take() tells of all members in turn when the table is small",
  () => {
    using set = new EpollSet();
    using stack = new DisposableStack();
    for (let token = 0; token < 6; token++) {
      const event = stack.use(new EventFd());
      event.signal();
      set.add(event.fd, EPOLLIN, token);
    }
    const events = new EpollEvents(2);
    const seen = new Set<number>();
    for (let turn = 0; turn < 3; turn++) {
      for (const [token] of taken(set, events)) seen.add(token);
    }
    assertEquals([...seen].sort(), [0, 1, 2, 3, 4, 5]);
  },
);

ffiTest("EpollSet.add() refuses what cannot be polled", () => {
  using set = new EpollSet();
  assertThrows(() => set.add(-1), SystemError, "watch descriptor -1");
});
