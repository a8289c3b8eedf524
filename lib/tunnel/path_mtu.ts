/**
 * How long a datagram may be to reach a destination in one packet.
 *
 * @module
 */

import { AF_INET } from "../../ffi/sockaddr.ts";

/** A route may change: its MTU is looked up anew after so long. */
const REFRESH_MS = 10_000;

/** Bytes of the headers of IPv4 and UDP, and of IPv6 and UDP. */
const HEADERS4_BYTES = 28;
const HEADERS6_BYTES = 48;

/** What is assumed where the kernel does not tell. */
const DEFAULT_MTU = 1500;

/** The limits of a table of destinations, looked up when they are needed. */
export class PathMtu {
  readonly #limits: Uint32Array;
  readonly #lookedUpMs: Float64Array;
  readonly #epochs: Uint32Array;

  /** @param capacity Number of destinations. */
  constructor(capacity: number) {
    this.#limits = new Uint32Array(capacity);
    this.#lookedUpMs = new Float64Array(capacity).fill(-Infinity);
    this.#epochs = new Uint32Array(capacity);
  }

  /**
   * Whether a destination is to be looked up: for the first time, after a
   * while, or since another has its place.
   *
   * @param index Of the destination.
   * @param epoch Differs from destination to destination at one place.
   */
  isStale(index: number, epoch: number, nowMs: number): boolean {
    return epoch !== this.#epochs[index] ||
      nowMs - this.#lookedUpMs[index] > REFRESH_MS;
  }

  /** Bytes of UDP payload that reach a destination in one packet. */
  limit(index: number): number {
    return this.#limits[index];
  }

  /** Forgets what is known of a destination, since its path has changed. */
  forget(index: number): void {
    this.#lookedUpMs[index] = -Infinity;
  }

  /**
   * Notes what the kernel tells of a path.
   *
   * @param index Of the destination.
   * @param epoch As for `isStale`.
   * @param family AF_INET or AF_INET6.
   * @param mtu Bytes of IP packet; undefined: not known.
   */
  note(
    index: number,
    epoch: number,
    family: number,
    mtu: number | undefined,
    nowMs: number,
  ): void {
    const headers = family === AF_INET ? HEADERS4_BYTES : HEADERS6_BYTES;
    this.#limits[index] = (mtu ?? DEFAULT_MTU) - headers;
    this.#lookedUpMs[index] = nowMs;
    this.#epochs[index] = epoch;
  }
}
