/**
 * Names in the file system (sys/stat.h, dirent.h, stdio.h, unistd.h,
 * sys/file.h).
 *
 * Deno has calls of its own for all of these, and a permission for each. They
 * are made here because whoever may call the C library may do all of that
 * anyway: one permission is enough, and it is the one that says so.
 *
 * @module
 */

import { EINTR, ENOENT } from "./errno.ts";
import {
  closeFd,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  openFile,
  readBytes,
  writeBytes,
} from "./fd.ts";
import {
  check,
  clearErrno,
  cString,
  errno,
  libc,
  SystemError,
} from "./libc.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
/** Type, mode, owner, group and inode (linux/stat.h). */
const STATX_WANTED = 0x1 | 0x2 | 0x8 | 0x10 | 0x100;
/** `struct statx`, the same on all machines: host byte order. */
const STATX_BYTES = 256;
const STATX = {
  uid: 20,
  gid: 24,
  mode: 28,
  ino: 32,
  devMajor: 136,
  devMinor: 140,
} as const;
const TYPE_BITS = 0o170000;
const PERMISSION_BITS = 0o7777;
/** Offset of `d_name` in `struct dirent` of 64-bit machines. */
const DIRENT_NAME = 19;
const LOCK_EX = 2;
const READ_BYTES = 65_536;

const KINDS: Readonly<Record<number, FileKind>> = {
  0o040000: "folder",
  0o100000: "file",
  0o120000: "link",
  0o140000: "socket",
};

const bound = libc({
  // int folder, const char *path, int flags, unsigned int mask, struct statx *: since glibc 2.28
  statx: {
    parameters: ["i32", "buffer", "i32", "u32", "buffer"],
    result: "i32",
  },
  chmod: { parameters: ["buffer", "u32"], result: "i32" }, // const char *path, mode_t
  chown: { parameters: ["buffer", "u32", "u32"], result: "i32" }, // const char *path, uid_t, gid_t
  mkdir: { parameters: ["buffer", "u32"], result: "i32" }, // const char *path, mode_t
  rmdir: { parameters: ["buffer"], result: "i32" },
  unlink: { parameters: ["buffer"], result: "i32" },
  link: { parameters: ["buffer", "buffer"], result: "i32" }, // const char *from, const char *to
  rename: { parameters: ["buffer", "buffer"], result: "i32" },
  realpath: { parameters: ["buffer", "pointer"], result: "pointer" }, // const char *, NULL; char *, to be freed
  free: { parameters: ["pointer"], result: "void" },
  opendir: { parameters: ["buffer"], result: "pointer" }, // DIR *
  readdir: { parameters: ["pointer"], result: "pointer" }, // struct dirent *
  closedir: { parameters: ["pointer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" }, // int fd, int operation
});

/** What a name may lead to; `other`: a device or a pipe. */
export type FileKind = "file" | "folder" | "socket" | "link" | "other";

/** What is known of a file without opening it. */
export interface FileFacts {
  readonly kind: FileKind;
  /** Permission bits, all twelve. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The same for the same file, and for no other one that exists. */
  readonly identity: string;
}

/**
 * What a name leads to, links followed.
 *
 * @returns undefined if there is nothing, or a link to nothing.
 * @throws {SystemError} If it may not be looked at.
 */
export function fileFacts(path: string): FileFacts | undefined {
  return look(path, 0);
}

/**
 * What a name itself is: a link is a link.
 *
 * @returns undefined if there is nothing.
 * @throws {SystemError} If it may not be looked at.
 */
export function nameFacts(path: string): FileFacts | undefined {
  return look(path, AT_SYMLINK_NOFOLLOW);
}

function look(path: string, flags: number): FileFacts | undefined {
  const facts = new Uint8Array(STATX_BYTES);
  const result = bound()
    .statx(AT_FDCWD, cString(path), flags, STATX_WANTED, facts);
  if (result < 0) {
    const error = errno();
    if (error === ENOENT) return undefined;
    throw new SystemError(`look at "${path}"`, error);
  }
  const view = new DataView(facts.buffer);
  const field = (offset: number) => view.getUint32(offset, true);
  const mode = view.getUint16(STATX.mode, true);
  const inode = view.getBigUint64(STATX.ino, true);
  return {
    kind: KINDS[mode & TYPE_BITS] ?? "other",
    mode: mode & PERMISSION_BITS,
    uid: field(STATX.uid),
    gid: field(STATX.gid),
    identity: `${field(STATX.devMajor)}:${field(STATX.devMinor)}:${inode}`,
  };
}

/**
 * Sets a file's permission bits; links are followed.
 *
 * @param shown The file's name for the error, if that is another one.
 * @throws {SystemError} EPERM if it is somebody else's.
 */
export function setMode(path: string, mode: number, shown = path): void {
  check(bound().chmod(cString(path), mode), `set the mode of "${shown}"`);
}

/** A user or group that stays as it is (chown(2)). */
const UNCHANGED = 0xffff_ffff;

/**
 * Sets a file's group; links are followed.
 *
 * @param shown As in {@linkcode setMode}.
 * @throws {SystemError} EPERM if it is somebody else's, or we are not in that group.
 */
export function setGroup(path: string, gid: number, shown = path): void {
  check(
    bound().chown(cString(path), UNCHANGED, gid),
    `set the group of "${shown}"`,
  );
}

/** Makes a folder; the umask takes its bits away. @throws {SystemError} EEXIST if the name is taken. */
export function makeFolder(path: string, mode: number): void {
  check(bound().mkdir(cString(path), mode), `make folder "${path}"`);
}

/** Removes an empty folder. @throws {SystemError} ENOTEMPTY if it is not. */
export function removeFolder(path: string): void {
  check(bound().rmdir(cString(path)), `remove folder "${path}"`);
}

/** Removes a name that is no folder's. @throws {SystemError} ENOENT if there is none. */
export function removeName(path: string): void {
  check(bound().unlink(cString(path)), `remove "${path}"`);
}

/** Gives a file one more name. @throws {SystemError} EEXIST if that is taken. */
export function addName(path: string, name: string): void {
  check(
    bound().link(cString(path), cString(name)),
    `give "${path}" the name "${name}"`,
  );
}

/**
 * Gives a file or folder another name; what has it already is replaced.
 *
 * @throws {SystemError} ENOTEMPTY or EEXIST if that is a folder with something
 * in it; ENOTDIR, EISDIR if one of the two is a folder.
 */
export function renameFile(path: string, name: string): void {
  check(
    bound().rename(cString(path), cString(name)),
    `rename "${path}" to "${name}"`,
  );
}

/** A path without links in it, absolute. @throws {SystemError} ENOENT if there is nothing. */
export function realPath(path: string): string {
  const c = bound();
  const found = c.realpath(cString(path), null);
  if (found === null) throw new SystemError(`find "${path}"`, errno());
  try {
    return Deno.UnsafePointerView.getCString(found);
  } finally {
    c.free(found);
  }
}

/** The names in a folder, in no order. @throws {SystemError} If it cannot be read. */
export function namesIn(folder: string): string[] {
  const c = bound();
  const stream = c.opendir(cString(folder));
  if (stream === null) throw new SystemError(`read "${folder}"`, errno());
  const names: string[] = [];
  try {
    for (;;) {
      clearErrno();
      const entry = c.readdir(stream);
      if (entry === null) break;
      const name = Deno.UnsafePointerView.getCString(entry, DIRENT_NAME);
      if (name !== "." && name !== "..") names.push(name);
    }
    const error = errno();
    if (error !== 0) throw new SystemError(`read "${folder}"`, error);
  } finally {
    c.closedir(stream);
  }
  return names;
}

/**
 * A file's bytes, from its beginning.
 *
 * @param limitBytes Not more than these are read; absent: all.
 * @throws {SystemError} If it cannot be read.
 */
export function readFile(
  path: string,
  limitBytes = Infinity,
): Uint8Array<ArrayBuffer> {
  const fd = openFile(path, O_RDONLY);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  try {
    while (total < limitBytes) {
      const piece = new Uint8Array(Math.min(READ_BYTES, limitBytes - total));
      const n = readBytes(fd, piece);
      if (n === 0) break;
      pieces.push(piece.subarray(0, n));
      total += n;
    }
  } finally {
    closeFd(fd);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A text file, whole: UTF-8, where what is none is replaced. @throws {SystemError} If it cannot be read. */
export function readText(path: string): string {
  return new TextDecoder().decode(readFile(path));
}

/**
 * Writes a text file; what was in it is gone.
 *
 * @throws {SystemError} If it cannot be written.
 */
export function writeText(path: string, text: string): void {
  writeTo(openFile(path, O_WRONLY | O_CREAT | O_TRUNC), text);
}

/**
 * Writes a text file where there is none; nothing is left if that fails.
 *
 * @throws {SystemError} EEXIST if there is something of that name: a link is
 * not followed, so that none leads the text elsewhere (open(2), O_EXCL).
 */
export function writeNewText(path: string, text: string): void {
  const fd = openFile(path, O_WRONLY | O_CREAT | O_EXCL);
  try {
    writeTo(fd, text);
  } catch (error) {
    bound().unlink(cString(path));
    throw error;
  }
}

/** @param fd Closed in the end. */
function writeTo(fd: number, text: string): void {
  try {
    writeBytes(fd, new TextEncoder().encode(text));
  } finally {
    closeFd(fd);
  }
}

/** Sees whether a file that exists may be written; leaves it as it is. @throws {SystemError} If not. */
export function checkWritable(path: string): void {
  closeFd(openFile(path, O_WRONLY));
}

/** A file or folder that no other such lock is on (flock(2)). Disposing ends it. */
export class FileLock implements Disposable {
  readonly #fd: number;
  #open = true;

  /** Waits until it is free. @throws {SystemError} If the file cannot be opened. */
  constructor(path: string) {
    this.#fd = openFile(path, O_RDONLY);
    while (bound().flock(this.#fd, LOCK_EX) < 0) {
      const error = errno();
      if (error === EINTR) continue;
      this[Symbol.dispose]();
      throw new SystemError(`lock "${path}"`, error);
    }
  }

  /** Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.#fd);
  }
}
