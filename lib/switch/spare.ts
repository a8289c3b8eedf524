/**
 * One descriptor put aside: when none is left, it is given up for as long as
 * it takes to accept a connection and close it, so that who waits for a port
 * is told, and nobody waits for ever.
 *
 * @module
 */

import { SystemError } from "../../ffi/libc.ts";
import { EventFd } from "../../ffi/eventfd.ts";
import type { UnixSocket } from "../../ffi/unix_socket.ts";

/** Connections that are refused in one turn. */
const MAX_REFUSED = 64;

/** The descriptor put aside. */
export class SpareDescriptor implements Disposable {
  #fd: EventFd | undefined = new EventFd();

  /**
   * Refuses the connections that wait at a listener.
   *
   * @returns How many; 0 also when others took the descriptor meanwhile.
   */
  refuse(listener: UnixSocket): number {
    let refused = 0;
    while (refused < MAX_REFUSED && this.#refuseOne(listener)) refused++;
    return refused;
  }

  #refuseOne(listener: UnixSocket): boolean {
    this[Symbol.dispose]();
    try {
      const socket = listener.accept();
      socket?.[Symbol.dispose]();
      return socket !== undefined;
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    } finally {
      this.restore();
    }
  }

  /** Puts one aside again, if there is one. */
  restore(): void {
    try {
      this.#fd ??= new EventFd();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  /** Gives it up. */
  [Symbol.dispose](): void {
    this.#fd?.[Symbol.dispose]();
    this.#fd = undefined;
  }
}
