/**
 * The data socket of a VDE switch's client: a datagram socket with a name, at
 * which the switch finds it during the handshake.
 *
 * @module
 */

import { setAccess } from "../../ffi/access.ts";
import { EACCES, EADDRINUSE, ENOENT, EPERM } from "../../ffi/errno.ts";
import { nameFacts, removeName } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import {
  MAX_SOCKET_PATH_BYTES,
  SOCK_DGRAM,
  UnixSocket,
} from "../../ffi/unix_socket.ts";
import { userId } from "../../ffi/users.ts";

/** Where the name goes if the switch's folder takes none. */
const FALLBACK_FOLDERS = ["/var/run", "/var/tmp", "/tmp"];
/** Names tried in a folder: all that the counter's digits give. */
const MAX_NAMES = 100_000;
const DIGITS = 5;

/** Owner's bits: nobody else finds the name before it is as it should be. */
const OWNER = 0o700;
const GROUP = 0o070;
const OTHERS = 0o077;
const PERMISSIONS = 0o777;
const ROOT = 0;

/** Who may send to the socket. */
export interface DataSocketAccess {
  /** Permission bits. */
  readonly mode: number;
  /** Its group; absent: the switch's, if that is the only way for the switch to get in. */
  readonly gid?: number;
}

/** The switch, as far as it matters here. */
export interface SwitchFacts {
  /** Its folder. */
  readonly directory: string;
  /** The user it runs as. */
  readonly uid: number;
  /** Group of its control socket. */
  readonly gid: number;
}

/** A datagram socket and its name. Disposing closes it, and removes the name. */
export class DataSocket implements Disposable {
  readonly #socket = UnixSocket.make(SOCK_DGRAM);
  #path = "";

  /**
   * Makes one, with a fresh name in the switch's folder, or elsewhere.
   *
   * @throws {SystemError} If no folder takes it, or there are no descriptors
   * left, or it cannot be given that group or mode.
   */
  static open(facts: SwitchFacts, access: DataSocketAccess): DataSocket {
    using opening = new DisposableStack();
    const data = opening.use(new DataSocket());
    data.#bind(facts.directory, access.mode);
    data.#admit(facts, access);
    opening.move();
    return data;
  }

  /** Its name. */
  get path(): string {
    return this.#path;
  }

  /** Who may send to it: permission bits and group, as they are now. */
  access(): { mode: number; gid: number } {
    const { mode = 0, gid = 0 } = nameFacts(this.#path) ?? {};
    return { mode: mode & PERMISSIONS, gid };
  }

  /** Connects it to the switch's. @throws {SystemError} If that is not there, or not for us. */
  connect(path: string): void {
    this.#socket.connect(path);
  }

  /** Removes the name, and hands the socket to the caller. */
  release(): UnixSocket {
    this.#unlink();
    return UnixSocket.own(this.#socket.release());
  }

  [Symbol.dispose](): void {
    this.#unlink();
    this.#socket[Symbol.dispose]();
  }

  #bind(directory: string, mode: number): void {
    this.#socket.setMode(mode & OWNER);
    const pid = digits(Deno.pid);
    let refusal: unknown;
    for (
      const prefix of [
        `${directory}/.${pid}-`,
        ...FALLBACK_FOLDERS.map((folder) => `${folder}/vde.${pid}-`),
      ]
    ) {
      try {
        return this.#bindFresh(prefix);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  #bindFresh(prefix: string): void {
    const { length } = new TextEncoder().encode(prefix);
    for (let count = 0; count < MAX_NAMES; count++) {
      const path = prefix + digits(count);
      try {
        if (length + DIGITS > MAX_SOCKET_PATH_BYTES) break;
        this.#socket.bind(path);
        this.#path = path;
        return;
      } catch (error) {
        // An older process of this number has left it behind.
        if (!isInUse(error)) throw error;
      }
    }
    throw new SystemError(`bind a socket to "${prefix}…"`, EADDRINUSE);
  }

  /** Gives the name its group and its mode. */
  #admit(facts: SwitchFacts, { mode, gid }: DataSocketAccess): void {
    if (gid !== undefined) return setAccess(this.#path, { mode, gid });
    const isForeign = facts.uid !== ROOT && facts.uid !== userId();
    if ((mode & OTHERS) === 0 && isForeign) {
      try {
        return setAccess(this.#path, { mode: mode | GROUP, gid: facts.gid });
      } catch {
        // We are not in that group: the handshake shows if the switch minds.
      }
    }
    setAccess(this.#path, { mode });
  }

  #unlink(): void {
    if (this.#path === "") return;
    try {
      removeName(this.#path);
    } catch (error) {
      // The folder went with the switch, or is no longer ours to write to.
      const isPast = error instanceof SystemError &&
        [ENOENT, EACCES, EPERM].includes(error.errno);
      if (!isPast) throw error;
    }
    this.#path = "";
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof SystemError && error.errno === EADDRINUSE;
}

function digits(number: number): string {
  return String(number).padStart(DIGITS, "0");
}
