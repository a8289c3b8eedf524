/**
 * Which station is behind which peer: what a node of a distributed switch
 * learns from the frames it gets (RFC 7348, section 4.1).
 *
 * A peer is a socket address that frames come from. It is held as long as at
 * least one station is known behind it.
 *
 * @module
 */

import { MacTable } from "./mac_table.ts";
import { PeerTable } from "./peer_table.ts";

const NONE = -1;

/** Stations and the peers behind which they are. Not shared between threads. */
export class Stations {
  /** The peers' addresses; a station's owner is a slot in here. */
  readonly peers: PeerTable;
  readonly #stations: MacTable;

  /**
   * @param capacity Most stations, 1 to 65,535.
   * @param maxAgeMs A station unheard of for so long is forgotten.
   */
  constructor(capacity: number, maxAgeMs: number) {
    // A peer is noted before its first station is: one more than there can be stations.
    this.peers = new PeerTable(capacity + 1);
    this.#stations = new MacTable({
      capacity,
      owners: capacity + 1,
      maxAge: maxAgeMs,
    });
  }

  /** Stations known. */
  get size(): number {
    return this.#stations.size;
  }

  /**
   * The slot of a sender, known or new.
   *
   * @param source Holds its `struct sockaddr`, with room for the longer kind.
   * @param offset Of the address's first byte.
   * @param length Of the address in bytes.
   */
  peerOf(source: Uint8Array, offset: number, length: number): number {
    const peer = this.peers.add(source, offset, length);
    if (peer !== NONE) return peer;
    this.#sweep();
    return this.peers.add(source, offset, length);
  }

  /**
   * Notes the source of a frame as a station behind a peer; see `MacTable.learn`.
   *
   * @param peer From `peerOf`, in the same burst.
   */
  learn(
    bytes: Uint8Array,
    offset: number,
    length: number,
    peer: number,
    nowMs: number,
  ): void {
    this.#stations.learn(bytes, offset, length, peer, nowMs);
  }

  /** The peer behind which a frame's destination is; -1 when it is unknown, or a group. */
  find(
    bytes: Uint8Array,
    offset: number,
    length: number,
    nowMs: number,
  ): number {
    return this.#stations.find(bytes, offset, length, nowMs);
  }

  /**
   * Forgets all stations behind a peer.
   *
   * @param source Holds its `struct sockaddr`, with room for the longer kind.
   * @param offset Of the address's first byte.
   * @returns How many there were.
   */
  forget(source: Uint8Array, offset: number): number {
    const peer = this.peers.find(source, offset);
    if (peer === NONE) return 0;
    const forgotten = this.#stations.forgetOwner(peer);
    this.peers.remove(peer);
    return forgotten;
  }

  /** Frees the slots of peers with no station left. Runs once in as many new peers as there are slots, or fewer. */
  #sweep(): void {
    for (let peer = 0; peer < this.peers.capacity; peer++) {
      if (this.#stations.ownerSize(peer) === 0) this.peers.remove(peer);
    }
  }
}
