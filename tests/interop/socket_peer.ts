/**
 * The other end of a socket that a program under test inherits: a machine
 * that asks for a station's address.
 *
 * @module
 */

import { SOCK_SEQPACKET, UnixSocket } from "../../ffi/unix_socket.ts";
import { PATIENCE_MS } from "../lab/mod.ts";
import { arpFrame } from "../lib/net/packets.ts";
import { sameFrame, until } from "../plugs.ts";

const MAX_FRAME_BYTES = 9300;
const MAC = "02:00:00:00:00:09";
const ADDRESS = "192.0.2.9";
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const REQUEST = 1;

/** A question for the station that has `address`. */
export function question(address: string): Uint8Array<ArrayBuffer> {
  return arpFrame(
    { to: BROADCAST, from: MAC },
    {
      operation: REQUEST,
      senderMac: MAC,
      senderIp: ADDRESS,
      targetIp: address,
    },
  );
}

/** Two ends of a connection, frames as packets. Disposing closes both. */
export class SocketPeer implements Disposable {
  readonly #sockets = UnixSocket.pair(SOCK_SEQPACKET);

  /** The end for the program. */
  get theirFd(): number {
    return this.#sockets[1].fd;
  }

  /** Closes the program's end here, so that its own is the only one. */
  handOver(): void {
    this.#sockets[1][Symbol.dispose]();
  }

  /** Hangs up. */
  close(): void {
    this.#sockets[0][Symbol.dispose]();
  }

  /** Asks for a station again and again until it answers; false if it never does. */
  async finds(address: string): Promise<boolean> {
    const asked = question(address);
    const bytes = new Uint8Array(MAX_FRAME_BYTES);
    return await until(() => {
      this.#sockets[0].send(asked);
      const n = this.#sockets[0].receive(bytes);
      const answer = bytes.subarray(0, Math.max(n, 0));
      return n > 0 && sameFrame(answer.subarray(0, 6), asked.subarray(6, 12));
    }, PATIENCE_MS);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket[Symbol.dispose]();
  }
}
