import { assert, assertEquals, assertThrows } from "@std/assert";
import { POLLIN, PollSet } from "../../../ffi/poll.ts";
import { PLUGIN_KIT } from "../../../lib/kit/mod.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import { TestPipe } from "../../ffi/pipes.ts";

const { anyOf, wakeUp } = PLUGIN_KIT;

function isReadable(fd: number): boolean {
  const polls = new PollSet(1);
  polls.set(0, fd, POLLIN);
  return polls.wait(0) > 0;
}

ffiTest("anyOf() is readable while one of them is, or several are", () => {
  using one = wakeUp();
  using other = wakeUp();
  using any = anyOf([one.fd, other.fd]);
  const readable = () => isReadable(any.fd);
  assert(!readable());
  one.signal();
  assert(readable());
  other.signal();
  one.drain();
  assert(readable());
  other.drain();
  assert(!readable());
});

ffiTest("anyOf() is readable when the other side of one hangs up", () => {
  using pipe = new TestPipe();
  using any = anyOf([pipe.readFd]);
  assert(!isReadable(any.fd));
  pipe.close(pipe.writeFd);
  assert(isReadable(any.fd));
});

const ODD = [
  { name: "none", of: () => [] },
  { name: "-1 alone", of: () => [-1, -1] },
  { name: "-1 beside one", of: (fd: number) => [-1, fd] },
  { name: "the same one twice", of: (fd: number) => [fd, fd] },
] as const;

for (const { name, of } of ODD) {
  ffiTest(`anyOf() takes ${name}`, () => {
    using event = wakeUp();
    const fds = of(event.fd);
    using any = anyOf(fds);
    event.signal();
    assertEquals(isReadable(any.fd), fds.includes(event.fd));
  });
}

ffiTest("anyOf() stands in others, deeper than the kernel's sets may", () => {
  using sets = new DisposableStack();
  const events = [sets.use(wakeUp())];
  let { fd } = events[0];
  for (let depth = 0; depth < 20; depth++) {
    const event = sets.use(wakeUp());
    events.push(event);
    fd = sets.use(anyOf([fd, event.fd])).fd;
  }
  for (const event of events) {
    assert(!isReadable(fd));
    event.signal();
    assert(isReadable(fd));
    event.drain();
  }
});

ffiTest("anyOf() leaves out what was closed, and takes its number anew", () => {
  using event = wakeUp();
  const inner = anyOf([event.fd]);
  using outer = anyOf([inner.fd, -1]);
  inner[Symbol.dispose]();
  inner[Symbol.dispose]();
  using events = new DisposableStack();
  const again = Array.from({ length: 8 }, () => events.use(wakeUp()))
    .find(({ fd }) => fd === inner.fd);
  assert(again !== undefined, "the number is not given anew");
  using any = anyOf([again.fd]);
  event.signal();
  assertEquals([isReadable(outer.fd), isReadable(any.fd)], [true, false]);
  again.signal();
  assert(isReadable(any.fd));
});

const NO_FDS: readonly unknown[] = [-2, 1.5, NaN, undefined, "5"];

for (const fd of NO_FDS) {
  const shown = Deno.inspect(fd);
  ffiTest(`anyOf() never takes ${shown} for a descriptor`, () => {
    const error = assertThrows(() => anyOf([-1, fd as number]), RangeError);
    assertEquals(
      error.message,
      "Cannot watch descriptors as each is a whole number, -1 for none: " +
        `received ${shown}`,
    );
  });
}

ffiTest("anyOf() refuses what is not open, and leaves nothing open", () => {
  const error = assertThrows(() => anyOf([1_000_000]), PlugError);
  assertEquals(error.code, "EBADF");
});

ffiTest("anyOf() refuses a file, which cannot be waited for", () => {
  const path = Deno.makeTempFileSync();
  using undo = new DisposableStack();
  undo.defer(() => Deno.removeSync(path));
  const before = new Set(descriptors());
  using _file = Deno.openSync(path);
  const fd = descriptors().find((fd) => !before.has(fd));
  assert(fd !== undefined);
  const error = assertThrows(() => anyOf([fd]), PlugError);
  assertEquals(error.code, "EPERM");
});

/** Numbers of what is open: those that lead somewhere. */
function descriptors(): number[] {
  return [...Deno.readDirSync("/proc/self/fd")]
    .filter(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith("/tmp/");
      } catch {
        return false;
      }
    })
    .map(({ name }) => Number(name));
}
