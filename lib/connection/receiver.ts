/**
 * Those who wait for frames, in the order in which they asked.
 *
 * Who asks while frames wait has them at once. Otherwise a round of waiting
 * begins, which ends when nobody waits any more: there is never more than one
 * wait for the same descriptor.
 *
 * @module
 */

import { POLLIN } from "../../ffi/poll.ts";
import { LinkEnd } from "../plug/errors.ts";
import { MAX_LAST_TURNS } from "../plug/plug_calls.ts";
import type { Plug } from "../plug/plugin.ts";
import type { LinkWait } from "./link_wait.ts";

/** How a direction ended: without an error, in good order. */
export interface Ending {
  /** What whoever asks is told. */
  readonly error?: unknown;
}

/** What a receiver is made of. */
export interface ReceiverParts {
  /** The caller's. */
  readonly plug: Plug;
  /** Likewise; closed by `end`. */
  readonly wait: LinkWait;
  /** Told what ended the link, if that shows here: a LinkEnd, or what broke it. */
  readonly onLinkEnd: (reason: unknown) => void;
  /** Names the link in errors. */
  readonly vnl: string;
}

/** Somebody who waits. */
interface Reader {
  /** Takes what there is; returns whether that was anything. */
  take(): boolean;
  /** Tells the end. */
  end(ending: Ending): void;
}

/** Hands out what comes from a plug. */
export class Receiver {
  readonly #parts: ReceiverParts;
  readonly #wait: LinkWait;
  readonly #readers: Reader[] = [];
  #running = false;
  #ending: Ending | undefined;
  /** What ended the link, though frames that came before may still wait. */
  #last: { readonly reason: unknown } | undefined;

  /** @param parts Plug, wait, name and who is told. */
  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#wait = parts.wait;
  }

  /** Whether somebody waits for frames. */
  get isAwaited(): boolean {
    return this.#readers.length > 0;
  }

  /**
   * Asks for what `take` takes.
   *
   * @param take Returns undefined when there is nothing yet; called again once
   * there may be.
   * @param signal Gives up waiting.
   * @returns What it took; undefined once the link has ended in good order.
   * @throws What `take` throws, the reason of `signal`, or what ended the link.
   */
  read<T>(
    take: () => T | undefined,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    const answer = Promise.withResolvers<T | undefined>();
    if (signal?.aborted) {
      answer.reject(signal.reason);
      return answer.promise;
    }
    const leave = () => {
      this.#leave(reader);
      answer.reject(signal?.reason);
    };
    const reader: Reader = {
      take: () => {
        const taken = take();
        if (taken === undefined) return false;
        signal?.removeEventListener("abort", leave);
        answer.resolve(taken);
        return true;
      },
      end: ({ error }) => {
        signal?.removeEventListener("abort", leave);
        if (error === undefined) answer.resolve(undefined);
        else answer.reject(error);
      },
    };
    signal?.addEventListener("abort", leave);
    this.#enter(reader);
    return answer.promise;
  }

  /** Ends it for those who wait and all to come. Only the first end counts. */
  end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#wait.close();
    for (const reader of this.#readers.splice(0)) reader.end(ending);
  }

  /** Ends it as the link did. Does nothing once it has ended. */
  fail(reason: unknown): void {
    if (this.#ending !== undefined) return;
    this.end(reason instanceof LinkEnd ? {} : { error: reason });
    this.#parts.onLinkEnd(reason);
  }

  /** The same, once all that came has been handed out. */
  finish(reason: unknown): void {
    this.#last ??= { reason };
    this.#wait.wake();
  }

  #enter(reader: Reader): void {
    if (this.#ending !== undefined) return reader.end(this.#ending);
    this.#readers.push(reader);
    if (this.#running) return;
    const { isTurnDue } = this.#wait;
    if (!isTurnDue) this.#serve();
    if (this.isAwaited) void this.#run(isTurnDue);
  }

  #leave(reader: Reader): void {
    const index = this.#readers.indexOf(reader);
    if (index >= 0) this.#readers.splice(index, 1);
    // A wait for nobody would keep the program alive.
    if (!this.isAwaited) this.#wait.wake();
  }

  async #run(isTurnDue: boolean): Promise<void> {
    this.#running = true;
    try {
      if (isTurnDue) {
        await this.#wait.yield();
        this.#serve();
      }
      while (this.isAwaited) {
        if (this.#last !== undefined) return this.fail(this.#last.reason);
        await this.#waitAndServe();
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.#running = false;
    }
  }

  async #waitAndServe(): Promise<void> {
    const { plug: { fd }, vnl } = this.#parts;
    const isHungUp = await this.#wait.until({ fd, events: POLLIN });
    // What came before the other side went is handed out first.
    if (this.#serve() || !isHungUp) return;
    // One that filters may have dropped all that it looked at, and hold more.
    for (
      let turn = 0;
      turn < MAX_LAST_TURNS && this.#wait.isReadable(fd);
      turn++
    ) {
      if (this.#serve()) return;
    }
    this.fail(hangUp(vnl));
  }

  /** Gives those who wait what there is; returns whether that was anything. */
  #serve(): boolean {
    let served = false;
    try {
      while (this.#readers.length > 0 && this.#readers[0].take()) {
        this.#readers.shift();
        served = true;
      }
    } catch (error) {
      this.fail(error);
    }
    return served;
  }
}

/** What ends a link whose other side is gone without a word. */
export function hangUp(vnl: string): LinkEnd {
  return new LinkEnd(`Cannot go on with "${vnl}": the other side hung up`);
}
