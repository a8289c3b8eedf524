/**
 * Bytes out of and into descriptors, for tests.
 *
 * @module
 */

import { closeFd, pipe, setNonBlocking } from "../../ffi/fd.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { waitReadable } from "../../ffi/poll.ts";

const READ_BYTES = 65536;

const bound = libc({
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
});

/** A pipe; disposing closes the ends that are still open. */
export class TestPipe implements Disposable {
  readonly readFd: number;
  readonly writeFd: number;
  readonly #open: Set<number>;

  constructor() {
    [this.readFd, this.writeFd] = pipe();
    this.#open = new Set([this.readFd, this.writeFd]);
  }

  /** Leaves an end to somebody else, who closes it. */
  give(fd: number): number {
    this.#open.delete(fd);
    return fd;
  }

  /** Closes an end. */
  close(fd: number): void {
    if (this.#open.delete(fd)) closeFd(fd);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) closeFd(fd);
    this.#open.clear();
  }
}

/** Reads once; a copy of what came, at the end of the stream none, or `-errno`. */
export function readOnce(
  fd: number,
  mostBytes: number = READ_BYTES,
): Uint8Array<ArrayBuffer> | number {
  const bytes = new Uint8Array(mostBytes);
  const n = bound().read(fd, bytes, BigInt(mostBytes));
  return n < 0 ? -errno() : bytes.subarray(0, n);
}

/** Reads to the end of a stream. */
export async function readAll(fd: number): Promise<Uint8Array<ArrayBuffer>> {
  setNonBlocking(fd, true);
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = readOnce(fd);
    if (typeof part === "number") await waitReadable([fd], 1000);
    else if (part.length === 0) break;
    else parts.push(part);
  }
  return joinBytes(parts);
}

/** Reads a text to the end of a stream. */
export async function readText(fd: number): Promise<string> {
  return new TextDecoder().decode(await readAll(fd));
}

/** Writes once: the number of bytes that went, or `-errno`. */
export function writeOnce(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  const n = bound().write(fd, bytes, BigInt(bytes.length));
  return n < 0 ? -errno() : n;
}

/** One array after the other. */
export function joinBytes(
  parts: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
