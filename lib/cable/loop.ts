/**
 * The forwarding loop: two plugs, two pumps, one thread that waits in poll(2).
 *
 * The loop ends when it is told to, when a plug's link ends, or when one
 * breaks. A direction that waits for a full sink holds up nobody but itself.
 *
 * @module
 */

import { POLLIN, POLLNVAL, POLLOUT, PollSet } from "../../ffi/poll.ts";
import type { Counters } from "../plug/counters.ts";
import { LinkEnd } from "../plug/errors.ts";
import { MAX_LAST_TURNS, notOpen } from "../plug/plug_calls.ts";
import type { Plug } from "../plug/plugin.ts";
import { type BurstWatch, Pump, Wait } from "./pump.ts";
import { SideWork } from "./side_work.ts";

/** How long an ending cable waits for sinks to take what they were offered. */
const DRAIN_MS = 500;

/** Entries of the poll set: one to stop, one to tell the status, then three for each plug. */
const STOP = 0;
const QUERY = 1;
const FIRST_PLUG = 2;
const SOURCE = 0;
const SINK = 1;
const CONTROL = 2;
const PLUG_ENTRIES = 3;

/** What a loop joins. */
export interface LoopOptions {
  /** The two plugs, in the order of the command line. The caller's to dispose. */
  readonly plugs: readonly [Plug, Plug];
  /** Counters from the first to the second, and back. */
  readonly counters: readonly [Counters, Counters];
  /** Readable once the loop is to stop. */
  readonly stopFd: number;
  /** Somebody wants to see the plugs' status. */
  readonly query?: {
    /** Readable while there is a question. */
    readonly fd: number;
    /** Answers it, and makes `fd` unreadable. */
    answer(): void;
  };
  /** Sees the frames that come out of the second plug. */
  readonly watch?: BurstWatch;
}

/**
 * Forwards frames until it is told to stop.
 *
 * @throws {LinkEnd} When a link ends in good order: all that came before has
 * been forwarded.
 * @throws {PlugError} When a link breaks.
 */
export function runLoop(options: LoopOptions): void {
  const loop = new Loop(options);
  try {
    loop.run();
  } finally {
    loop.drain();
  }
}

/** Pump 0 moves from plug 0 to plug 1, pump 1 back. */
class Loop {
  readonly #polls = new PollSet(FIRST_PLUG + 2 * PLUG_ENTRIES);
  readonly #there: Pump;
  readonly #back: Pump;

  readonly #work: readonly [SideWork, SideWork];
  readonly #query: LoopOptions["query"];
  readonly #plugs: readonly [Plug, Plug];
  readonly #stopFd: number;

  constructor({ plugs, counters, stopFd, query, watch }: LoopOptions) {
    this.#plugs = plugs;
    this.#stopFd = stopFd;
    this.#query = query;
    this.#work = [new SideWork(plugs[0]), new SideWork(plugs[1])];
    this.#there = new Pump(plugs[0], plugs[1], counters[0]);
    this.#back = new Pump(plugs[1], plugs[0], counters[1], watch);
    this.#polls.set(STOP, stopFd, POLLIN);
    this.#polls.set(QUERY, query?.fd ?? -1, POLLIN);
    for (let index = 0; index < 2; index++) {
      this.#polls.set(entry(index, CONTROL), plugs[index].controlFd ?? -1, 0);
    }
  }

  run(): void {
    const polls = this.#polls;
    for (;;) {
      const there = this.#watch(0, this.#there.wait, this.#back.wait);
      const back = this.#watch(1, this.#back.wait, this.#there.wait);
      polls.wait(there < 0 || (back >= 0 && back < there) ? back : there);
      if (polls.happened(STOP) !== 0) return;
      if (polls.happened(QUERY) !== 0) this.#query?.answer();
      this.#advance(0, this.#there);
      this.#advance(1, this.#back);
      if (this.#happened(0, CONTROL)) this.#end(0);
      if (this.#happened(1, CONTROL)) this.#end(1);
    }
  }

  /**
   * Says what to wait for at a plug: the source of one pump, the sink of the other.
   *
   * @returns How long to wait at most, in milliseconds; -1: without end.
   */
  #watch(index: number, sourceWait: number, sinkWait: number): number {
    const plug = this.#plugs[index];
    const patienceMs = this.#work[index].patienceMs(sourceWait === Wait.sink);
    const hears = sourceWait === Wait.source || patienceMs === 0;
    const source = hears ? plug.fd : -1;
    const sink = sinkWait === Wait.sink ? plug.writeFd ?? -1 : -1;
    this.#polls.set(entry(index, SOURCE), source, POLLIN);
    this.#polls.set(entry(index, SINK), sink, POLLOUT);
    if (sourceWait === Wait.nothing) return 0;
    return patienceMs === 0 ? -1 : patienceMs;
  }

  /** Lets the pump that begins at plug `index` do what it can do now. */
  #advance(index: number, pump: Pump): void {
    if (this.#isReady(index, pump.wait)) {
      pump.step();
      this.#work[index].moved();
    } else if (
      pump.wait === Wait.sink &&
      this.#happened(index, SOURCE)
    ) this.#work[index].serve();
  }

  /** Whether the pump that begins at plug `index` can move something now. */
  #isReady(index: number, wait: number): boolean {
    if (wait === Wait.nothing) return true;
    return wait === Wait.source
      ? this.#happened(index, SOURCE)
      : this.#happened(1 - index, SINK);
  }

  /** Whether something happened at a descriptor of plug `index`. */
  #happened(index: number, kind: number): boolean {
    const events = this.#polls.happened(entry(index, kind));
    // poll(2) would tell that again and again, and never wait.
    if ((events & POLLNVAL) !== 0) throw this.#notOpen(index, kind);
    return events !== 0;
  }

  #notOpen(index: number, kind: number): Error {
    const plug = this.#plugs[index];
    if (kind === SOURCE) return notOpen(plug, plug.fd);
    return notOpen(plug, kind === SINK ? plug.writeFd : plug.controlFd);
  }

  /** The other side of plug `index` hung up: its last frames may still wait. */
  #end(index: number): never {
    const pump = index === 0 ? this.#there : this.#back;
    let frames = -1;
    for (
      let turn = 0;
      turn < MAX_LAST_TURNS &&
      (pump.frames !== frames || this.#hasMore(index));
      turn++
    ) {
      // With something left to send, a step would take nothing new.
      if (!this.#settle(pump, 1 - index, this.#stopFd)) break;
      frames = pump.frames;
      pump.step();
    }
    throw new LinkEnd("the other side hung up");
  }

  /** Whether a plug that gave nothing has something left: one that filters may have dropped all that it looked at. */
  #hasMore(index: number): boolean {
    const polls = new PollSet(1);
    polls.set(0, this.#plugs[index].fd, POLLIN);
    return polls.wait(0) > 0 && (polls.happened(0) & POLLNVAL) === 0;
  }

  /** Lets sinks take what they were offered, the rest of a frame that is half written above all. */
  drain(): void {
    for (const [pump, sink] of [[this.#there, 1], [this.#back, 0]] as const) {
      try {
        this.#settle(pump, sink, -1);
      } catch {
        // This link is gone as well: what ended the cable is told already.
        continue;
      }
    }
  }

  /**
   * Lets the sink of a pump take what it was offered, but does not wait for
   * ever: the reader may be gone.
   *
   * @param sink Index of its plug.
   * @param stopFd Ends the wait once it is readable; -1 for nothing.
   * @returns Whether all was taken.
   */
  #settle(pump: Pump, sink: number, stopFd: number): boolean {
    const polls = new PollSet(2);
    polls.set(0, this.#plugs[sink].writeFd ?? -1, POLLOUT);
    polls.set(1, stopFd, POLLIN);
    const deadline = performance.now() + DRAIN_MS;
    while (pump.wait === Wait.sink) {
      const leftMs = Math.ceil(deadline - performance.now());
      if (leftMs <= 0) return false;
      polls.wait(leftMs);
      if (polls.happened(1) !== 0) return false;
      // It was closed: nobody will take anything.
      if ((polls.happened(0) & POLLNVAL) !== 0) return false;
      if (polls.happened(0) !== 0) pump.flush();
    }
    return true;
  }
}

function entry(plug: number, kind: number): number {
  return FIRST_PLUG + plug * PLUG_ENTRIES + kind;
}
