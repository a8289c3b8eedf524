/**
 * Plugs of native plugins: libvdeplug's, written in C, in this process.
 *
 * Each frame is one call of the plugin, behind a poll(2) that tells that the
 * call will not block, as the plugins' descriptors are blocking ones and must
 * stay so (ffi/native_plugin.ts). A call through a function pointer takes 2 µs,
 * so that such a plug is slower than a built-in one.
 *
 * What a plugin does wrong in its own code cannot be caught: it ends the
 * process, and a plugin that waits in the middle of a frame (vdesl, on its
 * serial line) holds up its cable.
 *
 * @module
 */

import {
  EAGAIN,
  ECONNRESET,
  EINTR,
  EIO,
  EMSGSIZE,
  ENETDOWN,
  ENOBUFS,
  ENOTCONN,
  EPIPE,
  isPeerGone,
} from "../../ffi/errno.ts";
import { SystemError } from "../../ffi/libc.ts";
import { type NativeConnection, NO_REASON } from "../../ffi/native_plugin.ts";
import { POLLHUP, POLLIN, POLLNVAL, POLLOUT, PollSet } from "../../ffi/poll.ts";
import { isHungUp } from "../../ffi/unix_socket.ts";
import { copyBetween, PlainArena } from "../net/arena.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../net/frame.ts";
import { Counter } from "../plug/counters.ts";
import { LinkEnd, PlugError } from "../plug/errors.ts";
import { countUnfit, fits } from "../plug/fit.ts";
import { holdBack } from "../plug/hold_back.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";

/** Most calls in one turn: what is not for us fills no burst. */
const MAX_CALLS = 1024;
/** Calls without a frame after which a descriptor that was readable all the while tells nothing any more. */
const MAX_FRUITLESS = 10_000;
/** What a plugin gives for a frame that is not for its host; some give it at the end, too. */
const NOT_FOR_US = 1;
/** What the plugin is told of the room for a frame. */
const FRAME_ROOM = BigInt(MAX_FRAME_BYTES);

/** A connection of a native plugin. */
export class NativePlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly fd: number;
  readonly writeFd?: number;
  readonly controlFd?: number;
  readonly #connection: NativeConnection;
  readonly #vnl: string;
  readonly #received;
  readonly #sent;
  readonly #polls = new PollSet(1);
  /** The plugin reads and writes here: its address never changes. */
  readonly #scratch = new PlainArena(MAX_FRAME_BYTES);
  /** Calls without a frame since the descriptor was last seen to be unreadable. */
  #fruitless = 0;
  /** Ended the link; thrown once all frames are handed on. */
  #failure: PlugError | undefined;

  /**
   * @param connection Taken over.
   * @param vnl For messages.
   */
  constructor(
    connection: NativeConnection,
    vnl: string,
    options: OpenOptions,
  ) {
    this.#connection = connection;
    this.#vnl = vnl;
    this.#received = options.receiveCounters;
    this.#sent = options.sendCounters;
    this.fd = connection.dataFd < 0 ? -1 : connection.dataFd;
    if (connection.controlFd >= 0) this.controlFd = connection.controlFd;
    // One that only receives (a pipe's end, a timer) is not writable now, and never will be.
    if ((this.#poll(POLLOUT) & POLLOUT) !== 0) this.writeFd = this.fd;
  }

  receive(burst: Burst): number {
    const before = burst.count;
    if (this.#failure !== undefined) throw this.#failure;
    for (let calls = 0; calls < MAX_CALLS; calls++) {
      if (burst.room(FRAME_SLOT_BYTES) < 1) break;
      const happened = this.#pollIn();
      if (happened === 0) break;
      if (!this.#receiveOne(burst, happened)) break;
    }
    if (this.#failure !== undefined) {
      // What came before the end is handed on first.
      if (burst.count === before) throw this.#failure;
      holdBack(burst);
    }
    return burst.count - before;
  }

  send(burst: Burst, from: number): number {
    for (let index = from; index < burst.count; index++) {
      const length = burst.length[index];
      if (!fits(length)) {
        countUnfit(length, this.#sent);
        continue;
      }
      copyBetween(burst.arena, burst.start[index], this.#scratch, 0, length);
      if (!this.#sendOne(length)) return index - from;
    }
    return burst.count - from;
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  /** What happened at the data descriptor, now. */
  #poll(events: number): number {
    this.#polls.set(0, this.fd, events);
    this.#polls.wait(0);
    return this.#polls.happened(0);
  }

  /** Whether there is something to receive, now. */
  #pollIn(): number {
    const happened = this.#poll(POLLIN);
    // One that is readable for nothing is so all the time.
    if (happened === 0) this.#fruitless = 0;
    return happened;
  }

  /** Takes one frame; returns whether to go on. What ends the link is kept in `#failure`. */
  #receiveOne(burst: Burst, happened: number): boolean {
    if ((happened & POLLNVAL) !== 0) {
      this.#failure = this.#closedDescriptor();
      return false;
    }
    const { bytes } = this.#scratch;
    const length = this.#connection.receive(bytes, FRAME_ROOM);
    if (length >= NOT_FOR_US) this.#append(burst, length);
    if (length >= MIN_FRAME_BYTES) {
      this.#fruitless = 0;
      return true;
    }
    this.#failure = this.#failureOf(length, happened);
    if (length >= NOT_FOR_US) return this.#failure === undefined;
    // An error that passes leaves nothing to read, however often it comes.
    this.#pollIn();
    return false;
  }

  /** What an answer that is no frame means for the link; undefined: nothing. */
  #failureOf(result: number, happened: number): PlugError | undefined {
    const hasHungUp = (happened & POLLHUP) !== 0;
    // With nothing to read but the end, what comes is the end.
    const isOver = hasHungUp && (result === 0 || (happened & POLLIN) === 0);
    if (isOver) return this.#end();
    if (result < 0 && !isQuiet(-result)) {
      return this.#broken("receive from", -result);
    }
    if (++this.#fruitless <= MAX_FRUITLESS) return undefined;
    // A passing error must not become a cable that is busy with nothing.
    return this.#failureOfMany(result, hasHungUp);
  }

  /** The same after a long row of them. */
  #failureOfMany(result: number, hasHungUp: boolean): PlugError | undefined {
    // The other side may have closed one direction alone, which POLLHUP does not tell.
    if (hasHungUp || isHungUp(this.fd)) return this.#end();
    if (result < NOT_FOR_US) return this.#senseless();
    // A busy network may have as many frames for others.
    this.#fruitless = 0;
    return undefined;
  }

  #append(burst: Burst, length: number): void {
    if (fits(length)) {
      const start = burst.tail;
      copyBetween(this.#scratch, 0, burst.arena, start, length);
      burst.append(start, length);
    } else if (length !== NOT_FOR_US) countUnfit(length, this.#received);
  }

  /** Sends the frame in the scratch arena; false: there is no room for it yet. */
  #sendOne(length: number): boolean {
    const isTold = this.writeFd !== undefined;
    if (isTold && this.#poll(POLLOUT) === 0) return false;
    let result = this.#trySend(length);
    if (isAgain(result) && isTold) {
      if (this.#poll(POLLOUT) === 0) return false;
      // There is room again, or the descriptor tells nothing of what is full.
      result = this.#trySend(length);
    }
    if (result < 0) this.#sent.add(this.#dropReason(-result), 1);
    return true;
  }

  #trySend(length: number): number {
    return this.#connection.send(this.#scratch.bytes, length);
  }

  /**
   * The counter for a frame that was not sent.
   *
   * @throws {PlugError} If none ever will be.
   */
  #dropReason(errno: number): number {
    if (errno === EAGAIN || errno === EINTR || errno === ENOBUFS) {
      return Counter.full;
    }
    if (errno === ENETDOWN || errno === EIO) return Counter.down;
    if (errno === EMSGSIZE) return Counter.oversize;
    if (errno === NO_REASON || isPeerGone(errno)) return Counter.unreachable;
    if (isHangUp(errno)) throw this.#end();
    throw this.#broken("send to", errno);
  }

  #end(): LinkEnd {
    return new LinkEnd(`the other side of "${this.#vnl}" hung up`);
  }

  #broken(attempt: string, errno: number): PlugError {
    if (isHangUp(errno)) return this.#end();
    const cause = new SystemError(`${attempt} "${this.#vnl}"`, errno);
    return new PlugError(cause.message, { code: cause.code, cause });
  }

  #closedDescriptor(): PlugError {
    return new PlugError(
      `Cannot receive from "${this.#vnl}": its native plugin has closed descriptor ${this.fd}`,
    );
  }

  #senseless(): PlugError {
    return new PlugError(
      `Cannot receive from "${this.#vnl}": descriptor ${this.fd} of its native plugin is readable, and nothing comes`,
    );
  }
}

function isAgain(result: number): boolean {
  return result === -EAGAIN || result === -EINTR;
}

/** Whether a failed receive only means that nothing came, now: an interface that is down, a peer that is not there yet. */
function isQuiet(errno: number): boolean {
  return errno === EAGAIN || errno === EINTR || errno === NO_REASON ||
    errno === EIO || errno === ENOBUFS || isPeerGone(errno);
}

function isHangUp(errno: number): boolean {
  return errno === EPIPE || errno === ECONNRESET || errno === ENOTCONN;
}
