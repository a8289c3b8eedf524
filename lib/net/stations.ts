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
import { MAX_PEER_TABLE_CAPACITY, PeerTable } from "./peer_table.ts";

/** Most stations that a table of them can be made for. */
export const MAX_STATIONS: number = MAX_PEER_TABLE_CAPACITY / 2;

const NONE = -1;

/** Stations and the peers behind which they are. Not shared between threads. */
export class Stations {
  /** The peers' addresses; a station's owner is a slot in here. */
  readonly peers: PeerTable;
  /** Of each slot of `peers`: how often it was given to a new peer. */
  readonly epochs: Uint32Array;
  readonly #stations: MacTable;

  /**
   * @param capacity Most stations, 1 to {@linkcode MAX_STATIONS}.
   * @param maxAgeMs A station unheard of for so long is forgotten.
   */
  constructor(capacity: number, maxAgeMs: number) {
    // Twice as many as can have a station: looking for those that have lost
    // theirs is worth its while, however many senders somebody invents.
    const peers = 2 * capacity;
    this.peers = new PeerTable(peers);
    this.epochs = new Uint32Array(peers);
    this.#stations = new MacTable({
      capacity,
      owners: peers,
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
    const peer = this.#note(source, offset, length);
    if (peer !== NONE) return peer;
    this.#sweep();
    return this.#note(source, offset, length);
  }

  #note(source: Uint8Array, offset: number, length: number): number {
    const { size } = this.peers;
    const peer = this.peers.add(source, offset, length);
    if (this.peers.size > size) this.epochs[peer]++;
    return peer;
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

  /** Frees the slots of peers with no station left: at least half of all. */
  #sweep(): void {
    for (let peer = 0; peer < this.peers.capacity; peer++) {
      if (this.#stations.ownerSize(peer) === 0) this.peers.remove(peer);
    }
  }
}
