/**
 * Process groups (unistd.h, termios.h): programs that get a terminal's signals
 * together.
 *
 * @module
 */

import { closeFd, ioctl, O_RDWR, openFile } from "./fd.ts";
import { check, libc, SystemError } from "./libc.ts";

const TIOCGPGRP = 0x540fn;

const bound = libc({
  setpgid: { parameters: ["i32", "i32"], result: "i32" },
  getpgrp: { parameters: [], result: "i32" },
});

/**
 * Makes this process the leader of a process group: what it starts from now on
 * belongs to the group. The leader of a session leads one already.
 *
 * @returns The group's number: this process's id.
 * @throws {SystemError} If the kernel refuses.
 */
export function leadProcessGroup(): number {
  const c = bound();
  if (c.getpgrp() !== Deno.pid) {
    check(c.setpgid(0, 0), "make a process group");
  }
  return Deno.pid;
}

/**
 * Whether this process's group has the terminal: what is typed there, Ctrl-C
 * too, goes to all of the group. False where there is no terminal.
 */
export function inForeground(): boolean {
  let terminal: number;
  try {
    terminal = openFile("/dev/tty", O_RDWR);
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
  const group = new Int32Array(1);
  const result = ioctl(terminal, TIOCGPGRP, new Uint8Array(group.buffer));
  closeFd(terminal);
  return result >= 0 && group[0] === bound().getpgrp();
}
