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
import { AddressCache, addressOf, Iovecs } from "../../ffi/memory.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { Counter } from "../plug/counters.ts";
import { LinkEnd, PlugError } from "../plug/errors.ts";
import { countUnfitFrames, fits } from "../plug/fit.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { STREAM_PREFIX_BYTES, StreamDecoder } from "../plug/stream.ts";

/** Frames of one writev(2): two entries each, and IOV_MAX is 1024. */
const WRITE_FRAMES = 256;

/**
 * Most reads in one turn: lengths of 0, and what is out of step, fill no burst,
 * and a flood of them would keep the thread from the other direction.
 */
const MAX_READS = 16;

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
  readonly accepts = 0;
  readonly fd: number;
  readonly writeFd: number;
  /** A pipe whose reader has gone shows it at the writing end, before anything is written. */
  readonly controlFd: number;
  readonly #peer: string;
  readonly #options: OpenOptions;
  readonly #decoder: StreamDecoder;
  readonly #readIovec = new Iovecs(1);
  readonly #writeIovecs = new Iovecs(2 * WRITE_FRAMES);
  readonly #prefixes = new Uint8Array(STREAM_PREFIX_BYTES * WRITE_FRAMES);
  readonly #prefixAddress = addressOf(this.#prefixes);
  readonly #source = new AddressCache();
  readonly #sink = new AddressCache();
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
  constructor({ readFd, writeFd, peer }: StreamEnds, options: OpenOptions) {
    this.#peer = peer;
    this.#options = options;
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
    this.#readIovec.set(0, this.#source.of(burst.bytes) + at, readBytes);
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
      const entries = this.#fill(burst, index);
      const stop = Math.min(index + WRITE_FRAMES, burst.count);
      if (entries === 0) {
        index = stop;
        continue;
      }
      const n = writev(this.writeFd, this.#writeIovecs, entries);
      if (n < 0) {
        if (isAgain(n)) break;
        this.#failWrite(n);
      }
      index = this.#advance(burst, index, stop, n);
      if (index < stop) break;
    }
    countUnfitFrames(burst, from, index, this.#options.sendCounters);
    return index - from;
  }

  /** Writes the scatter list of the frames from `from` on; returns its length. */
  #fill(burst: Burst, from: number): number {
    const arena = this.#sink.of(burst.bytes);
    const stop = Math.min(from + WRITE_FRAMES, burst.count);
    let entries = 0;
    let skip = this.#written;
    for (let index = from; index < stop; index++) {
      const length = burst.length[index];
      if (!fits(length)) continue;
      const prefix = (index - from) * STREAM_PREFIX_BYTES;
      this.#prefixes[prefix] = length >> 8;
      this.#prefixes[prefix + 1] = length;
      const prefixSkip = skip < STREAM_PREFIX_BYTES
        ? skip
        : STREAM_PREFIX_BYTES;
      const frameSkip = skip - prefixSkip;
      skip = 0;
      this.#writeIovecs.set(
        entries++,
        this.#prefixAddress + prefix + prefixSkip,
        STREAM_PREFIX_BYTES - prefixSkip,
      );
      this.#writeIovecs.set(
        entries++,
        arena + burst.start[index] + frameSkip,
        length - frameSkip,
      );
    }
    return entries;
  }

  /** First frame that `n` bytes, written from frame `from` on, do not complete. */
  #advance(burst: Burst, from: number, stop: number, n: number): number {
    let left = n + this.#written;
    this.#written = 0;
    for (let index = from; index < stop; index++) {
      if (!fits(burst.length[index])) continue;
      const size = STREAM_PREFIX_BYTES + burst.length[index];
      if (left < size) {
        this.#written = left;
        return index;
      }
      left -= size;
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
