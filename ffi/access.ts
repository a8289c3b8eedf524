/**
 * Permission bits and groups of names in folders that others may write to.
 *
 * chmod(2) and chown(2) follow symbolic links, and whoever may write to a
 * folder may put a link in the place of a name between two calls. So the name
 * is opened first (`O_PATH`, open(2)), looked at, and changed through
 * `/proc/self/fd`, which stays the same file whatever becomes of its name.
 *
 * @module
 */

import { closeFd, openFile } from "./fd.ts";

const O_PATH = 0o10000000;
/** asm-generic/fcntl.h, and what arm64 has instead. */
const O_NOFOLLOW = 0o400000;
const O_NOFOLLOW_ARM64 = 0o100000;
const PERMISSION_BITS = 0o7777;

/** Who may do what with a name. */
export interface NameAccess {
  /** Permission bits, all twelve. */
  readonly mode: number;
  /** Its group; absent: as it is. */
  readonly gid?: number;
}

/**
 * Gives a name exactly these permission bits, whatever the umask, and this
 * group.
 *
 * @param path Of a file or socket of ours; a symbolic link is refused.
 * @throws {SystemError} If the name cannot be opened.
 * @throws {Deno.errors.PermissionDenied} If it belongs to somebody else, or
 * this process is not in the group.
 * @throws {TypeError} If it is a link.
 */
export function setAccess(path: string, { mode, gid }: NameAccess): void {
  const found = Deno.lstatSync(path);
  const isRight = ((found.mode ?? 0) & PERMISSION_BITS) === mode &&
    (gid === undefined || found.gid === gid);
  if (isRight) return;
  const noFollow = Deno.build.arch === "aarch64"
    ? O_NOFOLLOW_ARM64
    : O_NOFOLLOW;
  const fd = openFile(path, O_PATH | noFollow);
  try {
    const name = `/proc/self/fd/${fd}`;
    const { ino, dev } = Deno.statSync(name);
    if (found.isSymlink || ino !== found.ino || dev !== found.dev) {
      throw new TypeError(
        `Cannot set the mode of "${path}": it is no longer what it was`,
      );
    }
    // In this order: a change of owner or group takes the set-id bits away.
    if (gid !== undefined) Deno.chownSync(name, null, gid);
    Deno.chmodSync(name, mode);
  } finally {
    closeFd(fd);
  }
}
