/**
 * What a plugin is handed to build plugs with.
 *
 * It arrives in the options of `open`, so that a plugin's file imports nothing
 * but types: the same file works wherever it is loaded, from an executable
 * without a package of this name beside it, too.
 *
 * @module
 */

import type { Counter } from "./counters.ts";
import type { LinkEnd, PlugError } from "./errors.ts";
import type { OpenOptions, Plug } from "./plugin.ts";

/**
 * What became of a frame: `sent`: done with, also where the link has dropped it
 * on purpose; `full`: there was no room, it is offered
 * again once the link is writable; `down`: nobody is there, it is dropped.
 */
export type SendResult = "sent" | "full" | "down";

/**
 * A link that moves one frame at a time: what the author of a plugin writes.
 * Nothing in it waits. A cable's thread runs no event loop, so that promises,
 * callbacks and Deno's timers do not come to pass in it: there is
 * {@linkcode PluginKit.timer} instead.
 */
export interface FrameLink extends Disposable {
  /** Readable while a frame waits: for poll(2). */
  readonly fd: number;

  /** Writable once a full link has room. Absent: frames that find it full are dropped, and counted. */
  readonly writeFd?: number;

  /** Hung up once the other side is gone. */
  readonly controlFd?: number;

  /** Longest frame in bytes, Ethernet header included, 14 to 9234; 9234, the longest of all, if absent. */
  readonly maxFrameBytes?: number;

  /**
   * Writes the next frame into `room`.
   *
   * A link that drops frames of another takes the next one, some times, and then
   * gives -1: what is left keeps `fd` readable, and other work has its turn.
   *
   * ```ts ignore
   * for (let turn = 0; turn < 64; turn++) {
   *   const length = link.receive(room);
   *   if (length < 0 || isWanted(room.subarray(0, length))) return length;
   * }
   * return -1;
   * ```
   *
   * @param room At least 9234 bytes; not kept.
   * @returns Its length in bytes; -1 if none waits. What is no frame by its
   * length is dropped, and counted; a length that `room` does not have is a
   * fault that ends the plug.
   * @throws {PlugError} If the link is broken for good.
   * @throws {LinkEnd} If the other side has closed in good order.
   */
  receive(room: Uint8Array<ArrayBuffer>): number;

  /**
   * Sends one frame. What is `full` comes again, the same frame: whoever logs or
   * counts frames does so once one is `sent`.
   *
   * @param frame 14 to `maxFrameBytes` bytes; not kept, not changed.
   * @throws {PlugError} If the link is broken for good.
   * @throws {LinkEnd} If the other side has closed in good order.
   */
  send(frame: Uint8Array<ArrayBuffer>): SendResult;

  /**
   * Work that the link has beside its cable's, as one before a switch has, while
   * nobody takes frames: what it would give is lost. Called when `fd` is
   * readable; leaves it unreadable, and does not wait. Absent, as from most: it
   * has none.
   */
  serve?(): void;

  /** Gives everything back. Called once. */
  [Symbol.dispose](): void;
}

/**
 * Wakes the thread of a cable: for plugs that make frames by themselves. A plug
 * that leaves it readable keeps that thread busy.
 */
export interface WakeUp extends Disposable {
  /** Readable from `signal` until `drain`. */
  readonly fd: number;
  /** Makes it readable. */
  signal(): void;
  /** Makes it unreadable. */
  drain(): void;
}

/** A clock that wakes the thread of a cable. A plug that leaves it readable keeps that thread busy. */
export interface Timer extends Disposable {
  /** Readable once the time is over, until the next `set` or `clear`. */
  readonly fd: number;

  /**
   * Begins a time; one that runs is forgotten.
   *
   * @param delayMs 0 to 4294967295 milliseconds, parts of one included; less
   * than 1 counts as 1.
   * @throws {RangeError} If it is none of these.
   */
  set(delayMs: number): void;

  /** Makes it unreadable until the next `set`. */
  clear(): void;
}

/** One descriptor for several. */
export interface AnyOf extends Disposable {
  /** Readable while one of them is. */
  readonly fd: number;
}

/** What a plugin is handed to build plugs with. */
export interface PluginKit {
  /**
   * Makes a plug of a link that moves one frame at a time. Bursts, frames of
   * unfit lengths and counters are taken care of; frames that came before an
   * error are handed on before it.
   *
   * @param link Becomes the plug's.
   * @param options What `open` was given.
   * @throws {RangeError} If the link's `maxFrameBytes` is none; the link is
   * disposed of then, too.
   */
  framePlug(link: FrameLink, options: OpenOptions): Plug;

  /**
   * Opens a local socket of datagrams between two processes of this host, in
   * whatever namespaces of the network: one frame a datagram.
   *
   * An end that is disposed of says so to the other one, which then hears
   * whoever comes next. After one that was killed, this end hears nobody else
   * before it has sent a frame itself.
   *
   * @param path Its own name: made here, and removed at its end. A name that a
   * crash left behind is taken over.
   * @param peer Name of the other end's. It may come later, and come again:
   * until it is there, frames are `down`.
   * @throws {PlugError} If there is something else of that name, or the folder
   * cannot be written.
   * @throws {RangeError} If a path has more than 107 bytes.
   */
  localSocket(path: string, peer: string): FrameLink;

  /**
   * Makes a link of another plug, to stand before it: an author's link asks this
   * one for frames, hands frames to it, and goes to `framePlug` in its turn.
   * `{ ...link, send }` is the link with another `send`.
   *
   * Frames keep their order. Superframes come out as plain frames, with their
   * checksums complete. `fd` is readable for what the link holds of the plug's
   * burst, too. `send` gives "full" where the plug waits for room, and the
   * frame, of which a part may be on its way, is to be offered again before any
   * other; what the plug drops it counts itself, and that is "sent". An error of
   * the plug comes after the frames that came before it.
   *
   * Whoever writes a time or a number into frames on their way out keeps what
   * was written as long as the answer is "full". `serve` makes the link's own
   * `fd` unreadable, no others: one with a timer beside it needs a `serve` that
   * sees to that, too. A frame of one's own that finds the link full is tried
   * again by a timer: `writeFd` is waited for only after one's own "full". What
   * is still held when `controlFd` hangs up is lost.
   *
   * @param plug From `options.open`. Becomes the link's, which disposes of it;
   * disposed of where no link can be made of it, too.
   * @param options What `open` was given: frames that are none by their
   * length, or of which none can be made, are counted there.
   * @throws {PlugError} If there are no descriptors left.
   * @throws {TypeError} If it is no plug.
   */
  frameLink(plug: Plug, options: OpenOptions): FrameLink;

  /**
   * Makes a clock: for plugs in which something is to happen later.
   *
   * @throws {PlugError} If there are no descriptors left.
   */
  timer(): Timer;

  /**
   * Makes one descriptor of several, as a link shows its cable only one: of a
   * timer's and another link's, for example.
   *
   * A set among them stands for the members that it has now.
   *
   * @param fds Stay the caller's, and open until this one is disposed of; -1 for
   * none.
   * @throws {PlugError} If one is not open or cannot be waited for, or there
   * are no descriptors left.
   * @throws {RangeError} If one is no whole number, or is less than -1.
   */
  anyOf(fds: readonly number[]): AnyOf;

  /** Makes something that wakes a cable's thread. @throws {PlugError} If there are no descriptors left. */
  wakeUp(): WakeUp;

  /** The class of errors that are the world's fault; `TypeError`, `RangeError` and `SyntaxError` are the caller's. */
  readonly PlugError: typeof PlugError;
  /** The other side is gone in good order. */
  readonly LinkEnd: typeof LinkEnd;
  /** Names of counters, for `options.receiveCounters.add(kit.Counter.foreign, 1)`. */
  readonly Counter: typeof Counter;
}
