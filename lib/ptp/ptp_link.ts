/**
 * A place at a path for two, whoever comes first.
 *
 * | what is found at the path | what the link becomes |
 * |---|---|
 * | nothing, or what a dead end left | the first end: it waits for a peer |
 * | a listening end (2025) | its peer, once it has said so |
 * | a datagram socket (4.0.1) | the second end, unless there is one |
 *
 * An end that is over, because its peer is gone or its name has become
 * another's, is replaced in the same way, so that a link never ends by itself.
 * While it runs, what hinders that is told once, and tried again; what hinders
 * it at the start is thrown.
 *
 * Two ends that start at the same moment cannot both have the name: see
 * socket_name.ts. A name that refuses is looked at twice before it is taken
 * for a dead end's, since an end of another program may be about to listen.
 *
 * @module
 */

import type { NameAccess } from "../../ffi/access.ts";
import { monotonicMs } from "../../ffi/clock.ts";
import { EpollSet } from "../../ffi/epoll.ts";
import { FdSlot } from "../../ffi/fd_slot.ts";
import { SystemError } from "../../ffi/libc.ts";
import { waitReadable } from "../../ffi/poll.ts";
import { TimerFd } from "../../ffi/timer_fd.ts";
import { PlugError } from "../plug/errors.ts";
import type { Log } from "../plug/plugin.ts";
import { approach } from "./approach.ts";
import { FirstEnd, SecondEnd } from "./datagram_end.ts";
import {
  CHECK_MS,
  type End,
  type Kind,
  NEVER,
  OVER,
  RETRY_MS,
  type Surroundings,
} from "./end.ts";
import { ANSWER_MS, Caller, Listener, taken } from "./packet_end.ts";

/** How long an end of another program may take from having a name to listening. */
const DOUBT_MS = 20;
/** Tries that find that somebody else was faster. */
const MAX_TRIES = 10;
/** After the answer's own time is up, what is left of the start's. */
const SLACK_MS = 500;

/** Those of this thread: two of them may be the ends of one pair. */
const links = new Set<PtpLink>();

/** What a link is to be. */
export interface LinkOptions {
  /** Absolute. */
  readonly path: string;
  /** Who may connect to what is made. */
  readonly access: NameAccess;
  /** What is made where nobody is. */
  readonly kind: Kind;
  readonly log: Log;
}

/** One end of a pair, for as long as it is wanted. */
export class PtpLink implements Disposable {
  /** Goes up whenever a peer comes or goes: nothing of what was half sent before is to be finished. */
  generation = 0;
  readonly #options: LinkOptions;
  readonly #own = new DisposableStack();
  readonly #around: Surroundings;
  readonly #timer: TimerFd;
  #kind: Kind;
  #end: End | undefined;
  #joined = false;
  /** What refused at the last look. */
  #refused: string | undefined;
  #soughtMs = -RETRY_MS;
  #isNew = false;
  #warned = "";

  /** @throws {SystemError} If there are no descriptors left. */
  private constructor(options: LinkOptions) {
    this.#options = options;
    this.#kind = options.kind;
    using making = new DisposableStack();
    const slot = making.use(new FdSlot());
    const watch = making.use(new EpollSet());
    this.#timer = making.use(new TimerFd());
    watch.add(this.#timer.fd);
    const { path, access } = options;
    this.#around = { path, access, slot, watch };
    this.#own.use(making.move());
    links.add(this);
  }

  /**
   * Finds a place.
   *
   * @returns A link that has a peer, or waits for one.
   * @throws {PlugError} EISCONN if two others have the path, ETIMEDOUT if the
   * end that listens there does not answer.
   * @throws {SystemError} If the kernel refuses.
   */
  static async open(options: LinkOptions): Promise<PtpLink> {
    using opening = new DisposableStack();
    const link = opening.use(new PtpLink(options));
    const deadlineMs = monotonicMs() + ANSWER_MS + SLACK_MS;
    for (;;) {
      link.#step();
      if (link.#end !== undefined && !link.#end.asks) break;
      link.#wakeOthers();
      const leftMs = Math.ceil(deadlineMs - monotonicMs());
      if (leftMs <= 0) throw noPlace(options.path);
      await waitReadable([link.fd], leftMs);
    }
    opening.move();
    return link;
  }

  /** Whoever opens both ends has nobody yet who would answer at the first one. */
  #wakeOthers(): void {
    for (const other of links) {
      if (other !== this && other.#around.path === this.#around.path) {
        other.tend();
      }
    }
  }

  /** Readable when frames wait, or `tend` has work to do. Never changes. */
  get fd(): number {
    return this.#around.watch.fd;
  }

  /** The socket that frames pass. Never changes, though sockets come and go. */
  get dataFd(): number {
    return this.#around.slot.fd;
  }

  /** Whether frames may wait at the socket. */
  get receives(): boolean {
    return this.#end?.receives ?? false;
  }

  /** Whether a peer is there. */
  get sends(): boolean {
    return this.#end?.sends ?? false;
  }

  /** Whether more ends may come to be told that there is no place for them. */
  get isAsked(): boolean {
    return this.#end?.kind === "packets";
  }

  /** Does what is to be done. To be called when `fd` is readable and no frame waits. */
  tend(): void {
    try {
      this.#step();
    } catch (error) {
      if (!isOfTheWorld(error)) throw error;
      this.#leave();
      this.#warn(error.message);
      this.#timer.set(CHECK_MS);
    }
    this.#note();
  }

  /** The peer has closed, and all it sent has been received. */
  lose(): void {
    this.generation++;
    if (this.#end !== undefined && !this.#end.lose()) this.#leave();
    this.tend();
  }

  /** Something could not be sent. */
  doubt(): void {
    this.#end?.doubt();
    this.#note();
  }

  [Symbol.dispose](): void {
    links.delete(this);
    this.#leave();
    this.#own[Symbol.dispose]();
  }

  #leave(): void {
    this.#end?.[Symbol.dispose]();
    this.#end = undefined;
  }

  #step(): void {
    this.#timer.clear();
    if (this.#end === undefined) {
      // A place that is lost as soon as it is found must not keep us busy.
      const restMs = this.#soughtMs + RETRY_MS - monotonicMs();
      if (restMs > 0 && this.#refused === undefined) {
        return this.#timer.set(Math.ceil(restMs));
      }
      this.#soughtMs = monotonicMs();
      this.#end = this.#seek();
      this.#isNew = true;
    }
    if (this.#end === undefined) return;
    const wantedMs = this.#end.tend();
    // Somebody else may have replaced the same leftover, and so our name.
    const nextMs = this.#isNew && wantedMs > RETRY_MS ? RETRY_MS : wantedMs;
    this.#isNew = false;
    if (nextMs === OVER) {
      this.#leave();
      this.#timer.set(1);
    } else if (nextMs !== NEVER) this.#timer.set(nextMs);
    this.#note();
  }

  /** Finds a place; undefined: the timer tells when to look again. */
  #seek(): End | undefined {
    const { path } = this.#around;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = approach(path);
      const refused = this.#refused;
      this.#refused = undefined;
      switch (found.is) {
        case "listener":
          return new Caller(this.#around, found.socket);
        case "crowd":
          this.#timer.set(RETRY_MS);
          return undefined;
        case "leftover":
          if (found.identity !== refused) {
            this.#refused = found.identity;
            this.#timer.set(DOUBT_MS);
            return undefined;
          }
      }
      const end = found.is === "datagrams"
        ? this.#joinDatagrams()
        : this.#make(found.is === "leftover" ? found.identity : undefined);
      if (end !== undefined) return end;
    }
    this.#timer.set(RETRY_MS);
    return undefined;
  }

  #joinDatagrams(): End | undefined {
    const end = SecondEnd.open(this.#around);
    if (end === "taken") throw taken(this.#around.path);
    return end;
  }

  #make(leftover: string | undefined): End | undefined {
    const kind = this.#kind === "packets" ? Listener : FirstEnd;
    return kind.open(this.#around, leftover);
  }

  /** Tells that a peer has come or gone. */
  #note(): void {
    const { log } = this.#options;
    const { path } = this.#around;
    if (this.sends === this.#joined) return;
    this.#joined = this.sends;
    this.generation++;
    if (this.#joined) {
      // Should the peer come back, it finds what it knows.
      this.#kind = this.#end?.kind ?? this.#kind;
      this.#warned = "";
      log.debug(`a peer is at the other end of "${path}" (${this.#kind})`);
    } else log.debug(`nobody is at the other end of "${path}" any more`);
  }

  #warn(text: string): void {
    if (text === this.#warned) return;
    this.#warned = text;
    this.#options.log.warn(`${text}; trying again`);
  }
}

/** Whether it is the world's fault, and so may pass. */
function isOfTheWorld(error: unknown): error is Error {
  return error instanceof SystemError || error instanceof PlugError;
}

function noPlace(path: string): PlugError {
  return new PlugError(
    `Cannot join the pair at "${path}": no place was found in time`,
    { code: "ETIMEDOUT" },
  );
}
