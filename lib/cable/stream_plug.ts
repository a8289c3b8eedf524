/**
 * The plug that speaks the stream form on a pair of descriptors: standard
 * input and output, or the pipes of another program.
 *
 * @module
 */

import { ECONNRESET, EPIPE } from "../../ffi/errno.ts";
import {
  closeFd,
  isAgain,
  isTerminal,
  O_NONBLOCK,
  O_RDWR,
  openFile,
  readv,
  setNonBlocking,
  writev,
} from "../../ffi/fd.ts";
import { SystemError } from "../../ffi/libc.ts";
import { Iovecs } from "../../ffi/memory.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { Counter } from "../plug/counters.ts";
import { LinkEnd, PlugError } from "../plug/errors.ts";
import type { OpenRequest, Plug } from "../plug/plugin.ts";
import { StreamDecoder } from "../plug/stream.ts";
import { STREAM_OFFLOAD, StreamRecords } from "./stream_records.ts";

/**
 * Most reads in one turn: lengths of 0, and what is out of step, fill no burst,
 * and a flood of them would keep the thread from the other direction.
 */
const MAX_READS = 16;

/** The base of what is read into. */
const ARENA = 1;

/** Where a stream comes from and goes to. */
export interface StreamEnds {
  /** Read from. The plug owns it and closes it, unless it is a standard descriptor. */
  readonly readFd: number;
  /** Written to. Owned likewise; may be the same as `readFd`. */
  readonly writeFd: number;
  /** Who is at the other end, for messages: "standard input". */
  readonly peer: string;
}

/** Frames on a byte stream, each behind its length. Reliable: waits for a slow reader. */
export class StreamPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = STREAM_OFFLOAD;
  readonly fd: number;
  readonly writeFd: number;
  /** A pipe whose reader has gone shows it at the writing end, before anything is written. */
  readonly controlFd: number;
  readonly #peer: string;
  readonly #options: OpenRequest;
  readonly #decoder: StreamDecoder;
  readonly #readIovec = new Iovecs(1);
  readonly #records: StreamRecords;
  /** What `dispose` undoes, the last first. */
  readonly #undo = new DisposableStack();
  /** Bytes of the first frame not yet taken, prefix included, that are in the stream already. */
  #written = 0;
  #ended = false;

  /**
   * Takes the descriptors over.
   *
   * @throws {PlugError} If one is of no use. Both are released then too.
   */
  constructor({ readFd, writeFd, peer }: StreamEnds, options: OpenRequest) {
    this.#peer = peer;
    this.#options = options;
    this.#records = new StreamRecords(options.sendCounters);
    this.#decoder = new StreamDecoder(options.receiveCounters);
    for (const fd of new Set([readFd, writeFd])) {
      this.#undo.defer(() => release(fd));
    }
    try {
      this.fd = this.#makeNonBlocking(readFd);
      this.writeFd = writeFd === readFd
        ? this.fd
        : this.#makeNonBlocking(writeFd);
    } catch (cause) {
      this.#undo.dispose();
      if (!(cause instanceof SystemError)) throw cause;
      throw new PlugError(cause.message, { code: cause.code, cause });
    }
    this.controlFd = this.writeFd;
  }

  /**
   * A terminal's open file is shared with the shell, which must not find it
   * non-blocking: that one is opened again.
   */
  #makeNonBlocking(fd: number): number {
    if (isTerminal(fd)) {
      const again = openFile(`/proc/self/fd/${fd}`, O_RDWR | O_NONBLOCK);
      this.#undo.defer(() => release(again));
      return again;
    }
    if (!setNonBlocking(fd, true)) {
      this.#undo.defer(() => setNonBlocking(fd, false));
    }
    return fd;
  }

  receive(burst: Burst): number {
    const before = burst.count;
    let reads = 0;
    while (burst.room(FRAME_SLOT_BYTES) > 0) {
      const readBytes = this.#decoder.readBytes(burst);
      const isToRead = readBytes > 0 && !this.#ended;
      const n = isToRead ? this.#read(burst, readBytes) : 0;
      this.#decode(burst, Math.max(n, 0));
      // What was kept has been enough; there may be more of it.
      if (readBytes === 0) continue;
      if (n === 0) {
        this.#ended = true;
        if (burst.count === before) {
          throw new LinkEnd(`${this.#peer} closed the stream`);
        }
        break;
      }
      if (n < readBytes || ++reads === MAX_READS) break;
    }
    return burst.count - before;
  }

  /** Takes the frames of what is kept and of the `n` bytes read behind it. */
  #decode(burst: Burst, n: number): void {
    const { desyncs } = this.#decoder;
    this.#decoder.decode(burst, this.#decoder.restore(burst) + n);
    if (this.#decoder.desyncs > desyncs) this.#reportDesync();
  }

  /** Bytes read behind those that are kept; 0 at the end of the stream; negative: none there. */
  #read(burst: Burst, readBytes: number): number {
    const at = burst.tail + this.#decoder.carried;
    this.#readIovec.bases.point(ARENA, burst.bytes);
    this.#readIovec.set(0, ARENA, at, readBytes);
    const n = readv(this.fd, this.#readIovec, 1);
    if (n >= 0 || isAgain(n)) return n;
    if (n === -ECONNRESET) return 0;
    const cause = new SystemError(`read from ${this.#peer}`, -n);
    throw new PlugError(cause.message, { code: cause.code, cause });
  }

  #reportDesync(): void {
    this.#options.receiveCounters.add(Counter.malformed, 1);
    if (this.#decoder.desyncs > 1) return;
    this.#options.log.warn(
      `the stream from ${this.#peer} is out of step: what was read of it is dropped`,
    );
  }

  send(burst: Burst, from: number): number {
    let index = from;
    while (index < burst.count) {
      const stop = this.#records.fill(burst, index, this.#written);
      if (this.#records.pieces > 0) {
        const n = writev(
          this.writeFd,
          this.#records.iovecs,
          this.#records.pieces,
        );
        if (n < 0) {
          if (isAgain(n)) break;
          this.#failWrite(n);
        }
        index = this.#advance(index, stop, n);
        if (index < stop) break;
      } else index = this.#advance(index, stop, 0);
    }
    return index - from;
  }

  /** First frame that `n` bytes, written from frame `from` on, do not complete. */
  #advance(from: number, stop: number, n: number): number {
    let left = n + this.#written;
    this.#written = 0;
    for (let index = from; index < stop; index++) {
      const bytes = this.#records.bytes[index - from];
      if (left < bytes) {
        this.#written = left;
        return index;
      }
      this.#records.countDrop(index - from);
      left -= bytes;
    }
    return stop;
  }

  #failWrite(result: number): never {
    const cause = new SystemError(`write to ${this.#peer}`, -result);
    if (result === -EPIPE || result === -ECONNRESET) {
      throw new LinkEnd(`${this.#peer} closed the stream`, {
        code: cause.code,
        cause,
      });
    }
    throw new PlugError(cause.message, { code: cause.code, cause });
  }

  [Symbol.dispose](): void {
    this.#undo.dispose();
  }
}

/** Standard input, output and error are the process's: their numbers must not be given to others. */
function release(fd: number): void {
  if (fd > 2) closeFd(fd);
}
