/**
 * The folder that a switch is reached by: the control socket `ctl`, one data
 * socket `fdN` for each port, and what clients put there.
 *
 * Whoever sees the folder can connect. So it is made under another name beside
 * its own, and moved into place, as one step, once the control socket listens.
 * A folder that a dead switch left is emptied and replaced; what is anything
 * else is left as it is. Of switches that start at the same time on the same
 * folder, one wins: a leftover is replaced under a lock (flock(2)).
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { setAccess } from "../../ffi/access.ts";
import {
  ECONNREFUSED,
  EEXIST,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
} from "../../ffi/errno.ts";
import {
  type FileFacts,
  FileLock,
  makeFolder,
  nameFacts,
  namesIn,
  readText,
  realPath,
  removeFolder,
  removeName,
  renameFile,
} from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import {
  MAX_SOCKET_PATH_BYTES,
  SOCK_STREAM,
  UnixSocket,
} from "../../ffi/unix_socket.ts";
import { PlugError } from "../plug/errors.ts";

const CONTROL_NAME = "ctl";
/** Connections that wait to be accepted; the system's limit may be lower. */
const LISTEN_BACKLOG = 4096;
/** Nobody else may look into a folder that is not ready. */
const UNREADY_DIRECTORY_MODE = 0o700;
const UNREADY_SOCKET_MODE = 0o600;
/** Tries to find a folder that nobody else is just replacing. */
const MAX_TRIES = 10;
/** What the longest name in it adds to the folder's path. */
const LONGEST_NAME = "/fd4095";
/** What the control socket's name adds to the path of the folder's parent. */
const UNREADY_NAME = "/.vde-xxxxxxxx/ctl";

const READ_BITS = 0o444;
const WRITE_BITS = 0o222;
const SET_GROUP_ID = 0o2000;

/** Who may use a switch. */
export interface DirectoryAccess {
  /** Permission bits of the sockets. */
  readonly mode: number;
  /** Of the folder; absent: as {@linkcode directoryMode} says. */
  readonly directoryMode?: number;
  /** Group of all; absent: this process's. */
  readonly gid?: number;
}

/**
 * Permission bits of a folder for sockets of these: whoever may read or write
 * the sockets may look into it, and what is made in it gets its group.
 */
export function directoryMode(mode: number): number {
  const search = ((mode & READ_BITS) >> 2) | ((mode & WRITE_BITS) >> 1);
  return SET_GROUP_ID | mode | search;
}

/** A switch's folder. */
export class SwitchDirectory implements Disposable {
  /** Where it is: absolute. */
  readonly path: string;
  /** The control socket, listening. */
  readonly listener: UnixSocket;
  readonly #access: DirectoryAccess;
  readonly #identity: string | undefined;
  readonly #names = new Set<string>();
  #open = true;

  private constructor(
    path: string,
    listener: UnixSocket,
    access: DirectoryAccess,
  ) {
    this.path = path;
    this.listener = listener;
    this.#access = access;
    this.#identity = nameFacts(path)?.identity;
    this.#names.add(CONTROL_NAME);
  }

  /**
   * Makes the folder and its control socket.
   *
   * @param path Its name; the folder that it is to be in must exist.
   * @param access Exactly these bits are set, whatever the umask.
   * @throws {PlugError} EADDRINUSE if a switch has it, EEXIST if the name is
   * taken by something else, ENAMETOOLONG, or what the kernel refuses.
   */
  static create(path: string, access: DirectoryAccess): SwitchDirectory {
    return explaining(path, () => {
      const place = absolutePath(path);
      const unready = makeUnready(dirname(place));
      using cleaning = new DisposableStack();
      cleaning.defer(() => removeUnready(unready));
      const listener = cleaning.use(listenIn(unready, access));
      const { gid, directoryMode: mode = directoryMode(access.mode) } = access;
      setAccess(unready, { mode, gid });
      moveIntoPlace(unready, place);
      cleaning.move();
      return new SwitchDirectory(place, listener, access);
    });
  }

  /**
   * Gives a port's data socket its name.
   *
   * @returns The name, for the client.
   * @throws {SystemError} If the kernel refuses, or there is such a name.
   */
  bind(socket: UnixSocket, port: number): string {
    const name = `fd${port}`;
    const path = join(this.path, name);
    socket.setMode(this.#access.mode);
    socket.bind(path);
    this.#names.add(name);
    setAccess(path, this.#access);
    return path;
  }

  /** Takes a port's data socket's name away. */
  unbind(port: number): void {
    const name = `fd${port}`;
    if (this.#names.delete(name) && this.#isOurs()) this.#remove(name);
  }

  /** Whether the name still means the folder that was made, and no other's. */
  #isOurs(): boolean {
    const identity = nameFacts(this.path)?.identity;
    return identity !== undefined && identity === this.#identity;
  }

  #remove(name: string): void {
    removeIfThere(join(this.path, name));
  }

  /** Takes everything away that was made, and what clients have left. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.listener[Symbol.dispose]();
    try {
      if (!this.#isOurs()) return;
      for (const name of this.#names) this.#remove(name);
      for (const { name, isSocket } of entriesOf(this.path)) {
        if (isSocket) this.#remove(name);
      }
      removeFolder(this.path);
    } catch (error) {
      // Somebody has put something there, or taken our rights: it is theirs.
      if (!(error instanceof SystemError)) throw error;
    }
  }
}

function removeIfThere(path: string): void {
  try {
    removeName(path);
  } catch (error) {
    if (!(error instanceof SystemError && error.errno === ENOENT)) throw error;
  }
}

/** The path without links in its folders: clients have another working directory. */
function absolutePath(path: string): string {
  const place = join(realParent(path), basename(path));
  const length = (name: string) => new TextEncoder().encode(name).length;
  const longest = Math.max(
    length(place + LONGEST_NAME),
    length(dirname(place) + UNREADY_NAME),
  );
  if (longest <= MAX_SOCKET_PATH_BYTES) return place;
  throw new PlugError(
    `Cannot make switch "${path}" as the path of a socket in it has at most ` +
      `${MAX_SOCKET_PATH_BYTES} bytes: it would have ${longest}`,
    { code: "ENAMETOOLONG" },
  );
}

function realParent(path: string): string {
  const parent = dirname(path);
  try {
    return realPath(parent);
  } catch (cause) {
    const isMissing = cause instanceof SystemError && cause.errno === ENOENT;
    if (!isMissing) throw cause;
    throw new PlugError(
      `Cannot make switch "${path}": there is no folder "${parent}" (ENOENT)`,
      { code: "ENOENT", cause },
    );
  }
}

function makeUnready(parent: string): string {
  const random = crypto.getRandomValues(new Uint32Array(1))[0];
  const name = `.vde-${random.toString(16).padStart(8, "0")}`;
  const path = join(parent, name);
  makeFolder(path, UNREADY_DIRECTORY_MODE);
  // The umask may have taken our own rights away.
  setAccess(path, { mode: UNREADY_DIRECTORY_MODE });
  return path;
}

/** Takes away a folder that did not get its name. */
function removeUnready(path: string): void {
  removeIfThere(join(path, CONTROL_NAME));
  removeFolder(path);
}

function listenIn(folder: string, access: DirectoryAccess): UnixSocket {
  const path = join(folder, CONTROL_NAME);
  using opening = new DisposableStack();
  const listener = opening.use(UnixSocket.make(SOCK_STREAM));
  listener.setMode(UNREADY_SOCKET_MODE);
  listener.bind(path);
  setAccess(path, access);
  listener.listen(LISTEN_BACKLOG);
  opening.move();
  return listener;
}

/** Gives a folder its name, if that is free, or a dead switch's. */
function moveIntoPlace(unready: string, place: string): void {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const found = nameFacts(place);
    if (found === undefined) {
      if (tryMove(unready, place)) return;
    } else if (replace(unready, place, found)) return;
  }
  throw new PlugError(
    `Cannot make switch "${place}": others change it all the time`,
    { code: "EBUSY" },
  );
}

/** Whether the name was free, or meant an empty folder. */
function tryMove(unready: string, place: string): boolean {
  try {
    renameFile(unready, place);
    return true;
  } catch (error) {
    const isTaken = error instanceof SystemError &&
      [EEXIST, ENOTEMPTY, ENOTDIR].includes(error.errno);
    if (isTaken) return false;
    throw error;
  }
}

/** Replaces what a dead switch left; false: it was another folder by now. */
function replace(
  unready: string,
  place: string,
  found: FileFacts,
): boolean {
  if (found.kind !== "folder") throw somethingElse(place, "it is no folder");
  using _lock = new FileLock(place);
  if (nameFacts(place)?.identity !== found.identity) return false;
  const entries = entriesOf(place);
  const foreign = entries.find(({ isSocket }) => !isSocket);
  if (foreign !== undefined) {
    throw somethingElse(
      place,
      `it holds "${foreign.name}", which is no socket`,
    );
  }
  const living = entries.find(({ name }) => isAlive(join(place, name)));
  if (living !== undefined) {
    throw new PlugError(
      `Cannot make switch "${place}": another switch listens there (EADDRINUSE)`,
      { code: "EADDRINUSE", hint: `join it with vde://${place}` },
    );
  }
  for (const { name } of entries) removeName(join(place, name));
  return tryMove(unready, place);
}

function somethingElse(place: string, found: string): PlugError {
  return new PlugError(
    `Cannot make switch "${place}" as the name must be free, or of a folder that a switch left: ${found}`,
    { code: "EEXIST" },
  );
}

interface Entry {
  readonly name: string;
  readonly isSocket: boolean;
}

function entriesOf(folder: string): Entry[] {
  return namesIn(folder).map((name) => ({
    name,
    isSocket: (nameFacts(join(folder, name))?.kind ?? "socket") === "socket",
  }));
}

/**
 * Whether somebody has a socket's name open. A switch is not asked by
 * connecting to it where the kernel's list of names knows it: some spin when a
 * client leaves without a request.
 */
function isAlive(path: string): boolean {
  return isListed(path) || answers(path);
}

/** `/proc/net/unix`: the path is what follows the last number. */
function isListed(path: string): boolean {
  try {
    return readText("/proc/net/unix").split("\n")
      .some((line) => line.endsWith(` ${path}`));
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
}

/** Whether it cannot be ruled out that somebody listens. */
function answers(path: string): boolean {
  using socket = UnixSocket.make(SOCK_STREAM);
  try {
    socket.connect(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return error.errno !== ECONNREFUSED && error.errno !== ENOENT;
  }
  return true;
}

/** Turns what the system refuses into an error of a plug. */
function explaining<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    const { code, message } = cause;
    const found = message.charAt(0).toLowerCase() + message.slice(1);
    throw new PlugError(`Cannot make switch "${path}": ${found}`, {
      code,
      cause,
    });
  }
}
