/**
 * Local sockets: `struct sockaddr_un` (sys/un.h), and the three kinds of
 * socket that go with it (unix(7)).
 *
 * @module
 */

import { EAGAIN, EINTR } from "./errno.ts";
import { closeFd, ioctl, O_CLOEXEC, O_NONBLOCK } from "./fd.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import { POLLHUP, PollSet } from "./poll.ts";

export const AF_UNIX = 1;

/** A stream of bytes. */
export const SOCK_STREAM = 1;
/** Packets without a connection. */
export const SOCK_DGRAM = 2;
/** Packets over a connection. */
export const SOCK_SEQPACKET = 5;

/** Size of `struct sockaddr_un`: u16 family in host order, 108 bytes of path. */
export const SOCKADDR_UN_BYTES = 110;
const FAMILY_BYTES = 2;
/** The longest path, in bytes: one is left for the zero behind it. */
export const MAX_SOCKET_PATH_BYTES = 107;

const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_PEERCRED = 17;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** The other side sends no more (poll(2)). */
const POLLRDHUP = 0x2000;
/** Bytes that wait to be received (unix(7)). */
const FIONREAD = 0x541bn;

const bound = libc({
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" }, // domain, type, protocol
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" }, // …, int fds[2]
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" }, // fd, const struct sockaddr *, socklen_t
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" }, // fd, int backlog
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" }, // fd, NULL, NULL, int flags
  fchmod: { parameters: ["i32", "u32"], result: "i32" }, // fd, mode_t
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" }, // ssize_t; fd, void *, size_t, flags
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  getsockopt: {
    // fd, int level, int name, void *value, socklen_t *length
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" }, // fd, struct sockaddr *, socklen_t *
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" }, // fd, int command, int argument
});

/**
 * A path as `struct sockaddr_un`, all {@linkcode SOCKADDR_UN_BYTES} of it,
 * zeros behind the path.
 *
 * @throws {RangeError} If it is longer than {@linkcode MAX_SOCKET_PATH_BYTES}.
 */
export function packUnixAddress(path: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(path);
  if (text.length > MAX_SOCKET_PATH_BYTES) {
    throw new RangeError(
      `Cannot use "${path}" as a socket's path has at most ` +
        `${MAX_SOCKET_PATH_BYTES} bytes: received ${text.length}`,
    );
  }
  const address = new Uint8Array(SOCKADDR_UN_BYTES);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(text, FAMILY_BYTES);
  return address;
}

/**
 * The path in a `struct sockaddr_un`; undefined if the family is another one,
 * or the text is no UTF-8, or empty.
 *
 * @param address At least 2 bytes; ends, or has a zero byte, behind the path.
 */
export function unpackUnixAddress(address: Uint8Array): string | undefined {
  const { buffer, byteOffset } = address;
  if (address.length <= FAMILY_BYTES) return undefined;
  const family = new DataView(buffer, byteOffset).getUint16(0, true);
  if (family !== AF_UNIX) return undefined;
  const zero = address.indexOf(0, FAMILY_BYTES);
  const end = zero < 0 ? address.length : zero;
  if (end === FAMILY_BYTES) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(address.subarray(FAMILY_BYTES, end));
  } catch {
    return undefined;
  }
}

/**
 * What kind of socket a descriptor is.
 *
 * @returns One of the SOCK_ types; `-errno` for what is none: `-EBADF` if it
 * is not open, `-ENOTSOCK` if it is something else.
 */
export function socketType(fd: number): number {
  const value = new Int32Array(1);
  const error = ask(fd, SO_TYPE, value);
  return error === 0 ? value[0] : -error;
}

/** Asks for an option of level SOL_SOCKET; the error's number, or 0. */
function ask(
  fd: number,
  name: number,
  value: Int32Array<ArrayBuffer>,
): number {
  const length = new Uint32Array([value.byteLength]);
  const { getsockopt } = bound();
  return getsockopt(fd, SOL_SOCKET, name, value, length) === 0 ? 0 : errno();
}

/** Whether a socket has a peer, or had one. */
export function isConnected(fd: number): boolean {
  const address = new Uint8Array(SOCKADDR_UN_BYTES);
  const length = new Uint32Array([address.length]);
  return bound().getpeername(fd, address, length) === 0;
}

/** Whether the other side of a connection has closed, or will send no more. */
export function isHungUp(fd: number): boolean {
  const polls = new PollSet(1);
  polls.set(0, fd, POLLRDHUP);
  polls.wait(0);
  return (polls.happened(0) & (POLLHUP | POLLRDHUP)) !== 0;
}

/** Whether nothing with a byte in it will come any more: the other side has hung up, and all it sent is received. */
export function isAtEnd(fd: number): boolean {
  if (!isHungUp(fd)) return false;
  const bytes = new Uint8Array(4);
  return ioctl(fd, FIONREAD, bytes) < 0 || bytes.every((byte) => byte === 0);
}

/** Who is at the other end of a connection (`struct ucred`). */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A local socket, non-blocking and closed in programs that this one starts. */
export class UnixSocket implements Disposable {
  #open = true;

  private constructor(readonly fd: number) {}

  /** @throws {SystemError} If there are no descriptors left. */
  static make(type: number): UnixSocket {
    const flags = type | O_NONBLOCK | O_CLOEXEC;
    return new UnixSocket(
      check(bound().socket(AF_UNIX, flags, 0), "make a local socket"),
    );
  }

  /** Two sockets connected to each other. @throws {SystemError} If there are no descriptors left. */
  static pair(type: number): [UnixSocket, UnixSocket] {
    const fds = new Int32Array(2);
    const flags = type | O_NONBLOCK | O_CLOEXEC;
    check(bound().socketpair(AF_UNIX, flags, 0, fds), "make a socket pair");
    return [new UnixSocket(fds[0]), new UnixSocket(fds[1])];
  }

  /**
   * Takes a descriptor over that was opened elsewhere, and closes it in
   * programs that are started from now on: one that kept it open would hide
   * our end from the other side. Whether it blocks is left as it is, as
   * others may share that; none of the calls here waits.
   */
  static own(fd: number): UnixSocket {
    bound().fcntl(fd, F_SETFD, FD_CLOEXEC);
    return new UnixSocket(fd);
  }

  /**
   * Permission bits of the name that `bind` will make; the umask takes its
   * bits away from them. Set before, so that the name never has others.
   *
   * @throws {SystemError} If the kernel refuses.
   */
  setMode(mode: number): void {
    check(bound().fchmod(this.fd, mode), "set the mode of a local socket");
  }

  /** Gives it a name in the file system. @throws {SystemError} EADDRINUSE if there is a file of that name. */
  bind(path: string): void {
    const address = packUnixAddress(path);
    check(
      bound().bind(this.fd, address, address.length),
      `bind a socket to "${path}"`,
    );
  }

  /**
   * Connects it; never waits.
   *
   * @throws {SystemError} ENOENT, ECONNREFUSED if nobody has that name open;
   * EAGAIN if a listener's queue is full; EPROTOTYPE if it is of another type.
   */
  connect(path: string): void {
    const address = packUnixAddress(path);
    check(
      bound().connect(this.fd, address, address.length),
      `connect to "${path}"`,
    );
  }

  /** Lets others connect. @throws {SystemError} If it is of the wrong type. */
  listen(backlog: number): void {
    check(bound().listen(this.fd, backlog), "listen on a local socket");
  }

  /**
   * The next connection, if one waits.
   *
   * @throws {SystemError} EMFILE, ENFILE if there are no descriptors left:
   * the connection goes on waiting.
   */
  accept(): UnixSocket | undefined {
    const flags = O_NONBLOCK | O_CLOEXEC;
    for (;;) {
      const fd = bound().accept4(this.fd, null, null, flags);
      if (fd >= 0) return new UnixSocket(fd);
      const error = errno();
      if (error === EINTR) continue;
      if (error === EAGAIN) return undefined;
      throw new SystemError("accept a connection", error);
    }
  }

  /**
   * Receives once into `bytes`; for handshakes.
   *
   * @returns Bytes received; 0 at the end; `-errno`. Never throws.
   */
  receive(bytes: Uint8Array<ArrayBuffer>): number {
    for (;;) {
      const size = BigInt(bytes.length);
      const n = bound().recv(this.fd, bytes, size, MSG_DONTWAIT);
      if (n >= 0) return n;
      const error = errno();
      if (error !== EINTR) return -error;
    }
  }

  /** Sends once; for handshakes. @returns Bytes sent, or `-errno`. Never throws. */
  send(bytes: Uint8Array<ArrayBuffer>): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    for (;;) {
      const n = bound().send(this.fd, bytes, BigInt(bytes.length), flags);
      if (n >= 0) return n;
      const error = errno();
      if (error !== EINTR) return -error;
    }
  }

  /** The process at the other end, as it was when it connected or listened. */
  peerCredentials(): PeerCredentials | undefined {
    const value = new Int32Array(3);
    // Uid -1 stands for nobody; pid 0 for a process out of our sight.
    return ask(this.fd, SO_PEERCRED, value) === 0 && value[1] !== -1
      ? { pid: value[0], uid: value[1] >>> 0, gid: value[2] >>> 0 }
      : undefined;
  }

  /** One of the SOCK_ types; undefined for what is no socket. */
  get type(): number | undefined {
    const type = socketType(this.fd);
    return type < 0 ? undefined : type;
  }

  /** Sizes both buffers, as far as the system's limit goes. */
  setBuffers(sizeBytes: number): void {
    const value = new Int32Array([sizeBytes]);
    for (const name of [SO_SNDBUF, SO_RCVBUF]) {
      bound().setsockopt(this.fd, SOL_SOCKET, name, value, 4);
    }
  }

  /** Hands the descriptor to another owner: disposing does nothing any more. */
  release(): number {
    this.#open = false;
    return this.fd;
  }

  /** Closes it. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }
}
