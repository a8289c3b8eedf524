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
import type { PlugStatus } from "../plug/status.ts";
import type { Log } from "../plug/plugin.ts";
import { type CableEnd, Conversation } from "./conversation.ts";
import type { CableEndpoint, CableOrder } from "./messages.ts";

export type { CableEnd } from "./conversation.ts";
export type { CableEndpoint } from "./messages.ts";

/** How to open a cable. */
export interface CableOptions {
  /** URLs of modules that export `plugins`: where schemes are looked up, in this order. */
  readonly pluginModules: readonly string[];
  /** Text for the peers' listings, at most 127 bytes; "vdeplug:" if absent. */
  readonly description?: string;
  /** Lines for the person who started it. */
  readonly log?: Log;
  /** Gives up opening, which is rejected with its reason; later stops the cable. */
  readonly signal?: AbortSignal;
  /**
   * Told of IP addresses that frames come from out of the second end: each
   * once for each VLAN (0: untagged), as long as there are not many thousands of them.
   */
  readonly onSource?: (
    source: { readonly address: string; readonly vlan: number },
  ) => void;
}

const SILENT: Log = { warn: () => {}, debug: () => {} };

/**
 * Two plugs joined. Ends by itself when a side goes; `stop` ends it otherwise.
 *
 * A plugin may keep the cable's thread from ending: a loop in it never leaves,
 * or a call of the C library does not return. Then `ended` is settled 5 seconds
 * after `stop()` with an error that says so. Such a thread cannot be ended
 * while it is in the call, and Deno 2.9.6 does not end a loop either: only
 * `Deno.exit()` does, and until then the plugs' descriptors stay open.
 */
export class Cable {
  /** Counters from the first plug to the second, and back; live. */
  readonly counters: readonly [Counters, Counters];
  /** Settled once both plugs are closed and the thread is gone; never rejects. */
  readonly ended: Promise<CableEnd>;
  readonly #query: EventFd;
  readonly #conversation: Conversation;

  private constructor(
    counters: readonly [Counters, Counters],
    ended: Promise<CableEnd>,
    conversation: Conversation,
    query: EventFd,
  ) {
    this.counters = counters;
    this.ended = ended;
    this.#conversation = conversation;
    this.#query = query;
  }

  /**
   * Opens two plugs and joins them.
   *
   * @param ends A VNL or a stream for each side. Streams' descriptors become the cable's.
   * @param options Where schemes are looked up, description, log, signal.
   * @throws {TypeError | RangeError | SyntaxError} If a VNL is at fault.
   * @throws {PlugError} If a plug cannot be opened. Nothing of either side stays behind.
   * @throws {PermissionError} If Deno does not let us call the C library, or load the thread.
   * @throws The reason of the signal, once what was open is closed.
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
    const conversation = new Conversation({
      worker: new Worker(thread.href, { type: "module" }),
      order,
      log: options.log ?? SILENT,
      onSource: options.onSource ?? (() => {}),
      signalStop: () => stop.signal(),
    });
    const finish = () => {
      conversation.close();
      // A thread that goes on alone would wait for whatever gets these numbers next.
      if (conversation.isStuck) return;
      stop[Symbol.dispose]();
      query[Symbol.dispose]();
    };
    try {
      await openUnlessAborted(conversation, options.signal);
    } catch (error) {
      finish();
      throw error;
    }
    const onAbort = () => conversation.stop();
    options.signal?.addEventListener("abort", onAbort);
    if (options.signal?.aborted) onAbort();
    const ended = conversation.ended.finally(() => {
      options.signal?.removeEventListener("abort", onAbort);
      finish();
    });
    const [there, back] = [0, COUNTERS_BYTES].map((at) =>
      new Counters(memory, at)
    );
    return new Cable([there, back], ended, conversation, query);
  }

  /** Ends it in good order: goodbyes said, names unlinked. Await `ended` for the end. Twice is harmless. */
  stop(): void {
    this.#conversation.stop();
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

/** Waits until the cable is open, or was given up and leaves nothing behind. */
async function openUnlessAborted(
  conversation: Conversation,
  signal: AbortSignal | undefined,
): Promise<void> {
  const onAbort = () => conversation.giveUp(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted) onAbort();
  try {
    await conversation.opened;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
