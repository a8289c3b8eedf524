/**
 * Drives one plug for somebody who reacts to frames and to time.
 *
 * @module
 */

import { EventFd } from "../../ffi/eventfd.ts";
import { POLLIN, POLLNVAL, POLLOUT, PollSet } from "../../ffi/poll.ts";
import { Burst } from "../net/burst.ts";
import { LinkEnd } from "../plug/errors.ts";
import {
  MAX_LAST_TURNS,
  notOpen,
  receiveInto,
  requireWriteFd,
  sendFrom,
} from "../plug/plug_calls.ts";
import type { Plug } from "../plug/plugin.ts";

/** Reacts to frames and to time. */
export interface LinkTask {
  /** Whether there is nothing left to do. */
  readonly isDone: boolean;
  /** Time at which `advance` has something to do. */
  readonly dueMs: number;
  /** Looks at frames that came; answers go to `output`. */
  take(input: Burst, nowMs: number, output: Burst): void;
  /** Does what the time has come for; frames to be sent go to `output`. */
  advance(nowMs: number, output: Burst): void;
}

/** Entries of the poll set. */
const STOP = 0;
const READ = 1;
const WRITE = 2;
const CONTROL = 3;
const ENTRIES = 4;

const LONGEST_WAIT_MS = 60_000;
/** While a full link waits to be written to, time alone is no reason to go on. */
const BLOCKED_WAIT_MS = 20;

/** A plug and the frames on their way through it. Does not own the plug. */
export class PingLink implements Disposable {
  readonly #plug: Plug;
  readonly #stop: AbortSignal;
  readonly #set = new PollSet(ENTRIES);
  readonly #stopped = new EventFd();
  readonly #input = new Burst();
  /** Frames that wait to be sent behind those that are being sent, which must not change. */
  #output = new Burst();
  #sending = new Burst();
  #sent = 0;
  /** Turns since the other side hung up in which nothing came. */
  #lastTurns = 0;
  readonly #onStop = () => this.#stopped.signal();

  /**
   * Prepares to drive a plug.
   *
   * @param plug The caller's.
   * @param stop Ends `run`, whatever it waits for.
   */
  constructor(plug: Plug, stop: AbortSignal) {
    this.#plug = plug;
    this.#stop = stop;
    this.#set.set(STOP, this.#stopped.fd, POLLIN);
    this.#set.set(READ, plug.fd, POLLIN);
    this.#set.set(CONTROL, plug.controlFd ?? -1, 0);
    stop.addEventListener("abort", this.#onStop);
  }

  /**
   * Runs a task until it is done, or the stop signal comes.
   *
   * @throws {LinkEnd} If the other side has closed in good order.
   * @throws {PlugError} If the link is broken.
   */
  async run(task: LinkTask): Promise<void> {
    while (!this.#stop.aborted) {
      task.advance(performance.now(), this.#output);
      this.#flush();
      if (task.isDone) return;
      await this.#wait(task.dueMs);
      this.#receive(task);
    }
  }

  /** Ends nothing but what this object made. Twice is harmless. */
  [Symbol.dispose](): void {
    this.#stop.removeEventListener("abort", this.#onStop);
    this.#stopped[Symbol.dispose]();
  }

  get #isBlocked(): boolean {
    return this.#sent < this.#sending.count;
  }

  #flush(): void {
    if (!this.#isBlocked) this.#swap();
    if (this.#isBlocked) {
      this.#sent += sendFrom(this.#plug, this.#sending, this.#sent);
    }
  }

  #swap(): void {
    const done = this.#sending;
    this.#sending = this.#output;
    this.#output = done;
    this.#output.clear();
    this.#sent = 0;
  }

  async #wait(dueMs: number): Promise<void> {
    if (this.#isBlocked) requireWriteFd(this.#plug);
    const writeFd = this.#isBlocked ? this.#plug.writeFd ?? -1 : -1;
    this.#set.set(WRITE, writeFd, POLLOUT);
    const shortestMs = this.#isBlocked ? BLOCKED_WAIT_MS : 0;
    const untilDueMs = Math.ceil(dueMs - performance.now());
    const waitMs = Math.max(untilDueMs, shortestMs);
    await this.#set.waitAsync(Math.min(waitMs, LONGEST_WAIT_MS));
    this.#check(READ, this.#plug.fd);
    this.#check(WRITE, writeFd);
    this.#check(CONTROL, this.#plug.controlFd);
  }

  /** A descriptor that is not open is told of again and again: no wait would ever be one. */
  #check(entry: number, fd: number | undefined): void {
    const isOpen = (this.#set.happened(entry) & POLLNVAL) === 0;
    if (!isOpen) throw notOpen(this.#plug, fd);
  }

  /** Whether a plug that gave nothing may have something left: one that filters drops what it looks at. */
  #mayHoldMore(): boolean {
    const isReadable = (this.#set.happened(READ) & POLLIN) !== 0;
    return isReadable && ++this.#lastTurns < MAX_LAST_TURNS;
  }

  #receive(task: LinkTask): void {
    this.#input.clear();
    const frames = receiveInto(this.#plug, this.#input);
    if (frames > 0) task.take(this.#input, performance.now(), this.#output);
    else if (this.#set.happened(CONTROL) !== 0 && !this.#mayHoldMore()) {
      throw new LinkEnd("Cannot ping any longer: the other side is gone");
    }
  }
}
