/**
 * A plugin for tests: `memory://ADDRESSES` is a host in this process, like
 * `probe://`, with faults to order. Every plug that was opened is in
 * {@linkcode opened}.
 *
 * @module
 */

import { EventFd } from "../../../ffi/eventfd.ts";
import { closeFd, pipe } from "../../../ffi/fd.ts";
import { Burst } from "../../../lib/net/burst.ts";
import {
  EtherType,
  etherType,
  MAX_FRAME_BYTES,
} from "../../../lib/net/frame.ts";
import { Host } from "../../../lib/net/host.ts";
import { parseIp } from "../../../lib/net/ip_address.ts";
import { macFromIp } from "../../../lib/net/mac_address.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import type {
  OpenOptions,
  Plug,
  Plugin,
  PluginTable,
} from "../../../lib/plug/plugin.ts";
import type { Vnl } from "../../../lib/plug/vnl.ts";

const COUNT = { type: "integer", min: 0, max: 1000 } as const;

const memoryPlugin: Plugin = {
  scheme: "memory",
  summary: "A host in this process, with faults to order.",
  syntax: {
    form: "slash",
    address: "ADDRESSES",
    keys: [
      { name: "lose", summary: "loses this ping", ...COUNT },
      { name: "twice", type: "flag", summary: "answers each ping twice" },
      { name: "narrow", type: "flag", summary: "takes one frame a call" },
      { name: "stuck", type: "flag", summary: "takes nothing, ever" },
      { name: "end", summary: "ends after this many answers", ...COUNT },
      { name: "break", summary: "breaks after this many answers", ...COUNT },
      { name: "hangup", type: "flag", summary: "its peer is gone" },
      { name: "crowded", type: "flag", summary: "has whatever is asked for" },
      { name: "refuse", type: "flag", summary: "does not open" },
    ],
  },
  open(vnl, options) {
    if (vnl.flag("refuse")) {
      throw new PlugError(`Cannot open "${vnl.text}": EPERM`, {
        code: "EPERM",
        hint: "ask nicely",
      });
    }
    options.log.warn("the memory plugin says hello");
    options.log.debug("and nobody should hear this");
    const plug = new MemoryPlug(vnl, options);
    opened.push(plug);
    return plug;
  },
};

/** What a plugin module exports. */
export const plugins: PluginTable = {
  memory: () => Promise.resolve(memoryPlugin),
};

/** A host with faults. */
export class MemoryPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly controlFd: number | undefined;
  readonly writeFd: number | undefined;
  isOpen = true;
  /** Copies of the frames that it took. */
  readonly taken: Uint8Array[] = [];
  /** How often it was asked for frames. */
  calls = 0;
  readonly #host: Host;
  readonly #vnl: Vnl;
  readonly #answers = new Burst();
  readonly #waiting = new EventFd();
  readonly #pipe = pipe();
  #pings = 0;
  #handedOut = 0;

  constructor(vnl: Vnl, readonly options: OpenOptions) {
    const addresses = vnl.address.split(",").flatMap((text) =>
      parseIp(text) ?? []
    );
    this.#vnl = vnl;
    this.#host = new Host(macFromIp(addresses[0]), addresses);
    this.controlFd = vnl.flag("hangup") ? hungUpPipe() : undefined;
    if (vnl.flag("narrow")) this.writeFd = this.#waiting.fd;
    // The end of a pipe to read from is never one to write to.
    if (vnl.flag("stuck")) this.writeFd = this.#pipe[0];
  }

  get fd(): number {
    return this.#waiting.fd;
  }

  receive(burst: Burst): number {
    this.calls++;
    const { count } = this.#answers;
    for (let index = 0; index < count; index++) {
      burst.push(this.#answers.frame(index));
    }
    this.#answers.clear();
    this.#waiting.drain();
    this.#handedOut += count;
    if (count === 0) this.#fail();
    // What comes next is the end.
    if (this.#handedOut >= this.#limit) this.#waiting.signal();
    return count;
  }

  send(burst: Burst, from: number): number {
    const offered = burst.count - from;
    const taken = this.#vnl.flag("stuck")
      ? 0
      : this.#vnl.flag("narrow")
      ? Math.min(offered, 1)
      : offered;
    for (let index = from; index < from + taken; index++) {
      this.#take(burst.frame(index));
    }
    const endsNow = this.#handedOut >= this.#limit;
    if (this.#answers.count > 0 || endsNow) this.#waiting.signal();
    return taken;
  }

  /** Answers handed out after which the link fails. */
  get #limit(): number {
    return this.#vnl.number("end") ?? this.#vnl.number("break") ?? Infinity;
  }

  #fail(): void {
    if (this.#handedOut < this.#limit) return;
    if (this.#vnl.has("end")) throw new LinkEnd("Cannot go on: the peer left");
    throw new PlugError("Cannot go on: the link broke", { code: "EIO" });
  }

  #take(frame: Uint8Array): void {
    this.taken.push(frame.slice());
    const type = etherType(frame, 0, frame.length);
    if (this.#vnl.flag("crowded") && type === EtherType.arp) {
      const asked = frame.slice(frame.length - 4);
      const host = new Host(this.#host.mac, [asked]);
      host.answer(frame, 0, frame.length, this.#answers);
      return;
    }
    // Questions for the target are no pings: not ARP, no solicitation to a group.
    const isPing = type !== EtherType.arp && (frame[0] & 1) === 0;
    if (isPing && ++this.#pings === this.#vnl.number("lose")) return;
    const times = isPing && this.#vnl.flag("twice") ? 2 : 1;
    for (let left = times; left > 0; left--) {
      this.#host.answer(frame, 0, frame.length, this.#answers);
    }
  }

  [Symbol.dispose](): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#waiting[Symbol.dispose]();
    this.#pipe.forEach(closeFd);
    if (this.controlFd !== undefined) closeFd(this.controlFd);
  }
}

/** All plugs that were opened, the newest last. */
export const opened: MemoryPlug[] = [];

/** The reading end of a pipe that nobody writes to any more. */
function hungUpPipe(): number {
  const [readFd, writeFd] = pipe();
  closeFd(writeFd);
  return readFd;
}
