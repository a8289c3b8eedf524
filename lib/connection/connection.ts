/**
 * One end of a virtual Ethernet in the hands of a program.
 *
 * Frames go through the program's own thread: what waits is taken and sent at
 * once, by system calls that do not block, and only the waiting itself happens
 * elsewhere, in poll(2). A cable, which joins two networks without a look at
 * the frames, is faster, and has a thread of its own.
 *
 * @module
 */

import { makeCableBurst } from "../cable/cable_burst.ts";
import type { Burst } from "../net/burst.ts";
import { Counters } from "../plug/counters.ts";
import { PlugError } from "../plug/errors.ts";
import { type Plug, servingOf } from "../plug/plugin.ts";
import { type PlugStatus, statusOf } from "../plug/status.ts";
import { Intake } from "./intake.ts";
import { forget, remember } from "./leftovers.ts";
import { LinkWait } from "./link_wait.ts";
import { hangUp, Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import { SideService } from "./side_service.ts";

/** What passed through a connection and what was dropped; live. */
export interface ConnectionCounters {
  /** Out of the network, towards the program. A superframe counts as one frame. */
  readonly received: Counters;
  /** Out of the program, into the network. */
  readonly sent: Counters;
}

/** How to make a connection of a plug. */
export interface ConnectionParts {
  /** Names the network in errors; "" if absent. */
  readonly vnl?: string;
  /** Those that the plug was opened with, so that its drops are among them; new ones if absent. */
  readonly counters?: ConnectionCounters;
  /** Closes the connection: whatever waits is rejected with its reason. */
  readonly signal?: AbortSignal;
}

/** How to wait for a frame. */
export interface ReceiveOptions {
  /** Gives up waiting, and rejects with its reason; the connection stays open. */
  readonly signal?: AbortSignal;
}

/** What is wanted in bursts. */
export interface BurstsOptions {
  /**
   * Whether superframes are handed out as they come; otherwise, and if absent,
   * plain frames are made of them. The columns of {@linkcode Burst} tell what
   * a frame is.
   */
  readonly superframes?: boolean;
}

/**
 * One end of a virtual Ethernet: frames go in with {@linkcode Connection.send}
 * and come out of a `for await` loop. Made by `open`.
 *
 * A frame is an Ethernet frame from its destination address on, without frame
 * check sequence: at least 14 bytes, at most
 * {@linkcode Connection.maxFrameBytes}, multi-byte fields big-endian.
 *
 * Links do work of their own while frames are received: they answer a peer
 * that joins (`ptp://`, whose other end waits two seconds for that, unless it
 * is opened by the same program), or learn where stations are (`vxvde://`). A
 * program that only sends receives as well, and forgets what comes.
 *
 * While something waits for frames, or for room in a full link, the program
 * stays alive; an open connection alone does not keep it so, but that of a
 * switch does, which has its clients to serve. However many wait, they take
 * one of the 32 threads that Deno has for files and names, and none while
 * nobody waits.
 *
 * What is still open when a program ends, at the end of its work or by
 * `Deno.exit`, is closed then: the program of `cmd://` is ended, names in the
 * file system go. After a signal, or an error that nobody catches, a program
 * of `cmd://` finds its input closed, which ends most, and a name stays where
 * it is (`ptp://`, `switch://`): the next to open the same one replaces it.
 *
 * @example Ask a host for its MAC address
 * ```ts
 * import { open } from "@vdeplug/vdeplug";
 * import { assertEquals } from "@std/assert";
 *
 * await using network = await open("probe://192.0.2.1/mac=02:00:00:00:00:01");
 *
 * const question = new Uint8Array(42);
 * question.fill(0xff, 0, 6); // to everybody
 * question.set([2, 0, 0, 0, 0, 9], 6); // from 02:00:00:00:00:09
 * question.set([8, 6, 0, 1, 8, 0, 6, 4, 0, 1], 12); // ARP: who has …
 * question.set([2, 0, 0, 0, 0, 9, 192, 0, 2, 9], 22); // asks 192.0.2.9
 * question.set([192, 0, 2, 1], 38); // … 192.0.2.1?
 * await network.send(question);
 *
 * const answer = await network.receive({ signal: AbortSignal.timeout(5000) });
 * assertEquals(answer?.subarray(6, 12), new Uint8Array([2, 0, 0, 0, 0, 1]));
 * ```
 */
export class Connection
  implements AsyncIterable<Uint8Array<ArrayBuffer>>, AsyncDisposable {
  /** What was opened. */
  readonly vnl: string;
  /** What passed through and what was dropped; live. */
  readonly counters: ConnectionCounters;
  readonly #plug: Plug;
  readonly #waits: readonly LinkWait[];
  readonly #intake: Intake;
  readonly #receiver: Receiver;
  readonly #sender: Sender;
  readonly #service: SideService;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#shut({ error: this.#signal?.reason });
  #isOpen = true;

  /**
   * Makes a connection of a plug that is open.
   *
   * @param plug Becomes the connection's, and nobody else may use it.
   * @param parts Name, counters, signal.
   */
  constructor(plug: Plug, parts: ConnectionParts = {}) {
    const { vnl = "", signal } = parts;
    this.vnl = vnl;
    this.counters = parts.counters ??
      { received: new Counters(), sent: new Counters() };
    this.#plug = plug;
    const [forReceive, forSend, forService] = this.#waits = [
      new LinkWait(plug),
      new LinkWait(plug),
      new LinkWait(plug, -1),
    ];
    this.#intake = new Intake(plug, this.counters.received);
    this.#receiver = new Receiver({
      plug,
      wait: forReceive,
      vnl,
      onLinkEnd: (reason) => this.#sender.end(reason),
    });
    this.#sender = new Sender({
      plug,
      wait: forSend,
      counters: this.counters.sent,
      vnl,
      look: () => this.#look(forSend),
      onLinkEnd: (reason) => this.#receiver.finish(reason),
    });
    this.#service = new SideService({
      plug,
      wait: forService,
      isAwaited: () => this.#receiver.isAwaited,
      onFailure: (error) => this.#receiver.fail(error),
    });
    remember(this);
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  /** Longest frame that the link carries, in bytes, Ethernet header and tag included. Never changes. */
  get maxFrameBytes(): number {
    return this.#plug.maxFrameBytes;
  }

  /** Superframes that the link takes whole: a sum of `Offload` bits. Of others, {@linkcode Connection.sendBurst} makes plain frames. */
  get accepts(): number {
    return this.#plug.accepts;
  }

  /**
   * Sends one plain frame. What the link takes at once is on its way when this
   * returns; a link that is full and loses nothing (a pipe, a local socket, a
   * switch) makes the promise wait, so await it; one that may lose (UDP) drops
   * and counts. Frames leave in the order of the calls.
   *
   * @param frame Copied before this returns: at once the caller's again.
   * @returns Settled once the link has taken the frame; that it arrives, no
   * Ethernet promises.
   * @throws {TypeError} If it is no Uint8Array.
   * @throws {RangeError} If it is shorter than 14 bytes or longer than
   * {@linkcode Connection.maxFrameBytes}.
   * @throws {LinkEnd} If the other side has closed in good order. Where nobody
   * receives meanwhile, that may show some frames late: the link is looked at
   * a hundred times a second at most.
   * @throws {PlugError} If the link is broken, or the connection was closed.
   */
  async send(frame: Uint8Array): Promise<void> {
    await this.#sender.send(frame);
  }

  /**
   * Sends all frames of a burst, with as few system calls as the link allows:
   * otherwise as {@linkcode Connection.send}. Frames that are too short or too
   * long are dropped and counted.
   *
   * @param burst Stays the caller's, but must not change before the promise is
   * settled. Superframes may be in it.
   * @throws {TypeError} If it is no burst.
   * @throws {LinkEnd} If the other side has closed in good order.
   * @throws {PlugError} If the link is broken, or the connection was closed.
   */
  async sendBurst(burst: Burst): Promise<void> {
    await this.#sender.sendBurst(burst);
  }

  /**
   * Waits for one plain frame. When several wait, each frame goes to one of
   * them, in the order in which they asked.
   *
   * @param options A signal to give up.
   * @returns A copy, the caller's to keep and to change; undefined once the
   * other side has closed in good order, or {@linkcode Connection.close} was
   * called: {@linkcode Connection.send} is rejected from then on.
   * @throws {PlugError} If the link is broken.
   * @throws The reason of the signal.
   */
  async receive(
    options: ReceiveOptions = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const take = () => {
      this.#service.taken();
      return this.#intake.frame();
    };
    return await this.#receiver.read(take, options.signal);
  }

  /**
   * Plain frames as they come, for `for await`. Leaving the loop leaves the
   * connection open, and frames that nobody took are there for the next one;
   * two loops at a time share the frames, each of which goes to one of them.
   *
   * @returns Copies, the caller's to keep and to change. Ends once the other
   * side has closed in good order, or {@linkcode Connection.close} was called.
   * @throws {PlugError} If the link is broken.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<
    Uint8Array<ArrayBuffer>,
    void,
    void
  > {
    for (;;) {
      const frame = await this.receive();
      if (frame === undefined) return;
      yield frame;
    }
  }

  /**
   * Frames as they come, many at a time and without a copy: for programs that
   * move hundreds of thousands of frames a second. Otherwise as the loop over
   * single frames.
   *
   * @param options Whether superframes are wanted.
   * @returns Bursts with at least one frame. Each may be changed and sent on,
   * here or through another connection, until the loop asks for the next one:
   * that voids it. What must last longer is to be copied.
   * @throws {PlugError} If the link is broken.
   *
   * @example Send everything back, sender and receiver swapped
   * ```ts ignore
   * import { open } from "@vdeplug/vdeplug";
   *
   * await using network = await open("vde:///run/vde/lan");
   * for await (const burst of network.bursts()) {
   *   for (let index = 0; index < burst.count; index++) {
   *     const at = burst.start[index];
   *     const receiver = burst.bytes.slice(at, at + 6);
   *     burst.bytes.copyWithin(at, at + 6, at + 12);
   *     burst.bytes.set(receiver, at + 6);
   *   }
   *   await network.sendBurst(burst);
   * }
   * ```
   */
  async *bursts(
    options: BurstsOptions = {},
  ): AsyncGenerator<Burst, void, void> {
    const { superframes = false } = options;
    let burst = makeCableBurst();
    const take = () => {
      this.#service.taken();
      burst = this.#intake.burst(burst, superframes);
      return burst.count > 0 ? burst : undefined;
    };
    for (;;) {
      if (await this.#receiver.read(take) === undefined) return;
      yield burst;
    }
  }

  /** What the link tells of itself beside the counters, such as a switch of its ports; undefined from others, and once closed. */
  status(): PlugStatus | undefined {
    return this.#isOpen ? statusOf(this.#plug) : undefined;
  }

  /**
   * Closes the connection: goodbyes are said, names unlinked. Loops end,
   * `receive` gives undefined, and a `send` that waits for a full link is
   * rejected. Twice is harmless. Also done by `await using`.
   *
   * @returns Settled once all that it held is given back.
   */
  async close(): Promise<void> {
    this[Symbol.dispose]();
    await Promise.all(this.#waits.map((wait) => wait.ended()));
  }

  /** Closes the connection, as {@linkcode Connection.close}, whose end is not awaited: what waits settles in the turns that follow. */
  [Symbol.dispose](): void {
    this.#shut({});
  }

  /** Closes the connection and waits for the end of it, as {@linkcode Connection.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** For a program that sends and does not receive: who waits for frames sees the end, and a switch has none. */
  #look(wait: LinkWait): void {
    if (this.#receiver.isAwaited || servingOf(this.#plug)) return;
    try {
      this.#intake.look();
      if (wait.findsHangUp()) this.#sender.fail(hangUp(this.vnl));
    } catch (error) {
      this.#receiver.fail(error);
    }
  }

  #shut(ending: { readonly error?: unknown }): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    forget(this);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#receiver.end(ending);
    this.#sender.end(
      ending.error ??
        new PlugError(`Cannot send to "${this.vnl}": the connection is closed`),
    );
    this.#service.end();
    this.#plug[Symbol.dispose]();
  }
}
