import { assert, assertEquals, assertThrows } from "@std/assert";
import { EAGAIN, EPIPE } from "../../ffi/errno.ts";
import {
  closeFd,
  growPipe,
  ioctl,
  isAgain,
  isTerminal,
  O_NONBLOCK,
  O_RDWR,
  openFile,
  pipe,
  readv,
  setNonBlocking,
  writev,
} from "../../ffi/fd.ts";
import { SystemError } from "../../ffi/libc.ts";
import { ABSOLUTE, addressOf, Iovecs } from "../../ffi/memory.ts";
import { ffiTest } from "./case.ts";
import { EBADF, ENOTTY } from "./numbers.ts";

const FD_CLOEXEC_FLAG = 0o2000000;

/** The flags line of a descriptor, octal, as proc(5) shows it. */
function flagsOf(fd: number): number {
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
  return parseInt(info.match(/^flags:\s*(\d+)$/m)?.[1] ?? "", 8);
}

/** A pipe that closes its ends. */
function usePipe(): { read: number; write: number } & Disposable {
  const [read, write] = pipe();
  return {
    read,
    write,
    [Symbol.dispose]: () => [read, write].forEach(closeFd),
  };
}

function iovecsOf(...parts: readonly Uint8Array[]): Iovecs {
  const iovecs = new Iovecs(parts.length);
  parts.forEach((part, index) =>
    iovecs.set(index, ABSOLUTE, addressOf(part), part.length)
  );
  return iovecs;
}

ffiTest(
  "pipe() gives a reading and a writing end, closed in other programs",
  () => {
    using ends = usePipe();
    for (const fd of [ends.read, ends.write]) {
      assertEquals(flagsOf(fd) & FD_CLOEXEC_FLAG, FD_CLOEXEC_FLAG);
    }
    assertEquals(flagsOf(ends.read) & 3, 0, "for reading only");
    assertEquals(flagsOf(ends.write) & 3, 1, "for writing only");
  },
);

ffiTest("writev() gathers, and readv() scatters over what it is given", () => {
  using ends = usePipe();
  const parts = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)];
  assertEquals(writev(ends.write, iovecsOf(...parts), 3), 6);
  const into = [0, 1, 2].map(() => new Uint8Array(4).fill(0xa5));
  // The third entry is not handed over.
  assertEquals(readv(ends.read, iovecsOf(...into), 2), 6);
  assertEquals(into.map((part) => [...part]), [
    [1, 2, 3, 4],
    [5, 6, 0xa5, 0xa5],
    [0xa5, 0xa5, 0xa5, 0xa5],
  ]);
});

ffiTest("readv() tells an empty pipe from an ended one", () => {
  const [read, write] = pipe();
  setNonBlocking(read, true);
  const bytes = new Uint8Array(8);
  assertEquals(readv(read, iovecsOf(bytes), 1), -EAGAIN);
  closeFd(write);
  assertEquals(readv(read, iovecsOf(bytes), 1), 0);
  closeFd(read);
  assertEquals(readv(read, iovecsOf(bytes), 1), -EBADF);
});

ffiTest("writev() tells a full pipe from one whose reader has gone", () => {
  const [read, write] = pipe();
  setNonBlocking(write, true);
  const bytes = new Uint8Array(1 << 16);
  let written = 0;
  let result: number;
  while ((result = writev(write, iovecsOf(bytes), 1)) > 0) written += result;
  assertEquals(result, -EAGAIN);
  assert(isAgain(result) && !isAgain(-EPIPE) && !isAgain(0));
  assert(written >= 4096, `a pipe holds a page at least: ${written}`);
  closeFd(read);
  assertEquals(writev(write, iovecsOf(bytes), 1), -EPIPE);
  closeFd(write);
});

ffiTest("setNonBlocking() sets, clears, and tells what was before", () => {
  using ends = usePipe();
  assertEquals(setNonBlocking(ends.read, true), false);
  assertEquals(flagsOf(ends.read) & O_NONBLOCK, O_NONBLOCK);
  assertEquals(setNonBlocking(ends.read, true), true);
  assertEquals(setNonBlocking(ends.read, false), true);
  assertEquals(flagsOf(ends.read) & O_NONBLOCK, 0);
  assertEquals(flagsOf(ends.write) & O_NONBLOCK, 0, "each end has its own");
});

ffiTest("setNonBlocking() refuses a descriptor that is not open", () => {
  assertThrows(
    () => setNonBlocking(-1, true),
    SystemError,
    "Cannot set the mode of descriptor -1: bad file descriptor (EBADF)",
  );
});

ffiTest("growPipe() enlarges a pipe, and a refusal is harmless", () => {
  using ends = usePipe();
  setNonBlocking(ends.write, true);
  growPipe(ends.write, 1 << 17);
  const half = new Uint8Array(1 << 16);
  assertEquals(writev(ends.write, iovecsOf(half), 1), half.length);
  assertEquals(writev(ends.write, iovecsOf(half), 1), half.length);
  assertEquals(writev(ends.write, iovecsOf(half), 1), -EAGAIN);
  growPipe(ends.write, -1);
  growPipe(-1, 4096);
});

ffiTest("openFile() opens, closed in other programs", () => {
  const fd = openFile("/dev/null", O_RDWR);
  assertEquals(flagsOf(fd) & FD_CLOEXEC_FLAG, FD_CLOEXEC_FLAG);
  closeFd(fd);
});

ffiTest("openFile() names the file that it cannot open", () => {
  assertThrows(
    () => openFile("/no/such", O_RDWR),
    SystemError,
    'Cannot open "/no/such": no such file or directory (ENOENT)',
  );
});

ffiTest("ioctl() gives the error as a negative number", () => {
  using ends = usePipe();
  const TCGETS = 0x5401n;
  assertEquals(ioctl(ends.read, TCGETS, new Uint8Array(64)), -ENOTTY);
});

ffiTest("ioctl() updates the structure in place", () => {
  using ends = usePipe();
  writev(ends.write, iovecsOf(new Uint8Array(5)), 1);
  const FIONREAD = 0x541bn;
  const count = new Uint8Array(4);
  assertEquals(ioctl(ends.read, FIONREAD, count), 0);
  assertEquals([...count], [5, 0, 0, 0]);
});

ffiTest("isTerminal() is true for a terminal alone", () => {
  using ends = usePipe();
  assertEquals(isTerminal(ends.read), false);
  assertEquals(isTerminal(-1), false);
  const terminal = openFile("/dev/ptmx", O_RDWR);
  assertEquals(isTerminal(terminal), true);
  closeFd(terminal);
});
