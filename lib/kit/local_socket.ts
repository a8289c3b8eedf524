/**
 * A local socket of datagrams between two names in the file system (unix(7)).
 *
 * It is connected to the other end as soon as that is there: only of a
 * connected socket does the kernel tell when the other end has room again. An
 * end that is gone is noticed at the next frame, and looked for anew at the
 * one after it.
 *
 * @module
 */

import {
  EADDRINUSE,
  EAGAIN,
  ECONNREFUSED,
  ENOBUFS,
  ENOENT,
  EPERM,
} from "../../ffi/errno.ts";
import { nameFacts, removeName } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import { SOCK_DGRAM, UnixSocket } from "../../ffi/unix_socket.ts";
import { PlugError } from "../plug/errors.ts";
import type { FrameLink, SendResult } from "../plug/kit.ts";

/** Wanted of the kernel, which gives what its limits allow. */
const BUFFER_BYTES = 1 << 20;

/** Opens one; see `PluginKit.localSocket`. */
export function openLocalSocket(path: string, peer: string): FrameLink {
  try {
    return new LocalSocket(path, peer);
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    throw new PlugError(cause.message, { code: cause.code, cause });
  }
}

/** One end. */
class LocalSocket implements FrameLink {
  readonly fd: number;
  readonly writeFd: number;
  readonly #socket: UnixSocket;
  readonly #path: string;
  readonly #identity: string | undefined;
  readonly #peer: string;
  #isConnected = false;

  constructor(path: string, peer: string) {
    this.#socket = makeSocket(path);
    this.fd = this.writeFd = this.#socket.fd;
    this.#path = path;
    this.#peer = peer;
    this.#identity = nameFacts(path)?.identity;
  }

  receive(room: Uint8Array<ArrayBuffer>): number {
    const length = this.#socket.receive(room);
    if (length >= 0 || length === -EAGAIN) return length < 0 ? -1 : length;
    // The other end has closed; the next send notices, too.
    if (length === -ECONNREFUSED) return -1;
    throw this.#broken("receive from", -length);
  }

  send(frame: Uint8Array<ArrayBuffer>): SendResult {
    if (!this.#isConnected && !this.#connect()) return "down";
    const sent = this.#socket.send(frame);
    if (sent >= 0) return "sent";
    if (sent === -EAGAIN || sent === -ENOBUFS) return "full";
    this.#isConnected = false;
    if (isAbsent(-sent)) return "down";
    throw this.#broken("send to", -sent);
  }

  #connect(): boolean {
    try {
      this.#socket.connect(this.#peer);
    } catch (error) {
      if (error instanceof SystemError && isAbsent(error.errno)) return false;
      throw error;
    }
    return this.#isConnected = true;
  }

  #broken(attempt: string, errno: number): PlugError {
    const cause = new SystemError(`${attempt} "${this.#peer}"`, errno);
    return new PlugError(cause.message, { code: cause.code, cause });
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
    // Somebody else's may have taken its place.
    const now = nameFacts(this.#path)?.identity;
    if (now !== undefined && now === this.#identity) removeName(this.#path);
  }
}

/** Nobody is there; or somebody who still talks to one before us, and learns better with its next frame. */
function isAbsent(errno: number): boolean {
  return errno === ENOENT || errno === ECONNREFUSED || errno === EPERM;
}

function makeSocket(path: string): UnixSocket {
  const socket = UnixSocket.make(SOCK_DGRAM);
  try {
    socket.setBuffers(BUFFER_BYTES);
    bind(socket, path);
    return socket;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

function bind(socket: UnixSocket, path: string): void {
  try {
    socket.bind(path);
  } catch (error) {
    const isTaken = error instanceof SystemError && error.errno === EADDRINUSE;
    if (!isTaken || !isLeftBehind(path)) throw error;
    removeName(path);
    socket.bind(path);
  }
}

/** Whether a name is a socket's that nobody has open any more. */
function isLeftBehind(path: string): boolean {
  if (nameFacts(path)?.kind !== "socket") return false;
  using probe = UnixSocket.make(SOCK_DGRAM);
  try {
    probe.connect(path);
    return false;
  } catch (error) {
    return error instanceof SystemError && error.errno === ECONNREFUSED;
  }
}
