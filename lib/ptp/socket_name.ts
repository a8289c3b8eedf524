/**
 * The name of a socket that others look for, so that nobody ever finds it half
 * done.
 *
 * The socket gets its name in three steps: it is bound to a name beside the
 * one it is to have, which nobody knows; then it listens, if it is to, and
 * gets its mode and group; then it is given its name, with link(2), which
 * fails if there is one already, so that of two processes that try at the same
 * moment one wins. What a dead process left is replaced with rename(2).
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { type NameAccess, setAccess } from "../../ffi/access.ts";
import { EACCES, EEXIST, ENOENT, EPERM } from "../../ffi/errno.ts";
import { addName, nameFacts, removeName, renameFile } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import type { UnixSocket } from "../../ffi/unix_socket.ts";

/** Before its mode is set, nobody else finds the socket. */
const UNREADY_MODE = 0o600;
/** Hexadecimal digits of the name that nobody knows. */
const UNIQUE_DIGITS = 8;

/** How a name is given. */
export interface NameOptions {
  /** Exactly these permission bits, whatever the umask. */
  readonly access: NameAccess;
  /** Connections that may wait to be accepted; absent: the socket does not listen. */
  readonly backlog?: number;
  /** What a dead process left and is to be replaced, as {@linkcode identityOf} knows it; absent: the name has to be free. */
  readonly leftover?: string;
}

/** Which file a name means; undefined if none. */
export function identityOf(path: string): string | undefined {
  return nameFacts(path)?.identity;
}

/** A name beside another one that nobody else uses. Process ids would not do: threads share theirs, and so do containers. */
export function nameBeside(path: string): string {
  return join(dirname(path), `.${crypto.randomUUID().slice(0, UNIQUE_DIGITS)}`);
}

/** A name that one of our sockets has. Disposing removes it. */
export class SocketName implements Disposable {
  readonly #identity: string | undefined;
  #removed = false;

  private constructor(readonly path: string) {
    this.#identity = identityOf(path);
  }

  /**
   * Gives a socket its name.
   *
   * @param socket Not bound yet; stays the caller's.
   * @returns Undefined if somebody else was faster.
   * @throws {SystemError} If the kernel refuses.
   */
  static give(
    socket: UnixSocket,
    path: string,
    { access, backlog, leftover }: NameOptions,
  ): SocketName | undefined {
    const unready = nameBeside(path);
    socket.setMode(UNREADY_MODE);
    socket.bind(unready);
    // Only this file is removed at the end, whatever its name is by then.
    using own = new SocketName(unready);
    if (backlog !== undefined) socket.listen(backlog);
    setAccess(unready, access);
    const given = leftover === undefined
      ? link(unready, path)
      : replace(unready, path, leftover);
    if (!given) return undefined;
    const name = new SocketName(path);
    return name.#identity === own.#identity ? name : undefined;
  }

  /** Whether the name still means the socket it was given to. */
  get holds(): boolean {
    return !this.#removed && identityOf(this.path) === this.#identity;
  }

  /** Removes the name, if it is still ours. Twice is harmless. */
  [Symbol.dispose](): void {
    if (this.#identity === undefined || !this.holds) return;
    this.#removed = true;
    try {
      removeName(this.path);
    } catch (error) {
      // Gone by itself, or in a folder that is no longer ours to write to.
      const isPast = error instanceof SystemError &&
        [ENOENT, EACCES, EPERM].includes(error.errno);
      if (!isPast) throw error;
    }
  }
}

function link(unready: string, path: string): boolean {
  try {
    addName(unready, path);
    return true;
  } catch (error) {
    if (error instanceof SystemError && error.errno === EEXIST) return false;
    throw error;
  }
}

/**
 * Takes the place of a leftover. Between the look and the step another process
 * may have done the same: its socket then has no name any more, which it finds
 * out by `holds`, and comes to us.
 */
function replace(unready: string, path: string, leftover: string): boolean {
  const found = identityOf(path);
  if (found === undefined) return link(unready, path);
  if (found !== leftover) return false;
  renameFile(unready, path);
  return true;
}

/** The longest of the names that are made for a socket at `path`, in bytes. */
export function longestNameBytes(path: string): number {
  const beside = nameBeside(path);
  const longer = basename(beside).length > basename(path).length
    ? beside
    : path;
  return new TextEncoder().encode(longer).length;
}
