/**
 * File descriptors: open, close, read and write (fcntl.h, unistd.h, sys/uio.h,
 * sys/ioctl.h).
 *
 * @module
 */

import { EAGAIN, EINTR } from "./errno.ts";
import { check, cString, errno, libc, SystemError } from "./libc.ts";
import type { Iovecs } from "./memory.ts";

/** Open for reading. */
export const O_RDONLY = 0;
/** Open for writing. */
export const O_WRONLY = 1;
/** Open for reading and writing. */
export const O_RDWR = 2;
/** Made if there is none. */
export const O_CREAT = 0o100;
/** With O_CREAT: fails where there is something of that name, and be it a link. */
export const O_EXCL = 0o200;
/** Emptied first. */
export const O_TRUNC = 0o1000;
/** Calls return EAGAIN instead of waiting. */
export const O_NONBLOCK = 0o4000;
/** Closed in programs that this one starts. */
export const O_CLOEXEC = 0o2000000;

const F_GETFL = 3;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;

const bound = libc({
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" }, // const char *path, int flags, mode_t
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" }, // ssize_t; fd, void *, size_t
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" }, // ssize_t; fd, const void *, size_t
  readv: { parameters: ["i32", "buffer", "i32"], result: "i32" }, // fd, const struct iovec *, int count
  writev: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" }, // fd, unsigned long request, void *
  ioctlValue: {
    // the same with a number for its argument
    name: "ioctl",
    parameters: ["i32", "u64", "u64"],
    result: "i32",
  },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" }, // fd, int command, int argument
  pipe2: { parameters: ["buffer", "i32"], result: "i32" }, // int fds[2], int flags
  isatty: { parameters: ["i32"], result: "i32" },
});

/** Of a file that is made; the umask takes its bits away. */
const NEW_FILE_MODE = 0o666;

/**
 * Opens a file; O_CLOEXEC is added.
 *
 * @throws {SystemError} If the kernel refuses.
 */
export function openFile(path: string, flags: number): number {
  return check(
    bound().open(cString(path), flags | O_CLOEXEC, NEW_FILE_MODE),
    `open "${path}"`,
  );
}

/** Closes a descriptor. A descriptor is gone whatever close(2) answers, so nothing is reported. */
export function closeFd(fd: number): void {
  bound().close(fd);
}

/**
 * Reads once; waits where the descriptor does.
 *
 * @returns Bytes read; 0 at the end.
 * @throws {SystemError} If the kernel refuses.
 */
export function readBytes(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  for (;;) {
    const n = bound().read(fd, bytes, BigInt(bytes.length));
    if (n >= 0) return n;
    const error = errno();
    if (error !== EINTR) throw new SystemError("read", error);
  }
}

/**
 * Writes all; waits where the descriptor does.
 *
 * @throws {SystemError} EPIPE if nobody reads; what the kernel refuses.
 */
export function writeBytes(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  for (let done = 0; done < bytes.length;) {
    const rest = bytes.subarray(done);
    const n = bound().write(fd, rest, BigInt(rest.length));
    if (n >= 0) {
      done += n;
      continue;
    }
    const error = errno();
    if (error !== EINTR) throw new SystemError("write", error);
  }
}

/**
 * Reads into a scatter list: one packet, or what a stream has.
 *
 * @param fd Non-blocking descriptor.
 * @param iovecs Entries from 0 on.
 * @param count Number of entries.
 * @returns Bytes read; 0 at the end of a stream; `-errno` when the call failed,
 * `-EAGAIN` when nothing is there. Allocates nothing, never throws.
 */
export function readv(fd: number, iovecs: Iovecs, count: number): number {
  for (;;) {
    const n = bound().readv(fd, iovecs.words, count);
    if (n >= 0) return n;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}

/**
 * Writes a scatter list: one packet, or as much as a stream takes.
 *
 * @returns Bytes written, or `-errno`. Allocates nothing, never throws.
 */
export function writev(fd: number, iovecs: Iovecs, count: number): number {
  for (;;) {
    const n = bound().writev(fd, iovecs.words, count);
    if (n >= 0) return n;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}

/**
 * Calls `ioctl(2)` with a structure. For set-up; it may block.
 *
 * @param fd Open descriptor.
 * @param request Request number.
 * @param argument Structure in host byte order, updated in place.
 * @returns The call's result, or `-errno`.
 */
export function ioctl(
  fd: number,
  request: bigint,
  argument: Uint8Array<ArrayBuffer>,
): number {
  const result = bound().ioctl(fd, request, argument);
  return result < 0 ? -errno() : result;
}

/** The same for a request whose argument is a number. */
export function ioctlValue(fd: number, request: bigint, value: bigint): number {
  const result = bound().ioctlValue(fd, request, value);
  return result < 0 ? -errno() : result;
}

/**
 * Sets or clears O_NONBLOCK. It belongs to the open file, which others may
 * share: whoever gets a descriptor from outside gives it back as it was.
 *
 * @returns Whether it was set before.
 * @throws {SystemError} If the descriptor is not open.
 */
export function setNonBlocking(fd: number, on: boolean): boolean {
  const attempt = `set the mode of descriptor ${fd}`;
  const flags = check(bound().fcntl(fd, F_GETFL, 0), attempt);
  const wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (wanted !== flags) check(bound().fcntl(fd, F_SETFL, wanted), attempt);
  return (flags & O_NONBLOCK) !== 0;
}

/** Asks for a larger pipe; a refusal (a limit for users) is harmless. */
export function growPipe(fd: number, sizeBytes: number): void {
  bound().fcntl(fd, F_SETPIPE_SZ, sizeBytes);
}

/**
 * Makes a pipe, closed in programs that this one starts.
 *
 * @returns The reading and the writing end.
 * @throws {SystemError} If there are no descriptors left.
 */
export function pipe(): [readFd: number, writeFd: number] {
  const fds = new Int32Array(2);
  check(bound().pipe2(fds, O_CLOEXEC), "make a pipe");
  return [fds[0], fds[1]];
}

/** Whether a descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  return bound().isatty(fd) === 1;
}

/** Whether an `-errno` result means only that nothing can be moved right now. */
export function isAgain(result: number): boolean {
  return result === -EAGAIN;
}
