/**
 * A plug in memory, on event counters: what it gives and takes is set by the
 * test, and it can be full, hung up or broken at will.
 *
 * @module
 */

import { EpollSet } from "../../../ffi/epoll.ts";
import { EventFd } from "../../../ffi/eventfd.ts";
import { closeFd } from "../../../ffi/fd.ts";
import { check, libc } from "../../../ffi/libc.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../../../lib/net/frame.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { TestPipe } from "../../ffi/pipes.ts";

/** An event counter that holds so much is not writable. */
const FULL_COUNT = 0xffff_ffff_ffff_fffen;
const CLOCK_MONOTONIC = 1;
const TFD_CLOEXEC = 0o2000000;

const bound = libc({
  eventfd_write: { parameters: ["i32", "u64"], result: "i32" },
  timerfd_create: { parameters: ["i32", "i32"], result: "i32" },
  timerfd_settime: {
    // fd, int flags, const struct itimerspec *new, struct itimerspec *old
    parameters: ["i32", "i32", "buffer", "pointer"],
    result: "i32",
  },
});

/** How a {@linkcode MemoryPlug} behaves. */
export interface MemoryPlugSettings {
  /** Frames that `send` takes before it is full; without end where absent. */
  readonly room?: number;
  /** Frames that one `receive` gives at most. */
  readonly burstFrames?: number;
  /** Always takes everything: has no `writeFd`. */
  readonly lossy?: boolean;
}

/** A plug whose other side is the test. */
export class MemoryPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly fd: number;
  readonly writeFd?: number;
  readonly controlFd: number;
  /** What `send` took. */
  readonly taken: Uint8Array[] = [];
  /** Calls so far. */
  readonly calls = { receive: 0, send: 0 };
  /** Called at the end of each `send`. */
  onSent: () => void = () => {};
  /** Called at the beginning of each `receive`. */
  onReceive: () => void = () => {};
  /** Thrown by `receive` once there are no frames left. */
  receiveError: Error | undefined;
  /** Thrown by `send` once there is no room left. */
  sendError: Error | undefined;
  readonly #settings: MemoryPlugSettings;
  readonly #waiting: Uint8Array[] = [];
  readonly #readable = new EventFd();
  readonly #writable = new EventFd();
  readonly #control = new TestPipe();
  #room: number;

  constructor(settings: MemoryPlugSettings = {}) {
    this.#settings = settings;
    this.#room = settings.room ?? Infinity;
    this.fd = this.#readable.fd;
    if (!settings.lossy) this.writeFd = this.#writable.fd;
    this.controlFd = this.#control.readFd;
    if (this.#room === 0) this.#setFull();
  }

  /** Frames that nobody has received yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Gives frames to be received. */
  offer(frames: readonly Uint8Array[]): void {
    // One by one: a spread of many thousands would be as many arguments.
    for (const frame of frames) this.#waiting.push(frame);
    this.#readable.signal();
  }

  /** Breaks the link: `receive` throws when no frames are left. */
  fail(error: Error): void {
    this.receiveError = error;
    this.#readable.signal();
  }

  /** Makes room for more frames. */
  makeRoom(frames: number): void {
    this.#room += frames;
    this.#writable.drain();
  }

  /** The other side of the control descriptor goes. */
  hangUp(): void {
    this.#control.close(this.#control.writeFd);
  }

  receive(burst: Burst): number {
    this.calls.receive++;
    this.onReceive();
    const most = this.#settings.burstFrames ?? Infinity;
    let frames = 0;
    while (
      frames < most && frames < this.#waiting.length &&
      burst.room(FRAME_SLOT_BYTES) > 0
    ) {
      burst.push(this.#waiting[frames++]);
    }
    this.#waiting.splice(0, frames);
    if (this.#waiting.length > 0) return frames;
    if (frames === 0 && this.receiveError) throw this.receiveError;
    if (!this.receiveError) this.#readable.drain();
    return frames;
  }

  send(burst: Burst, from: number): number {
    this.calls.send++;
    const offered = burst.count - from;
    const frames = Math.min(offered, this.#room);
    for (let index = 0; index < frames; index++) {
      this.taken.push(burst.frame(from + index).slice());
    }
    this.#room -= frames;
    if (frames < offered) {
      if (this.sendError) throw this.sendError;
      this.#setFull();
    }
    this.onSent();
    return frames;
  }

  [Symbol.dispose](): void {
    this.#readable[Symbol.dispose]();
    this.#writable[Symbol.dispose]();
    this.#control[Symbol.dispose]();
  }

  #setFull(): void {
    this.#writable.drain();
    check(
      bound().eventfd_write(this.#writable.fd, FULL_COUNT),
      "fill an event counter",
    );
  }
}

/** Stops a loop: when told to, or after a time, lest a test that fails never ends. */
export class Stopper implements Disposable {
  readonly fd: number;
  readonly #event = new EventFd();
  readonly #timerFd: number;
  readonly #set = new EpollSet();

  constructor(afterMs = 10_000) {
    this.#timerFd = check(
      bound().timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC),
      "make a timer",
    );
    this.stopIn(afterMs);
    for (const fd of [this.#event.fd, this.#timerFd]) this.#set.add(fd);
    this.fd = this.#set.fd;
  }

  stop(): void {
    this.#event.signal();
  }

  /** Stops after a time, counted from now, in place of the one that was set. */
  stopIn(afterMs: number): void {
    const seconds = BigInt(Math.floor(afterMs / 1000));
    const nanoseconds = BigInt(afterMs % 1000) * 1_000_000n;
    // struct itimerspec: interval, then value, each seconds and nanoseconds.
    const times = new BigInt64Array([0n, 0n, seconds, nanoseconds]);
    check(
      bound().timerfd_settime(this.#timerFd, 0, times, null),
      "set a timer",
    );
  }

  [Symbol.dispose](): void {
    this.#set[Symbol.dispose]();
    this.#event[Symbol.dispose]();
    closeFd(this.#timerFd);
  }
}
