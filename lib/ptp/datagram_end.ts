/**
 * The protocol of vdeplug 4.0.1: two datagram sockets, one frame a datagram
 * and nothing else. The first end has PATH, and sends to `PATH+`; the second
 * has `PATH+`, and sends to PATH.
 *
 * Nobody is told when a peer comes or goes. So each end tries to connect its
 * socket to the other name: when it has something to send, when something
 * came, and ten times a second. An end whose socket is connected to that of a
 * dead peer would hear nobody else, and a new peer could not connect to it
 * (EPERM): the C program ends, then. So ours lets go soon; the C program does
 * so only when it sends.
 *
 * @module
 */

import {
  connectDatagrams,
  disconnectDatagrams,
} from "../../ffi/datagram_peer.ts";
import { EPERM } from "../../ffi/errno.ts";
import {
  packUnixAddress,
  SOCK_DGRAM,
  UnixSocket,
} from "../../ffi/unix_socket.ts";
import { approach } from "./approach.ts";
import {
  CHECK_MS,
  type End,
  OVER,
  RETRY_MS,
  type Surroundings,
} from "./end.ts";
import { BUFFER_BYTES } from "./packet_end.ts";
import { SocketName } from "./socket_name.ts";

/** What the second end's name has behind it. */
export const SECOND_SUFFIX = "+";

/** One end, with one of the two names. */
abstract class DatagramEnd implements End {
  readonly kind = "datagrams";
  readonly asks = false;
  readonly receives = true;
  #sends = false;
  readonly #peer: Uint8Array<ArrayBuffer>;

  /**
   * @param socket Has the name; moves into the slot.
   * @param peer The other name.
   */
  constructor(
    protected readonly around: Surroundings,
    socket: UnixSocket,
    protected readonly name: SocketName,
    peer: string,
  ) {
    const { slot, watch } = around;
    this.#peer = packUnixAddress(peer);
    socket.setBuffers(BUFFER_BYTES);
    slot.put(socket.release());
    watch.add(slot.fd);
  }

  get sends(): boolean {
    return this.#sends;
  }

  abstract tend(): number;

  /** Connects to whoever has the other name now; 0, or `-errno`. */
  protected reach(): number {
    const { fd } = this.around.slot;
    const result = connectDatagrams(fd, this.#peer);
    // The kernel keeps a dead peer: nobody else could be heard.
    if (result !== 0 && this.#sends) disconnectDatagrams(fd);
    this.#sends = result === 0;
    return result;
  }

  /** Never over by itself: such a socket has no end. */
  lose(): boolean {
    this.reach();
    return true;
  }

  doubt(): void {
    this.reach();
  }

  [Symbol.dispose](): void {
    this.name[Symbol.dispose]();
    this.around.slot.empty();
  }
}

/** The first end: stays while its name is its own. */
export class FirstEnd extends DatagramEnd {
  /**
   * Takes a free path, or a dead end's.
   *
   * @param leftover As {@linkcode SocketName} has it.
   * @returns Undefined if somebody else was faster.
   */
  static open(around: Surroundings, leftover?: string): FirstEnd | undefined {
    const { path } = around;
    const named = nameSocket(around, path, leftover);
    return named &&
      new FirstEnd(around, ...named, path + SECOND_SUFFIX);
  }

  tend(): number {
    if (this.reach() === 0) return RETRY_MS;
    return this.name.holds ? CHECK_MS : OVER;
  }
}

/** The second end: there while the first is. */
export class SecondEnd extends DatagramEnd {
  /**
   * Takes the second place.
   *
   * @returns Undefined if somebody else was faster, "taken" if another end
   * has it.
   */
  static open(around: Surroundings): SecondEnd | "taken" | undefined {
    const path = around.path + SECOND_SUFFIX;
    const found = approach(path);
    if (found.is === "listener") found.socket[Symbol.dispose]();
    const isFree = found.is === "nobody" || found.is === "leftover";
    if (!isFree) return "taken";
    const leftover = found.is === "leftover" ? found.identity : undefined;
    const named = nameSocket(around, path, leftover);
    return named && new SecondEnd(around, ...named, around.path);
  }

  tend(): number {
    const result = this.reach();
    if (result === 0) return RETRY_MS;
    // The first end has not let go of a dead peer: it does when it sends.
    if (result === -EPERM && this.name.holds) return RETRY_MS;
    return OVER;
  }
}

function nameSocket(
  { access }: Surroundings,
  path: string,
  leftover: string | undefined,
): [UnixSocket, SocketName] | undefined {
  using opening = new DisposableStack();
  const socket = opening.use(UnixSocket.make(SOCK_DGRAM));
  const name = SocketName.give(socket, path, { access, leftover });
  if (name === undefined) return undefined;
  opening.move();
  return [socket, name];
}
