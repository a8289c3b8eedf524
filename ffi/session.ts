/**
 * Descriptors that come from whoever started this process (fcntl.h).
 *
 * @module
 */

import { libc } from "./libc.ts";

const F_GETFD = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

const bound = libc({
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" }, // fd, int command, int argument
});

/**
 * Keeps an inherited descriptor from the programs that this process starts.
 *
 * @returns Whether it is open.
 */
export function keepToOurselves(fd: number): boolean {
  const c = bound();
  const flags = c.fcntl(fd, F_GETFD, 0);
  if (flags < 0) return false;
  c.fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
  return true;
}
