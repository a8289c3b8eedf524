/**
 * What the main thread and a cable's thread say to each other, as promises.
 *
 * The thread belongs to plugins, too, which are the work of others: one may
 * end the thread, or keep it from ever answering. Nobody who waits for the
 * cable may then wait for ever.
 *
 * @module
 */

import { isThreadAlive } from "../../ffi/thread.ts";
import { LinkEnd, PlugError } from "../plug/errors.ts";
import type { Log } from "../plug/plugin.ts";
import type { PlugStatus } from "../plug/status.ts";
import {
  type CableOrder,
  type CableReport,
  type CableRequest,
  type FrameSource,
  unpackError,
} from "./messages.ts";

/** What ended a cable. */
export interface CableEnd {
  /** `stopped`: by `stop()` or a signal; `closed`: a side hung up in good order; `failed`: a link broke. */
  readonly reason: "stopped" | "closed" | "failed";
  /** The error behind `closed` and `failed`. */
  readonly error?: Error;
}

/** How often to look whether the thread is still there. */
const LOOK_MS = 1000;

/** So long may the thread take to end once it is asked to. */
export const PATIENCE_MS = 5000;

/** What a conversation is begun with. */
export interface ConversationParts {
  /** Runs worker.ts. The conversation's from now on. */
  readonly worker: Worker;
  readonly order: CableOrder;
  readonly log: Log;
  readonly onSource: (source: FrameSource) => void;
  /** Makes the thread end its loop. */
  readonly signalStop: () => void;
}

/** With one cable's thread, from its order to its end. */
export class Conversation {
  readonly #parts: ConversationParts;
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<CableEnd>();
  #status = Promise.withResolvers<readonly PlugStatus[]>();
  #lastStatus: readonly PlugStatus[] = [];
  #isOrdered = false;
  #isStuck = false;
  /** Why nobody wants the cable any more, before it was open. */
  #givenUp: { readonly reason: unknown } | undefined;
  #isOver = false;
  #looking: ReturnType<typeof setInterval> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;

  /** @param parts Worker, order, and who is told. */
  constructor(parts: ConversationParts) {
    this.#parts = parts;
    const { worker } = parts;
    worker.onmessage = ({ data }: MessageEvent<CableReport>) =>
      this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(
        new TypeError(
          `Cannot carry frames: ${event.message}${describePlace(event)}`,
        ),
      );
    };
  }

  /** Settled once both plugs are open; rejected if that cannot be. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Settled once both plugs are closed, or will never be; never rejects. */
  get ended(): Promise<CableEnd> {
    return this.#ended.promise;
  }

  /** Whether the thread was left to itself: it does not answer, and may still use what it was given. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** The next status that the thread tells; the last one once it has ended. */
  nextStatus(): Promise<readonly PlugStatus[]> {
    const atTheEnd = this.ended.then(() => this.#lastStatus);
    return Promise.race([atTheEnd, this.#status.promise]);
  }

  /** Ends the cable: in good order, as long as the thread listens. */
  stop(): void {
    this.#parts.signalStop();
    this.#losePatience();
  }

  /** Closes what is open already: then `opened` is rejected with the reason. */
  giveUp(reason: unknown): void {
    this.#givenUp ??= { reason };
    if (this.#isOrdered) this.#say({ type: "give up" });
    this.#losePatience();
  }

  /** To be called in the end: the thread is gone, if it can be ended at all. */
  close(): void {
    clearInterval(this.#looking);
    clearTimeout(this.#patience);
    this.#parts.worker.terminate();
  }

  #say(request: CableRequest): void {
    this.#parts.worker.postMessage(request);
  }

  #hear(report: CableReport): void {
    const { log, onSource, order } = this.#parts;
    switch (report.type) {
      case "ready":
        this.#watch(report.thread);
        this.#say({ type: "open", order });
        this.#isOrdered = true;
        if (this.#givenUp !== undefined) this.#say({ type: "give up" });
        return;
      case "log":
        return log[report.level](report.line);
      case "source":
        return onSource(report.source);
      case "status":
        this.#lastStatus = report.plugs;
        this.#status.resolve(report.plugs);
        this.#status = Promise.withResolvers();
        return;
      case "opened":
        // It was open before it heard that nobody wants it any more.
        if (this.#givenUp !== undefined) return this.stop();
        return this.#opened.resolve();
      case "failed":
        return this.#fail(unpackError(report.error));
      case "ended":
        return this.#end(
          describeEnd(report.error && unpackError(report.error)),
        );
    }
  }

  #fail(error: Error): void {
    this.#end({ reason: "failed", error });
  }

  /** Only the first end counts. */
  #end(end: CableEnd): void {
    this.#isOver = true;
    clearInterval(this.#looking);
    clearTimeout(this.#patience);
    this.#opened.reject(this.#givenUp ? this.#givenUp.reason : end.error);
    this.#ended.resolve(end);
  }

  /** A thread that is gone without a word would be waited for without end: the runtime does not tell of it. */
  #watch(thread: number): void {
    this.#looking = setInterval(() => {
      if (isThreadAlive(thread)) return;
      this.#fail(
        new PlugError("Cannot carry frames: the thread of the cable is gone", {
          hint: "a plugin must end neither the program nor its own thread",
        }),
      );
    }, LOOK_MS);
  }

  #losePatience(): void {
    if (this.#isOver) return;
    this.#patience ??= setTimeout(() => {
      this.#isStuck = true;
      this.#fail(
        new PlugError(
          "Cannot end the cable in good order: its thread has not answered " +
            `for ${PATIENCE_MS / 1000} seconds`,
          {
            hint: "a function of a plugin does not return; what the plugs " +
              "hold stays open until the program is made to exit",
          },
        ),
      );
    }, PATIENCE_MS);
  }
}

/** Where an error was thrown that nobody caught. */
function describePlace({ filename, lineno, message }: ErrorEvent): string {
  const place = `${filename}:${lineno}`;
  return filename && !message.includes(place) ? ` (${place})` : "";
}

function describeEnd(error: Error | undefined): CableEnd {
  if (error === undefined) return { reason: "stopped" };
  return { reason: error instanceof LinkEnd ? "closed" : "failed", error };
}
