/**
 * Pings one station: a host with one address of its own that also asks.
 *
 * Each ping goes through these states:
 * - **pending**: its turn has come, but it is not known where the target is.
 *   The question is asked every {@linkcode QUESTION_STEP_MS}; the answer sends
 *   the ping, the time-out makes it lost. The next ping waits meanwhile.
 * - **waiting**: sent. Its first reply answers it; the time-out makes it lost,
 *   and has the target asked for again, as it may have moved.
 * - **answered**: remembered until the time-out, to know further replies.
 *
 * Time comes from outside, in milliseconds of any clock that only goes forward.
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { MAC_BYTES } from "./frame.ts";
import { FrameWriter } from "./frame_writer.ts";
import { Host } from "./host.ts";
import {
  echoId,
  echoSequence,
  isEchoReply,
  isIcmp,
  isOwnPayload,
  writeEchoRequest,
} from "./icmp.ts";
import { familyOf, matches, PacketView } from "./ip_packet.ts";
import { isStationMac } from "./mac_address.ts";
import { askForNeighbour, findNeighbour, isInVlan } from "./neighbour.ts";

/** Time from one question for the target to the next. */
export const QUESTION_STEP_MS = 250;

/** Bytes behind the ICMP header of each ping. */
export const PING_PAYLOAD_BYTES = 56;

const SEQUENCE_MASK = 0xffff;

/** What a pinger begins with. */
export interface PingerOptions {
  /** One's own MAC address: 6 bytes. */
  readonly mac: Uint8Array;
  /** One's own address: 4 or 16 bytes. */
  readonly source: Uint8Array;
  /** The station's: as many. */
  readonly target: Uint8Array;
  /** VLAN; 0: untagged. */
  readonly vlan: number;
  /** Tells one's own pings from others': 16 bits. */
  readonly id: number;
  /** Number of pings; Infinity: without end. */
  readonly count: number;
  /** Time from one ping to the next. */
  readonly intervalMs: number;
  /** How long each is waited for; 65,536 pings must take longer. */
  readonly timeoutMs: number;
}

/** An answered ping. */
export interface PingReply {
  /** Of the ping, from 1 on. */
  readonly sequence: number;
  /** From sending the ping to receiving the reply. */
  readonly roundTripMs: number;
  /** Time to live or hop limit that the reply arrived with. */
  readonly hopLimit: number;
  /** Whether the ping was answered before. */
  readonly isRepeated: boolean;
}

/** What a pinger tells. */
export interface PingListener {
  /** A reply came. */
  onReply(reply: PingReply): void;
  /**
   * None came in time.
   *
   * @param sequence Of the ping, from 1 on.
   * @param isFound Whether it was known where the target is. If not, the ping
   * was never sent.
   */
  onLoss(sequence: number, isFound: boolean): void;
}

interface Ping {
  readonly sequence: number;
  /** When it was sent; while pending, when its turn came. */
  readonly sinceMs: number;
  isAnswered: boolean;
}

/** Pings one station, and answers for its own address meanwhile. */
export class Pinger {
  /** Pings whose turn has come. */
  begun = 0;
  /** Pings that were answered. */
  answered = 0;

  readonly #options: PingerOptions;
  readonly #listener: PingListener;
  readonly #host: Host;
  readonly #writer: FrameWriter;
  readonly #view = new PacketView();
  /** Sent pings by what stands in the frame, the oldest first. */
  readonly #sent = new Map<number, Ping>();
  #pending: Ping | undefined;
  #targetMac: Uint8Array | undefined;
  #nextPingMs: number;
  #nextQuestionMs: number;

  /**
   * Makes a pinger; `advance` sends its pings.
   *
   * @param options Kept.
   * @param listener Called from `take` and `advance`.
   * @param nowMs Time of the first ping.
   */
  constructor(options: PingerOptions, listener: PingListener, nowMs: number) {
    this.#options = options;
    this.#listener = listener;
    this.#host = new Host(options.mac, [options.source]);
    this.#writer = new FrameWriter(options.mac, options.vlan);
    this.#nextPingMs = nowMs;
    this.#nextQuestionMs = nowMs;
  }

  /** Where the target is: 6 bytes; undefined while that is not known. */
  get targetMac(): Uint8Array | undefined {
    return this.#targetMac;
  }

  /** Whether all pings are answered or lost. */
  get isDone(): boolean {
    return this.begun >= this.#options.count && this.#pending === undefined &&
      this.#oldestWaiting() === undefined;
  }

  /** Time at which `advance` has something to do. */
  get dueMs(): number {
    const { timeoutMs, count } = this.#options;
    const oldest = this.#oldestWaiting();
    const lossMs = oldest === undefined ? Infinity : oldest.sinceMs + timeoutMs;
    if (this.#pending !== undefined) {
      if (this.#targetMac !== undefined) return 0;
      const giveUpMs = this.#pending.sinceMs + timeoutMs;
      return Math.min(lossMs, giveUpMs, this.#nextQuestionMs);
    }
    return Math.min(lossMs, this.begun < count ? this.#nextPingMs : Infinity);
  }

  /**
   * Looks at frames that came, and answers those that ask for one's own
   * address.
   *
   * @param input Stays the caller's.
   * @param nowMs When they came.
   * @param output Where answers are added.
   */
  take(input: Burst, nowMs: number, output: Burst): void {
    const view = this.#view;
    for (let index = 0; index < input.count; index++) {
      const length = input.length[index];
      if (!view.read(input.bytes, input.start[index], length)) continue;
      if (!isInVlan(view, this.#options.vlan)) continue;
      this.#host.answerView(view, output);
      this.#learnTarget(view);
      this.#takeReply(view, nowMs);
    }
  }

  /**
   * Does what the time has come for.
   *
   * @param nowMs The time.
   * @param output Where frames to be sent are added.
   */
  advance(nowMs: number, output: Burst): void {
    this.#expire(nowMs, output);
    if (this.#pending === undefined) this.#begin(nowMs);
    if (this.#pending !== undefined) this.#send(this.#pending, nowMs, output);
  }

  #begin(nowMs: number): void {
    const { count, intervalMs } = this.#options;
    if (this.begun >= count || nowMs < this.#nextPingMs) return;
    this.begun++;
    this.#pending = {
      sequence: this.begun,
      sinceMs: nowMs,
      isAnswered: false,
    };
    // Whoever is late does not make up for it with a burst.
    this.#nextPingMs = Math.max(this.#nextPingMs + intervalMs, nowMs);
  }

  #send(pending: Ping, nowMs: number, output: Burst): void {
    const { sequence, sinceMs } = pending;
    if (this.#targetMac === undefined) {
      if (nowMs - sinceMs >= this.#options.timeoutMs) {
        this.#pending = undefined;
        this.#listener.onLoss(sequence, false);
      } else this.#ask(nowMs, output);
      return;
    }
    const isWritten = writeEchoRequest(this.#writer, output, {
      ...this.#options,
      sequence,
      targetMac: this.#targetMac,
      payloadBytes: PING_PAYLOAD_BYTES,
    });
    if (!isWritten) return;
    this.#pending = undefined;
    this.#sent.set(sequence & SEQUENCE_MASK, { ...pending, sinceMs: nowMs });
  }

  #ask(nowMs: number, output: Burst): void {
    if (nowMs < this.#nextQuestionMs) return;
    const { source, target } = this.#options;
    askForNeighbour(this.#writer, output, source, target);
    this.#nextQuestionMs = nowMs + QUESTION_STEP_MS;
  }

  #expire(nowMs: number, output: Burst): void {
    for (const [key, ping] of this.#sent) {
      if (nowMs - ping.sinceMs < this.#options.timeoutMs) return;
      this.#sent.delete(key);
      if (ping.isAnswered) continue;
      this.#listener.onLoss(ping.sequence, true);
      this.#ask(nowMs, output);
    }
  }

  #oldestWaiting(): Ping | undefined {
    for (const ping of this.#sent.values()) {
      if (!ping.isAnswered) return ping;
    }
    return undefined;
  }

  #learnTarget(view: PacketView): void {
    const at = findNeighbour(view, this.#options.target);
    if (at < 0) return;
    const mac = view.bytes.slice(at, at + MAC_BYTES);
    if (isStationMac(mac)) this.#targetMac = mac;
  }

  #takeReply(view: PacketView, nowMs: number): void {
    if (!this.#isReply(view)) return;
    const ping = this.#sent.get(echoSequence(view));
    if (ping === undefined) return;
    const isRepeated = ping.isAnswered;
    ping.isAnswered = true;
    if (!isRepeated) this.answered++;
    this.#listener.onReply({
      sequence: ping.sequence,
      roundTripMs: nowMs - ping.sinceMs,
      hopLimit: view.hopLimit,
      isRepeated,
    });
  }

  /** Whether a frame is the reply to a ping of one's own: from the target, with what was sent. */
  #isReply(view: PacketView): boolean {
    const { mac, source, target, id } = this.#options;
    const { bytes } = view;
    return view.etherType === familyOf(target).etherType &&
      matches(bytes, view.frame, mac) && isIcmp(view) && isEchoReply(view) &&
      echoId(view) === id && matches(bytes, view.source, target) &&
      matches(bytes, view.destination, source) &&
      isOwnPayload(view, PING_PAYLOAD_BYTES);
  }
}
