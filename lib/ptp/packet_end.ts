/**
 * The protocol of 2025: a connection that keeps packets apart. The first end
 * listens. It tells whoever connects one byte: 0, or the number of an error,
 * EISCONN where a peer is there already. Frames follow, one a packet.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { EPOLLIN } from "../../ffi/epoll.ts";
import { EAGAIN, EISCONN, errnoName } from "../../ffi/errno.ts";
import { SystemError } from "../../ffi/libc.ts";
import { isHungUp, SOCK_SEQPACKET, UnixSocket } from "../../ffi/unix_socket.ts";
import { PlugError } from "../plug/errors.ts";
import {
  CHECK_MS,
  type End,
  NEVER,
  OVER,
  RETRY_MS,
  type Surroundings,
} from "./end.ts";
import { SocketName } from "./socket_name.ts";

/** Connections that may wait. */
const BACKLOG = 16;
/** Most of them looked at in one turn. */
const MAX_VISITORS = 16;
const ACCEPTED = new Uint8Array([0]);
const REFUSED = new Uint8Array([EISCONN]);

/** How long the second end waits for the byte. */
export const ANSWER_MS = 2000;
/** More than it has: an answer that is longer is none. */
const ANSWER_BYTES = 4;

/** Wanted of the kernel, which gives what its limits allow. */
export const BUFFER_BYTES = 1 << 20;

/** The first end: listens, and has one peer at a time. */
export class Listener implements End {
  readonly kind = "packets";
  readonly asks = false;
  #receives = false;
  #sends = false;
  /** There were no descriptors left: whoever waits is not looked at for a while. */
  #pauses = false;

  private constructor(
    private readonly around: Surroundings,
    private readonly socket: UnixSocket,
    private readonly name: SocketName,
  ) {
    around.watch.add(socket.fd);
  }

  /**
   * Takes a free path, or a dead end's.
   *
   * @param leftover As {@linkcode SocketName} has it.
   * @returns Undefined if somebody else was faster.
   */
  static open(around: Surroundings, leftover?: string): Listener | undefined {
    using opening = new DisposableStack();
    const socket = opening.use(UnixSocket.make(SOCK_SEQPACKET));
    const { path, access } = around;
    const options = { access, leftover, backlog: BACKLOG };
    const name = SocketName.give(socket, path, options);
    if (name === undefined) return undefined;
    opening.use(name);
    const listener = new Listener(around, socket, name);
    opening.move();
    return listener;
  }

  get receives(): boolean {
    return this.#receives;
  }

  get sends(): boolean {
    return this.#sends;
  }

  tend(): number {
    const { watch } = this.around;
    if (this.#pauses) watch.modify(this.socket.fd, EPOLLIN, 0);
    this.#pauses = false;
    try {
      this.#receiveVisitors();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // Who waits makes the socket readable all the time.
      watch.modify(this.socket.fd, 0, 0);
      this.#pauses = true;
      return RETRY_MS;
    }
    if (this.#receives) return NEVER;
    return this.name.holds ? CHECK_MS : OVER;
  }

  #receiveVisitors(): void {
    for (let count = 0; count < MAX_VISITORS; count++) {
      // Its last frames are still to be received; then the place is free.
      if (this.#receives && isHungUp(this.around.slot.fd)) return;
      using visitor = this.socket.accept();
      if (visitor === undefined) return;
      if (this.#receives) visitor.send(REFUSED);
      else if (visitor.send(ACCEPTED) === ACCEPTED.length) this.#take(visitor);
    }
  }

  #take(visitor: UnixSocket): void {
    const { slot, watch } = this.around;
    visitor.setBuffers(BUFFER_BYTES);
    slot.put(visitor.release());
    watch.add(slot.fd);
    this.#receives = true;
    this.#sends = true;
  }

  lose(): boolean {
    this.around.slot.empty();
    this.#receives = false;
    this.#sends = false;
    return true;
  }

  doubt(): void {
    if (isHungUp(this.around.slot.fd)) this.#sends = false;
  }

  [Symbol.dispose](): void {
    // In this order: who is left finds nobody to ask, and takes the place.
    this.name[Symbol.dispose]();
    this.socket[Symbol.dispose]();
    if (this.#receives) this.lose();
  }
}

/** The second end: asks, and is gone when its peer is. */
export class Caller implements End {
  readonly kind = "packets";
  readonly #deadlineMs = monotonicMs() + ANSWER_MS;
  readonly #socket: UnixSocket;
  #asks = true;
  #sends = false;

  /** @param socket Connected to the first end; taken over. */
  constructor(private readonly around: Surroundings, socket: UnixSocket) {
    const { slot, watch } = around;
    socket.setBuffers(BUFFER_BYTES);
    slot.put(socket.release());
    watch.add(slot.fd);
    this.#socket = UnixSocket.own(slot.fd);
    // The descriptor is the slot's.
    this.#socket.release();
  }

  get asks(): boolean {
    return this.#asks;
  }

  get receives(): boolean {
    return !this.#asks;
  }

  get sends(): boolean {
    return this.#sends;
  }

  tend(): number {
    if (!this.#asks) return NEVER;
    const answer = new Uint8Array(ANSWER_BYTES);
    const length = this.#socket.receive(answer);
    if (length === -EAGAIN) return this.#wait();
    // It has gone, and may have left the place to us.
    if (length <= 0) return OVER;
    if (length !== 1) throw refusal(this.around.path, "EPROTO", "no answer");
    if (answer[0] !== 0) throw errorOf(this.around.path, answer[0]);
    this.#asks = false;
    this.#sends = true;
    return NEVER;
  }

  #wait(): number {
    const leftMs = Math.ceil(this.#deadlineMs - monotonicMs());
    if (leftMs > 0) return leftMs;
    const found = `no answer within ${ANSWER_MS} ms`;
    const hint = "the other end answers while its program receives frames";
    throw refusal(this.around.path, "ETIMEDOUT", found, hint);
  }

  lose(): boolean {
    return false;
  }

  doubt(): void {
    if (isHungUp(this.around.slot.fd)) this.#sends = false;
  }

  [Symbol.dispose](): void {
    this.around.slot.empty();
  }
}

/** What the number that the first end answers means. */
function errorOf(path: string, errno: number): PlugError {
  if (errno === EISCONN) return taken(path);
  const code = errnoName(errno);
  return refusal(path, code, `the other end refuses us (${code})`);
}

/** Two ends are there already. */
export function taken(path: string): PlugError {
  return new PlugError(
    `Cannot join the pair at "${path}": another pair uses this path (EISCONN)`,
    { code: "EISCONN", hint: "choose another path, or end one of the two" },
  );
}

function refusal(
  path: string,
  code: string,
  found: string,
  hint?: string,
): PlugError {
  const text = `Cannot join the pair at "${path}": ${found}`;
  return new PlugError(text, { code, hint });
}
