/**
 * A local socket of datagrams between two names in the file system (unix(7)).
 *
 * It is connected to the other end as soon as that is there: only of a
 * connected socket does the kernel tell when the other end has room again. But
 * a connected socket hears nobody else, and of the death of its peer the kernel
 * tells only who sends. So an end that leaves disconnects: the other one's
 * socket gives ECONNRESET, which wakes it, and it lets go once it has received
 * all that came. A peer that was killed is noticed at the next frame that is
 * sent, and looked for anew at the one after it.
 *
 * @module
 */

import {
  connectDatagrams,
  disconnectDatagrams,
} from "../../ffi/datagram_peer.ts";
import {
  EADDRINUSE,
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  ENOBUFS,
  ENOENT,
  EPERM,
} from "../../ffi/errno.ts";
import { nameFacts, removeName } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import { POLLIN, PollSet } from "../../ffi/poll.ts";
import {
  packUnixAddress,
  SOCK_DGRAM,
  UnixSocket,
} from "../../ffi/unix_socket.ts";
import { PlugError } from "../plug/errors.ts";
import type { FrameLink, SendResult } from "../plug/kit.ts";
import { orPlugError } from "./plug_error.ts";

/** Wanted of the kernel, which gives what its limits allow. */
const BUFFER_BYTES = 1 << 20;

/** Opens one; see `PluginKit.localSocket`. */
export function openLocalSocket(path: string, peer: string): FrameLink {
  return orPlugError(() => new LocalSocket(path, peer));
}

/** One end. */
class LocalSocket implements FrameLink {
  readonly fd: number;
  readonly writeFd: number;
  readonly #socket: UnixSocket;
  readonly #path: string;
  readonly #identity: string | undefined;
  readonly #peer: string;
  readonly #peerAddress: Uint8Array<ArrayBuffer>;
  readonly #polls = new PollSet(1);
  #isOpen = true;
  #isConnected = false;
  /** The other end has left; what it sent may still be there, and would be lost with the connection. */
  #isForsaken = false;

  constructor(path: string, peer: string) {
    this.#peerAddress = packUnixAddress(peer);
    this.#socket = makeSocket(path);
    this.fd = this.writeFd = this.#socket.fd;
    this.#path = path;
    this.#peer = peer;
    this.#identity = nameFacts(path)?.identity;
  }

  receive(room: Uint8Array<ArrayBuffer>): number {
    let length = this.#socket.receive(room);
    if (length === -ECONNRESET) {
      this.#isForsaken = true;
      length = this.#socket.receive(room);
    }
    if (length >= 0) return length;
    if (length === -EAGAIN) {
      if (this.#isForsaken) this.#letGo();
      return -1;
    }
    // The next send notices, too.
    if (length === -ECONNREFUSED) return -1;
    throw this.#broken("receive from", -length);
  }

  send(frame: Uint8Array<ArrayBuffer>): SendResult {
    if (this.#isForsaken && !this.#isLeft()) return "down";
    if (!this.#isConnected && !this.#connect()) return "down";
    const sent = this.#socket.send(frame);
    if (sent >= 0) return "sent";
    if (sent === -EAGAIN || sent === -ENOBUFS) return "full";
    if (sent === -ECONNRESET) {
      this.#isForsaken = true;
      return this.send(frame);
    }
    this.#isConnected = false;
    if (isAbsent(-sent)) return "down";
    throw this.#broken("send to", -sent);
  }

  /** Leaves an end that has left, unless something of it is still to be received. */
  #isLeft(): boolean {
    this.#polls.set(0, this.fd, POLLIN);
    if (this.#polls.wait(0) > 0) return false;
    this.#letGo();
    return true;
  }

  /** Hears everybody again. */
  #letGo(): void {
    disconnectDatagrams(this.fd);
    this.#isConnected = this.#isForsaken = false;
  }

  #connect(): boolean {
    const result = connectDatagrams(this.fd, this.#peerAddress);
    if (result === 0) return this.#isConnected = true;
    if (isAbsent(-result)) return false;
    throw this.#broken("connect to", -result);
  }

  #broken(attempt: string, errno: number): PlugError {
    const cause = new SystemError(`${attempt} "${this.#peer}"`, errno);
    return new PlugError(cause.message, { code: cause.code, cause });
  }

  /** Only to somebody to whom one is connected can one say goodbye. */
  #sayGoodbye(): void {
    const result = connectDatagrams(this.fd, this.#peerAddress);
    if (result === 0) disconnectDatagrams(this.fd);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      // Before the goodbye: whoever hears that must not find us again.
      this.#removeName();
    } finally {
      this.#sayGoodbye();
      this.#socket[Symbol.dispose]();
    }
  }

  #removeName(): void {
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
