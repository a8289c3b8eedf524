import { assertEquals, assertThrows } from "@std/assert";
import { EpollSet } from "../../ffi/epoll.ts";
import { FdSlot } from "../../ffi/fd_slot.ts";
import { POLLHUP, POLLIN, POLLOUT, PollSet } from "../../ffi/poll.ts";
import { SOCK_SEQPACKET, UnixSocket } from "../../ffi/unix_socket.ts";
import { ffiTest } from "./case.ts";

function happens(fd: number): number {
  const polls = new PollSet(1);
  polls.set(0, fd, POLLIN | POLLOUT);
  polls.wait(0);
  return polls.happened(0);
}

ffiTest("FdSlot is writable and never readable while it is empty", () => {
  using slot = new FdSlot();
  assertEquals(happens(slot.fd), POLLOUT);
  using socket = UnixSocket.make(SOCK_SEQPACKET);
  slot.put(socket.release());
  slot.empty();
  assertEquals(happens(slot.fd), POLLOUT);
});

ffiTest("FdSlot puts one socket after the other behind its number", () => {
  using slot = new FdSlot();
  const { fd } = slot;
  for (let round = 0; round < 3; round++) {
    const [near, far] = UnixSocket.pair(SOCK_SEQPACKET);
    using other = far;
    slot.put(near.release());
    assertEquals(slot.fd, fd);
    other.send(new Uint8Array([round]));
    assertEquals(happens(fd), POLLIN | POLLOUT);
    other[Symbol.dispose]();
    assertEquals(happens(fd) & POLLHUP, POLLHUP);
  }
});

ffiTest("FdSlot closes what it held, which so leaves its epoll set", () => {
  using slot = new FdSlot();
  using watch = new EpollSet();
  for (let round = 0; round < 3; round++) {
    const [near, far] = UnixSocket.pair(SOCK_SEQPACKET);
    using other = far;
    slot.put(near.release());
    watch.add(slot.fd);
    other.send(new Uint8Array([1]));
    assertEquals(happens(watch.fd), POLLIN);
    slot.empty();
    assertEquals(happens(watch.fd), 0);
    assertEquals(happens(other.fd) & POLLHUP, POLLHUP);
  }
});

ffiTest("FdSlot keeps what it holds when a descriptor is not open", () => {
  using slot = new FdSlot();
  assertThrows(() => slot.put(-1), Error, "EBADF");
  assertEquals(happens(slot.fd), POLLOUT);
});
