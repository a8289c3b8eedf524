/**
 * Gives back memory that this process holds without need of it: proc(5),
 * madvise(2), malloc_trim(3).
 *
 * Starting a program runs through most of Deno's executable once: V8 wakes up,
 * modules are linked, plugs open. None of that code runs again, yet its pages
 * stay mapped. They are clean copies of a file: a page let go is read from
 * there when it is next needed, as it was the first time. What that takes is a
 * page fault; what it gives is a process that holds on only to what it runs,
 * so that the kernel may use the rest of the page cache for something else.
 *
 * @module
 */

import { closeFd, openFile, readv } from "./fd.ts";
import { cString, libc } from "./libc.ts";
import { ABSOLUTE, addressOf, Iovecs } from "./memory.ts";

const O_RDONLY = 0;
const MADV_DONTNEED = 4;
const PATH_MAX = 4096;
/** More than the kernel gives at once. */
const READ_BYTES = 8192;

/** Less is not worth a call. */
const MIN_RESIDENT_KB = 1024;

/** Where a record of /proc/pid/smaps begins: at its line of addresses. */
const RECORD = /^(?=[0-9a-f]+-[0-9a-f]+ )/m;
/** That line: addresses, permissions, offset in the file, device, inode, path. */
const HEADER = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+ +(.*)$/m;
const READ_ONLY = /^r-[x-]p$/;

const bound = libc({
  madvise: { parameters: ["u64", "u64", "i32"], result: "i32" }, // void *address, size_t length, int advice
  malloc_trim: { parameters: ["u64"], result: "i32" }, // size_t pad
  readlink: { parameters: ["buffer", "buffer", "u64"], result: "i32" }, // const char *path, char *buffer, size_t size
});

/** A stretch of this process's addresses. */
export interface Stretch {
  /** Of its first byte; a multiple of the page size. */
  readonly address: number;
  readonly bytes: number;
}

/**
 * Finds a program's own code and constants, as far as they can be let go.
 *
 * Letting go of a private page that was written to would lose what was
 * written. So a mapping counts only if it cannot be written to and no page of
 * it ever was (`Anonymous: 0 kB`). And it must not make way for another one
 * between the look and the deed: the mappings of the program itself, one after
 * the other from the beginning of its file on, last as long as the process.
 * V8 maps pieces of the same file elsewhere, for as long as a Worker lasts:
 * those do not count.
 *
 * @param smaps What /proc/pid/smaps says, in pieces as read(2) gives them: the
 * kernel cuts between records, and half a record would not count. Read no
 * further than the program goes.
 * @param program Path of the program's file.
 */
export function cleanProgramPages(
  smaps: Iterable<string>,
  program: string,
): Stretch[] {
  const pages: Stretch[] = [];
  let isProgram = false;
  for (const piece of smaps) {
    // Most of it tells of the heap's many parts: not worth taking apart.
    const records = piece.includes(program) ? piece.split(RECORD) : [piece];
    for (const record of records) {
      const [, first, end, permissions, offset, path] = record.match(HEADER) ??
        [];
      if (path !== program) {
        if (isProgram) return pages;
        continue;
      }
      isProgram ||= parseInt(offset, 16) === 0;
      if (isProgram && READ_ONLY.test(permissions) && isClean(record)) {
        const address = parseInt(first, 16);
        const bytes = parseInt(end, 16) - address;
        // Or a record that begins in the middle of its first number would tell of elsewhere.
        if (kilobytes(record, "Size") * 1024 !== bytes) continue;
        pages.push({ address, bytes });
      }
    }
  }
  return pages;
}

function isClean(record: string): boolean {
  return kilobytes(record, "Anonymous") === 0 &&
    kilobytes(record, "Rss") >= MIN_RESIDENT_KB;
}

/** NaN when the kernel does not tell. */
function kilobytes(record: string, field: string): number {
  return Number(record.match(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m"))?.[1]);
}

/** Found once: the program stays where it is, and does not write to its code. */
let programPages: readonly Stretch[] | undefined;

/**
 * Lets go of the pages that {@linkcode cleanProgramPages} finds, and of what
 * the C library keeps for later. Takes about a millisecond, the first time
 * four, and some faults afterwards: for the end of a phase, not for a frame
 * path. What the kernel or the library refuses is done without.
 *
 * @returns Bytes of program whose pages were let go; for tests.
 */
export function returnMemory(): number {
  let bytes = 0;
  try {
    programPages ??= cleanProgramPages(readProc("smaps"), programPath());
    for (const pages of programPages) bytes += letGo(pages);
    bound().malloc_trim(0n);
  } catch {
    // No /proc, or another C library: everything works, with more memory.
    return bytes;
  }
  return bytes;
}

function letGo({ address, bytes }: Stretch): number {
  const result = bound().madvise(
    BigInt(address),
    BigInt(bytes),
    MADV_DONTNEED,
  );
  return result === 0 ? bytes : 0;
}

/**
 * Resident pages of files, of this process: the program's, for the most part.
 * Cheap enough to look now and then.
 *
 * @returns In bytes; 0 where the kernel does not tell.
 */
export function residentFileBytes(): number {
  try {
    let kB = 0;
    for (const piece of readProc("status")) {
      kB ||= kilobytes(piece, "RssFile") || 0;
    }
    return kB * 1024;
  } catch {
    // No /proc: nothing is known, and nothing will be done.
    return 0;
  }
}

/** By the C library rather than by Deno, which would ask the user for a permission. */
function* readProc(name: string): Generator<string> {
  const fd = openFile(`/proc/self/${name}`, O_RDONLY);
  try {
    const buffer = new Uint8Array(READ_BYTES);
    const iovecs = new Iovecs(1);
    iovecs.set(0, ABSOLUTE, addressOf(buffer), buffer.length);
    const decoder = new TextDecoder();
    for (let n; (n = readv(fd, iovecs, 1)) > 0;) {
      yield decoder.decode(buffer.subarray(0, n));
    }
  } finally {
    closeFd(fd);
  }
}

/** Empty when nobody says. */
function programPath(): string {
  const path = new Uint8Array(PATH_MAX);
  const n = bound().readlink(
    cString("/proc/self/exe"),
    path,
    BigInt(path.length),
  );
  return new TextDecoder().decode(path.subarray(0, Math.max(n, 0)));
}
