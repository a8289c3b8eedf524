/**
 * Finds an address that no station of the link uses.
 *
 * A candidate is asked for as RFC 5227 (ARP probes) and RFC 4862 (duplicate
 * address detection) say, in shorter steps than they do, as a person waits:
 * {@linkcode CLAIM_PROBES} questions, one every {@linkcode CLAIM_STEP_MS}. When
 * somebody has it, or asks for it too, the next candidate's turn comes.
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { FrameWriter } from "./frame_writer.ts";
import { IPV4_BYTES } from "./ip_address.ts";
import { matches, PacketView } from "./ip_packet.ts";
import { eui64Address, randomMac } from "./mac_address.ts";
import {
  askForNeighbour,
  findNeighbour,
  isClaim,
  isInVlan,
} from "./neighbour.ts";

/** Questions that must remain unanswered. */
export const CLAIM_PROBES = 3;

/** Time from one question to the next, and from the last to the verdict. */
export const CLAIM_STEP_MS = 150;

const CANDIDATES = 8;

/** What IPv4 stations on one link are assumed to have in common: a /24. */
const IPV4_PREFIX_BYTES = 3;
/** Numbers of stations in a /24 that are neither its own address nor its broadcast address. */
const FIRST_STATION = 1;
const STATIONS = 254;

/**
 * Addresses from which a station can be reached without a router, if the link
 * is numbered as most are: of its /24 for IPv4, of its /64 for IPv6.
 *
 * @param target The station's address: 4 or 16 bytes; never a candidate.
 * @param mac One's own: 6 bytes. The first IPv6 candidate follows from it.
 * @param random Numbers from 0 up to, but not including, 1.
 * @returns Distinct addresses, as many bytes each.
 */
export function candidatesNear(
  target: Uint8Array,
  mac: Uint8Array,
  random: () => number,
): Uint8Array<ArrayBuffer>[] {
  if (target.length === IPV4_BYTES) return ipv4Candidates(target, random);
  const macs = [
    mac,
    ...Array.from({ length: CANDIDATES - 1 }, () => randomMac(random)),
  ];
  return macs.map((mac) => eui64Address(target, mac))
    .filter((address) => !matches(target, 0, address));
}

function ipv4Candidates(
  target: Uint8Array,
  random: () => number,
): Uint8Array<ArrayBuffer>[] {
  const prefix = target.subarray(0, IPV4_PREFIX_BYTES);
  // From a random one on, in equal steps that meet none of them twice (254 = 2 · 127).
  const start = Math.floor(random() * STATIONS);
  const step = 31;
  return Array.from(
    { length: CANDIDATES + 1 },
    (_, index) =>
      Uint8Array.of(
        ...prefix,
        (start + index * step) % STATIONS + FIRST_STATION,
      ),
  ).filter((address) => !matches(target, 0, address)).slice(0, CANDIDATES);
}

/** What a claim begins with. */
export interface AddressClaimOptions {
  /** One's own MAC address: 6 bytes. */
  readonly mac: Uint8Array;
  /** VLAN; 0: untagged. */
  readonly vlan: number;
  /** Addresses to try one after the other, 4 or 16 bytes each. */
  readonly candidates: readonly Uint8Array[];
}

/** Tries candidates until one is free. */
export class AddressClaim {
  /** The first free candidate, once it is known. */
  address: Uint8Array | undefined;
  /** Time at which `advance` has something to do. */
  dueMs = 0;

  readonly #options: AddressClaimOptions;
  readonly #writer: FrameWriter;
  readonly #view = new PacketView();
  #index = 0;
  #asked = 0;

  /**
   * Begins a search; `advance` goes on with it.
   *
   * @param options Kept.
   */
  constructor(options: AddressClaimOptions) {
    this.#options = options;
    this.#writer = new FrameWriter(options.mac, options.vlan);
  }

  /** Whether the search is over; without an `address`, no candidate is free. */
  get isDone(): boolean {
    return this.address !== undefined || this.#candidate === undefined;
  }

  /**
   * Looks at frames that came.
   *
   * @param input Stays the caller's.
   */
  take(input: Burst): void {
    for (let index = 0; index < input.count; index++) {
      if (this.isDone) return;
      const view = this.#view;
      const length = input.length[index];
      if (view.read(input.bytes, input.start[index], length)) this.#hear(view);
    }
  }

  /**
   * Does what the time has come for.
   *
   * @param nowMs Of any clock that only goes forward.
   * @param output Where frames to be sent are added.
   */
  advance(nowMs: number, output: Burst): void {
    const candidate = this.#candidate;
    if (candidate === undefined || this.isDone || nowMs < this.dueMs) return;
    if (this.#asked === CLAIM_PROBES) {
      this.address = candidate;
      return;
    }
    const nobody = new Uint8Array(candidate.length);
    if (askForNeighbour(this.#writer, output, nobody, candidate)) this.#asked++;
    this.dueMs = nowMs + CLAIM_STEP_MS;
  }

  get #candidate(): Uint8Array | undefined {
    return this.#options.candidates[this.#index];
  }

  #hear(view: PacketView): void {
    const candidate = this.#candidate;
    if (candidate === undefined || !isInVlan(view, this.#options.vlan)) return;
    const { bytes, sourceMac } = view;
    const isOwn = matches(bytes, sourceMac, this.#options.mac);
    const isWanted = findNeighbour(view, candidate) >= 0 ||
      isClaim(view, candidate);
    if (isOwn || !isWanted) return;
    this.#index++;
    this.#asked = 0;
    this.dueMs = 0;
  }
}
