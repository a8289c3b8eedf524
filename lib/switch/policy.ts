/**
 * Where a frame goes: what makes a switch a switch, and a hub a hub.
 *
 * @module
 */

import { isGroupAddressUnchecked } from "../net/frame.ts";
import { MacTable } from "../net/mac_table.ts";
import type { StationStatus } from "../plug/status.ts";
import { HOST_PORT, MAX_PORT, type PortTable } from "./port.ts";

/** To every port but the one that it came from. */
export const EVERYBODY = -1;
/** To none. */
export const NOBODY = -2;

// Not imported: V8 folds only a module's own constants.
const HOST = HOST_PORT;
const ALL = EVERYBODY;
const NONE = NOBODY;

const MS_PER_SECOND = 1000;

/** Decides where frames go. */
export interface Policy {
  /**
   * Asked for each frame: allocates nothing.
   *
   * @param bytes Holds the frame, which is no runt.
   * @param offset Of its first byte.
   * @param length In bytes.
   * @param source Number of the port that it came from.
   * @param nowMs On a clock that never goes back.
   * @returns A port's number, {@linkcode EVERYBODY} or {@linkcode NOBODY}.
   */
  route(
    bytes: Uint8Array,
    offset: number,
    length: number,
    source: number,
    nowMs: number,
  ): number;

  /** Whoever was at a port has left it. */
  forget(port: number): void;

  /** The stations that are known, for listings. */
  stations(nowMs: number): StationStatus[];
}

/** How a {@linkcode LearningPolicy} remembers. */
export interface LearningOptions {
  /** Most stations. */
  readonly capacity: number;
  /** A station unheard of for so long is forgotten. */
  readonly maxAgeMs: number;
  /** Makes the hash repeatable; absent: random, so that nobody can aim at it. */
  readonly seed?: number;
}

/** A switch: to the port behind which the station of that VLAN was heard last. */
export class LearningPolicy implements Policy {
  readonly #stations: MacTable;

  /** @throws {RangeError} If a number is out of range. */
  constructor({ capacity, maxAgeMs, seed }: LearningOptions) {
    this.#stations = new MacTable({
      capacity,
      owners: MAX_PORT + 1,
      maxAge: maxAgeMs,
      seed,
    });
  }

  route(
    bytes: Uint8Array,
    offset: number,
    length: number,
    source: number,
    nowMs: number,
  ): number {
    this.#stations.learn(bytes, offset, length, source, nowMs);
    if (isGroupAddressUnchecked(bytes, offset)) return ALL;
    const port = this.#stations.find(bytes, offset, length, nowMs);
    if (port < 0) return ALL;
    return port === source ? NONE : port;
  }

  forget(port: number): void {
    this.#stations.forgetOwner(port);
  }

  stations(nowMs: number): StationStatus[] {
    return this.#stations.entries(nowMs).map(({ mac, vlan, owner, age }) => ({
      mac,
      vlan,
      port: owner,
      ageSeconds: age / MS_PER_SECOND,
    }));
  }
}

/** What a policy that learns nothing has in common with the others of its kind. */
abstract class StatelessPolicy implements Policy {
  abstract route(
    bytes: Uint8Array,
    offset: number,
    length: number,
    source: number,
    nowMs: number,
  ): number;

  forget(_port: number): void {}

  stations(): StationStatus[] {
    return [];
  }
}

/** A hub: to everybody else. */
export class HubPolicy extends StatelessPolicy {
  route(): number {
    return ALL;
  }
}

/** The host to all, all to the host: clients do not hear one another. */
export class MultiPolicy extends StatelessPolicy {
  route(
    _bytes: Uint8Array,
    _offset: number,
    _length: number,
    source: number,
  ): number {
    return source === HOST ? ALL : HOST;
  }
}

/** The host's frames to the clients in turn, all clients' to the host. */
export class BondingPolicy extends StatelessPolicy {
  readonly #ports: PortTable;
  #next = 0;

  /** @param ports Whose turn it is; stays the caller's. */
  constructor(ports: PortTable) {
    super();
    this.#ports = ports;
  }

  /** Whoever takes nothing for the time being is passed over, as long as somebody else does. */
  route(
    _bytes: Uint8Array,
    _offset: number,
    _length: number,
    source: number,
  ): number {
    if (source !== HOST) return HOST;
    const { list } = this.#ports;
    for (let tries = 0; tries < list.length; tries++) {
      const port = this.#turn();
      if (!port.stuck && !port.gone) return port.number;
    }
    return list.length > 0 ? this.#turn().number : NONE;
  }

  #turn() {
    const { list } = this.#ports;
    if (this.#next >= list.length) this.#next = 0;
    return list[this.#next++];
  }
}
