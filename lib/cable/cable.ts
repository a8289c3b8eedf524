/**
 * A cable: two plugs joined on a thread of their own.
 *
 * The main thread keeps the handle: it reads the counters, which the cable's
 * thread writes into shared memory, and wakes the thread to stop it.
 *
 * @module
 */

import { EventFd } from "../../ffi/eventfd.ts";
import { requireModule } from "../../ffi/permission.ts";
import { Counters, COUNTERS_BYTES } from "../plug/counters.ts";
import { LinkEnd } from "../plug/errors.ts";
import type { PlugStatus } from "../plug/status.ts";
import type { Log } from "../plug/plugin.ts";
import {
  type CableEndpoint,
  type CableOrder,
  type CableReport,
  unpackError,
} from "./messages.ts";

export type { CableEndpoint } from "./messages.ts";

/** How to open a cable. */
export interface CableOptions {
  /** URLs of modules that export `plugins`: where schemes are looked up, in this order. */
  readonly pluginModules: readonly string[];
  /** Text for the peers' listings, at most 127 bytes; "vdeplug:" if absent. */
  readonly description?: string;
  /** Lines for the person who started it. */
  readonly log?: Log;
  /**
   * Told of IP addresses that frames come from out of the second end: each
   * once for each VLAN (0: untagged), as long as there are not many thousands of them.
   */
  readonly onSource?: (
    source: { readonly address: string; readonly vlan: number },
  ) => void;
}

/** What ended a cable. */
export interface CableEnd {
  /** `stopped`: by `stop()`; `closed`: a side hung up in good order; `failed`: a link broke. */
  readonly reason: "stopped" | "closed" | "failed";
  /** The error behind `closed` and `failed`. */
  readonly error?: Error;
}

const SILENT: Log = { warn: () => {}, debug: () => {} };

/** Two plugs joined. Ends by itself when a side goes; `stop` ends it otherwise. */
export class Cable {
  /** Counters from the first plug to the second, and back; live. */
  readonly counters: readonly [Counters, Counters];
  /** Settled once both plugs are closed and the thread is gone; never rejects. */
  readonly ended: Promise<CableEnd>;
  readonly #stop: EventFd;
  readonly #query: EventFd;
  readonly #conversation: Conversation;

  private constructor(
    counters: readonly [Counters, Counters],
    conversation: Conversation,
    stop: EventFd,
    query: EventFd,
  ) {
    this.counters = counters;
    this.ended = conversation.ended;
    this.#conversation = conversation;
    this.#stop = stop;
    this.#query = query;
  }

  /**
   * Opens two plugs and joins them.
   *
   * @param ends A VNL or a stream for each side. Streams' descriptors become the cable's.
   * @param options Where schemes are looked up, description, log.
   * @throws {TypeError | RangeError | SyntaxError} If a VNL is at fault.
   * @throws {PlugError} If a plug cannot be opened. Nothing of either side stays behind.
   * @throws {PermissionError} If Deno does not let us call the C library, or load the thread.
   */
  static async open(
    ends: readonly [CableEndpoint, CableEndpoint],
    options: CableOptions,
  ): Promise<Cable> {
    const thread = new URL("./worker.ts", import.meta.url);
    requireModule(thread);
    const memory = new SharedArrayBuffer(2 * COUNTERS_BYTES);
    const stop = new EventFd();
    const query = new EventFd();
    const order: CableOrder = {
      ends,
      pluginModules: options.pluginModules,
      description: options.description ?? "vdeplug:",
      counters: memory,
      stopFd: stop.fd,
      queryFd: query.fd,
      watchSources: options.onSource !== undefined,
    };
    const worker = new Worker(thread.href, { type: "module" });
    const finish = () => {
      worker.terminate();
      stop[Symbol.dispose]();
      query[Symbol.dispose]();
    };
    const conversation = converse(worker, order, {
      log: options.log ?? SILENT,
      onSource: options.onSource ?? (() => {}),
    });
    try {
      await conversation.opened;
    } catch (error) {
      finish();
      throw error;
    }
    return new Cable(
      [new Counters(memory, 0), new Counters(memory, COUNTERS_BYTES)],
      { ...conversation, ended: conversation.ended.finally(finish) },
      stop,
      query,
    );
  }

  /** Ends it in good order: goodbyes said, names unlinked. Await `ended` for the end. Twice is harmless. */
  stop(): void {
    this.#stop.signal();
  }

  /**
   * What the plugs tell of themselves beside the counters, such as a switch of
   * its ports.
   *
   * @returns Nothing from plugs that have nothing to tell; once the cable has
   * ended, what they told last.
   */
  async status(): Promise<readonly PlugStatus[]> {
    const answer = this.#conversation.nextStatus();
    this.#query.signal();
    return await answer;
  }
}

/** What the thread says, as promises. */
interface Conversation {
  readonly opened: Promise<void>;
  readonly ended: Promise<CableEnd>;
  /** The next status that it tells; the last one once it has ended. */
  nextStatus(): Promise<readonly PlugStatus[]>;
}

/** Hands the order over, and turns what the thread reports into promises. */
function converse(
  worker: Worker,
  order: CableOrder,
  { log, onSource }: Required<Pick<CableOptions, "log" | "onSource">>,
): Conversation {
  let status = Promise.withResolvers<readonly PlugStatus[]>();
  let last: readonly PlugStatus[] = [];
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<CableEnd>();
  worker.onmessage = ({ data }: MessageEvent<CableReport>) => {
    switch (data.type) {
      case "ready":
        return worker.postMessage(order);
      case "log":
        return log[data.level](data.line);
      case "source":
        return onSource(data.source);
      case "status":
        last = data.plugs;
        status.resolve(last);
        status = Promise.withResolvers();
        return;
      case "opened":
        return opened.resolve();
      case "failed":
        return opened.reject(unpackError(data.error));
      case "ended":
        return ended.resolve(
          describeEnd(data.error && unpackError(data.error)),
        );
    }
  };
  worker.onerror = (event) => {
    event.preventDefault();
    const error = new TypeError(
      `Cannot carry frames: ${event.message}${describePlace(event)}`,
    );
    opened.reject(error);
    ended.resolve({ reason: "failed", error });
  };
  const atTheEnd = ended.promise.then(() => last);
  return {
    opened: opened.promise,
    ended: ended.promise,
    nextStatus: () => Promise.race([atTheEnd, status.promise]),
  };
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
