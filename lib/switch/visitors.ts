/**
 * Connections that have not asked for a port yet.
 *
 * A visitor has so much time for its request, and there are so many places.
 * When all are taken, the one that came first has to go: whoever wants a port
 * asks at once.
 *
 * @module
 */

import { EAGAIN } from "../../ffi/errno.ts";
import type { UnixSocket } from "../../ffi/unix_socket.ts";
import { MAX_REQUEST_BYTES, REQUEST_HEADER_BYTES } from "../vde/request.ts";

/** Most visitors. */
export const MAX_VISITORS = 64;
/** How long a visitor may take to ask. */
export const VISIT_MS = 5000;

/** What a visitor has said so far. */
export const VisitorState = {
  /** Not all of a request. */
  waiting: "waiting",
  /** A request. */
  asked: "asked",
  /** It left. */
  left: "left",
} as const;

/** One connection. */
export class Visitor {
  readonly #bytes = new Uint8Array(MAX_REQUEST_BYTES);
  #length = 0;

  constructor(
    /** The connection. */
    readonly socket: UnixSocket,
    /** Its place among the others. */
    readonly place: number,
    /** Since when, on the clock of `monotonicMs`. */
    readonly sinceMs: number,
  ) {}

  /** What came of its request. A view. */
  get request(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Reads what it says. */
  listen(): (typeof VisitorState)[keyof typeof VisitorState] {
    const read = this.socket.receive(this.#bytes.subarray(this.#length));
    if (read === -EAGAIN) return VisitorState.waiting;
    if (read <= 0) return VisitorState.left;
    this.#length += read;
    return this.#length < REQUEST_HEADER_BYTES
      ? VisitorState.waiting
      : VisitorState.asked;
  }
}

/** All visitors, in the order in which they came. */
export class Visitors implements Disposable {
  readonly #places: (Visitor | undefined)[] = Array(MAX_VISITORS)
    .fill(undefined);
  readonly #inOrder = new Set<Visitor>();

  /** How many there are. */
  get size(): number {
    return this.#inOrder.size;
  }

  /** The visitor at a place. */
  at(place: number): Visitor | undefined {
    return this.#places[place];
  }

  /** The one that came first. */
  get first(): Visitor | undefined {
    return this.#inOrder.values().next().value;
  }

  /** Gives a connection a place. There must be a free one. */
  add(socket: UnixSocket, nowMs: number): Visitor {
    const place = this.#places.indexOf(undefined);
    const visitor = new Visitor(socket, place, nowMs);
    this.#places[place] = visitor;
    this.#inOrder.add(visitor);
    return visitor;
  }

  /** Takes a visitor's place away; its connection is the caller's. */
  remove(visitor: Visitor): void {
    this.#places[visitor.place] = undefined;
    this.#inOrder.delete(visitor);
  }

  [Symbol.dispose](): void {
    for (const visitor of [...this.#inOrder]) {
      this.remove(visitor);
      visitor.socket[Symbol.dispose]();
    }
  }
}
