/**
 * The way into a switch: connections to its control socket, requests for
 * ports, and the clients that leave.
 *
 * | a connection | becomes |
 * |---|---|
 * | accepted | a visitor, which has 5 s to ask |
 * | a visitor that asks for a port it can have | the control connection of that port |
 * | a visitor that asks for anything else, leaves, or takes too long | closed |
 * | a control connection that ends | closed, once the port's last frames are taken |
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { EPOLLIN, EPOLLRDHUP, type EpollSet } from "../../ffi/epoll.ts";
import { EAGAIN, EMFILE, ENFILE } from "../../ffi/errno.ts";
import { SystemError } from "../../ffi/libc.ts";
import { SOCK_DGRAM, UnixSocket } from "../../ffi/unix_socket.ts";
import { PlugError } from "../plug/errors.ts";
import type { Log } from "../plug/plugin.ts";
import {
  packReply,
  parseRequest,
  type PortRequest,
  REPLY_BYTES,
} from "../vde/request.ts";
import type { SwitchDirectory } from "./directory.ts";
import { Port, type PortOwner, type PortTable } from "./port.ts";
import { SpareDescriptor } from "./spare.ts";
import {
  controlToken,
  dataToken,
  LISTENER_TOKEN,
  visitorToken,
} from "./tokens.ts";
import {
  MAX_VISITORS,
  VISIT_MS,
  type Visitor,
  Visitors,
  VisitorState,
} from "./visitors.ts";

/** Connections that are accepted in one turn. */
const MAX_ACCEPTED = 32;
/** How long nobody is let in when there are no descriptors, not even to refuse. */
const PAUSE_MS = 500;
/**
 * What a client's queue holds, in bytes as the kernel counts them: some 450
 * full-sized frames. The kernel doubles it, and often allows no more than half.
 */
const SEND_BUFFER_BYTES = 0x8_0000;
const CONTROL_EVENTS = EPOLLIN | EPOLLRDHUP;

/** What a reception works with. All stay the caller's. */
export interface ReceptionOptions {
  readonly directory: SwitchDirectory;
  readonly ports: PortTable;
  readonly epoll: EpollSet;
  readonly log: Log;
  /** Whether clients that offer superframes may have them. */
  readonly superframes: boolean;
}

/** Lets clients in. Its work is done now and then, not for each frame. */
export class Reception implements Disposable {
  readonly #options: ReceptionOptions;
  readonly #visitors = new Visitors();
  readonly #spare = new SpareDescriptor();
  readonly #scratch = new Uint8Array(256);
  /** When the listener is watched again; 0: it is. */
  #pausedUntilMs = 0;
  #isShort = false;

  /**
   * @param options Kept.
   * @throws {SystemError} If there are no descriptors left.
   */
  constructor(options: ReceptionOptions) {
    const { directory, epoll } = options;
    this.#options = options;
    epoll.add(directory.listener.fd, EPOLLIN, LISTENER_TOKEN);
  }

  /** When `tend` has something to do, on the clock of `monotonicMs`; Infinity: nothing. */
  get deadlineMs(): number {
    const { first } = this.#visitors;
    const visit = first === undefined ? Infinity : first.sinceMs + VISIT_MS;
    return this.#pausedUntilMs > 0
      ? Math.min(visit, this.#pausedUntilMs)
      : visit;
  }

  /** Accepts the connections that wait. */
  accept(): void {
    for (let count = 0; count < MAX_ACCEPTED; count++) {
      let socket: UnixSocket | undefined;
      try {
        socket = this.#options.directory.listener.accept();
      } catch (error) {
        return this.#onAcceptFailure(error);
      }
      if (socket === undefined) return;
      this.#welcome(socket);
    }
  }

  #welcome(socket: UnixSocket): void {
    const { first } = this.#visitors;
    if (this.#visitors.size === MAX_VISITORS && first !== undefined) {
      this.#dismiss(first, "others wait");
    }
    const visitor = this.#visitors.add(socket, monotonicMs());
    try {
      const token = visitorToken(visitor.place);
      this.#options.epoll.add(socket.fd, CONTROL_EVENTS, token);
    } catch (error) {
      this.#dismiss(visitor, explain(error));
      return;
    }
    // A client asks as soon as it is connected.
    this.hear(visitor.place);
  }

  #onAcceptFailure(error: unknown): void {
    if (!(error instanceof SystemError)) throw error;
    const isShort = error.errno === EMFILE || error.errno === ENFILE;
    if (isShort) this.#warnOfShortage();
    if (isShort && this.#spare.refuse(this.#options.directory.listener) > 0) {
      return;
    }
    this.#pause();
  }

  #warnOfShortage(): void {
    if (this.#isShort) return;
    this.#isShort = true;
    this.#options.log.warn(
      `${this.#options.directory.path}: no descriptors are left: new ports are refused`,
    );
  }

  #pause(): void {
    const { directory, epoll } = this.#options;
    epoll.modify(directory.listener.fd, 0, LISTENER_TOKEN);
    this.#pausedUntilMs = monotonicMs() + PAUSE_MS;
  }

  #resume(): void {
    const { directory, epoll } = this.#options;
    this.#spare.restore();
    epoll.modify(directory.listener.fd, EPOLLIN, LISTENER_TOKEN);
    this.#pausedUntilMs = 0;
  }

  /** Sends visitors away who have had their time, and lets new ones in again. */
  tend(nowMs: number): void {
    if (this.#pausedUntilMs > 0 && nowMs >= this.#pausedUntilMs) this.#resume();
    for (;;) {
      const { first } = this.#visitors;
      if (first === undefined || nowMs < first.sinceMs + VISIT_MS) return;
      this.#dismiss(first, "it did not ask for a port in time");
    }
  }

  /** Something happened at the connection of the visitor at a place. */
  hear(place: number): void {
    const visitor = this.#visitors.at(place);
    if (visitor === undefined) return;
    switch (visitor.listen()) {
      case VisitorState.left:
        return this.#dismiss(visitor, "it left without a request");
      case VisitorState.asked:
        return this.#answer(visitor);
    }
  }

  #dismiss(visitor: Visitor, reason: string): void {
    const pid = visitor.socket.peerCredentials()?.pid ?? 0;
    this.#visitors.remove(visitor);
    visitor.socket[Symbol.dispose]();
    this.#options.log.debug(
      `${this.#options.directory.path}: sent process ${pid} away: ${reason}`,
    );
  }

  #answer(visitor: Visitor): void {
    try {
      this.#join(visitor, parseRequest(visitor.request));
    } catch (error) {
      if (!isExpected(error)) throw error;
      if (isShortage(error)) this.#warnOfShortage();
      this.#dismiss(visitor, explain(error));
    }
  }

  /** Makes a visitor a client with a port. */
  #join(visitor: Visitor, request: PortRequest): void {
    const { directory, ports, epoll, log } = this.#options;
    const number = ports.freeNumber(request.port);
    if (number === undefined) throw noPort(request);
    const control = visitor.socket;
    using opening = new DisposableStack();
    const data = opening.use(UnixSocket.make(SOCK_DGRAM));
    data.setBuffers(SEND_BUFFER_BYTES);
    data.connect(request.path);
    opening.defer(() => directory.unbind(number));
    const path = directory.bind(data, number);
    epoll.add(data.fd, EPOLLIN, dataToken(number));
    const superframes = this.#options.superframes && request.superframes;
    if (control.send(packReply(path, superframes)) !== REPLY_BYTES) {
      throw new PlugError("it does not take the answer");
    }
    epoll.modify(control.fd, CONTROL_EVENTS, controlToken(number));
    opening.move();
    this.#visitors.remove(visitor);
    const owner = ownerOf(control, request);
    const sockets = { control, data };
    ports.add(new Port(number, owner, monotonicMs(), sockets, superframes));
    this.#isShort = false;
    log.debug(
      `${directory.path}: port ${number}: process ${owner.pid} joined: ${owner.description}`,
    );
  }

  /** Whether the client of a port has hung up. What it says is not listened to. */
  hasLeft(port: Port): boolean {
    const read = port.sockets.control.receive(this.#scratch);
    return read <= 0 && read !== -EAGAIN;
  }

  /** Closes a port. */
  close(port: Port): void {
    const { directory, ports, log } = this.#options;
    ports.remove(port);
    port[Symbol.dispose]();
    directory.unbind(port.number);
    if (this.#pausedUntilMs > 0) this.#resume();
    log.debug(`${directory.path}: port ${port.number}: its client left`);
  }

  [Symbol.dispose](): void {
    this.#visitors[Symbol.dispose]();
    this.#spare[Symbol.dispose]();
  }
}

function noPort({ port }: PortRequest): PlugError {
  return new PlugError(
    port === undefined ? "all ports are taken" : `port ${port} is not free`,
  );
}

function ownerOf(control: UnixSocket, request: PortRequest): PortOwner {
  const peer = control.peerCredentials();
  return {
    description: request.description,
    pid: peer?.pid ?? 0,
    uid: peer?.uid ?? -1,
  };
}

/** What a client, or the state of the system, can bring about. */
function isExpected(error: unknown): error is Error {
  return error instanceof SystemError || error instanceof SyntaxError ||
    error instanceof RangeError || error instanceof PlugError ||
    (error instanceof Error && "code" in error);
}

function isShortage(error: Error): boolean {
  return error instanceof SystemError &&
    (error.errno === EMFILE || error.errno === ENFILE);
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
