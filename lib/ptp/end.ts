/**
 * What the ways of being an end of a pair have in common.
 *
 * @module
 */

import type { NameAccess } from "../../ffi/access.ts";
import type { EpollSet } from "../../ffi/epoll.ts";
import type { FdSlot } from "../../ffi/fd_slot.ts";

/** The two protocols: of 2025, and of vdeplug 4.0.1. */
export type Kind = "packets" | "datagrams";

/** What an end is made of. All stay the caller's. */
export interface Surroundings {
  /** As it is given, for connect(2). */
  readonly path: string;
  /** Who may connect. */
  readonly access: NameAccess;
  /** Where the socket goes that frames pass. */
  readonly slot: FdSlot;
  /** Readable while there is something to do. */
  readonly watch: EpollSet;
}

/** `tend`: nothing is to be done until something happens. */
export const NEVER = 0;
/** `tend`: this end is over; dispose of it and find another. */
export const OVER = -1;

/** How often an end that waits looks whether all is as it should be. */
export const CHECK_MS = 1000;
/** How soon something is tried again that may succeed at any moment. */
export const RETRY_MS = 100;

/** One way of being an end of a pair. Disposing leaves the slot empty, and no name. */
export interface End extends Disposable {
  readonly kind: Kind;
  /** Whether the socket in the slot may have frames. */
  readonly receives: boolean;
  /** Whether a peer is there. */
  readonly sends: boolean;
  /** It is being found out whether there is a place for us. */
  readonly asks: boolean;

  /**
   * Does what is to be done: takes a peer in, looks for one, looks whether
   * the name still is ours. All that came from the peer has been received.
   *
   * @returns In how many milliseconds to call again, whatever happens;
   * {@linkcode NEVER}, or {@linkcode OVER}.
   * @throws {PlugError} If the peer refuses us.
   */
  tend(): number;

  /** All has been received, and the peer has closed. @returns Whether this end goes on. */
  lose(): boolean;

  /** Something could not be sent: finds out whether the peer is gone. */
  doubt(): void;
}
