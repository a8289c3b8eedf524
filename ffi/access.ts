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

import { ENOENT } from "./errno.ts";
import { closeFd, openFile } from "./fd.ts";
import { fileFacts, nameFacts, setGroup, setMode } from "./files.ts";
import { SystemError } from "./libc.ts";

const O_PATH = 0o10000000;
/** asm-generic/fcntl.h, and what arm64 has instead. */
const O_NOFOLLOW = 0o400000;
const O_NOFOLLOW_ARM64 = 0o100000;

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
 * @throws {SystemError} ENOENT if there is no such name; EPERM if it belongs to
 * somebody else, or this process is not in the group.
 * @throws {TypeError} If it is a link.
 */
export function setAccess(path: string, { mode, gid }: NameAccess): void {
  const attempt = `set the mode of "${path}"`;
  const found = nameFacts(path);
  if (found === undefined) throw new SystemError(attempt, ENOENT);
  const isRight = found.mode === mode &&
    (gid === undefined || found.gid === gid);
  if (isRight) return;
  const noFollow = Deno.build.arch === "aarch64"
    ? O_NOFOLLOW_ARM64
    : O_NOFOLLOW;
  const fd = openFile(path, O_PATH | noFollow);
  try {
    const name = `/proc/self/fd/${fd}`;
    const isSame = fileFacts(name)?.identity === found.identity;
    if (found.kind === "link" || !isSame) {
      throw new TypeError(`Cannot ${attempt}: it is no longer what it was`);
    }
    // In this order: a change of owner or group takes the set-id bits away.
    if (gid !== undefined) setGroup(name, gid, path);
    setMode(name, mode, path);
  } finally {
    closeFd(fd);
  }
}
