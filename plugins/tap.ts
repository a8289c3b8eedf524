/**
 * `tap://` plugs: a TAP interface of this host, one frame a read or a write
 * (Documentation/networking/tuntap.rst of the kernel).
 *
 * @module
 */

import { EBADFD, EINVAL, EIO, ENODEV } from "../ffi/errno.ts";
import { closeFd, isAgain, readv, writev } from "../ffi/fd.ts";
import { openTap, type TapInterface } from "../ffi/if_tun.ts";
import { SystemError } from "../ffi/libc.ts";
import { AddressCache, Iovecs } from "../ffi/memory.ts";
import { MAX_INTERFACE_NAME_BYTES } from "../ffi/netif.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../lib/net/frame.ts";
import { Counter } from "../lib/plug/counters.ts";
import { PlugError } from "../lib/plug/errors.ts";
import { countUnfit, countUnfitFrames, fits } from "../lib/plug/fit.ts";
import type { OpenOptions, Plug, Plugin } from "../lib/plug/plugin.ts";
import type { Vnl } from "../lib/plug/vnl.ts";

/** Opens `tap://` plugs. */
export const tapPlugin: Plugin = {
  scheme: "tap",
  summary: "A TAP interface of this host, created if it does not exist.",
  syntax: {
    form: "bracket",
    address: "NAME",
    addressOptional: true,
    addressSummary: "name of the interface; without one the kernel chooses",
    keys: [],
    examples: [
      { vnl: "tap://mytap", summary: "the interface mytap" },
      { vnl: "tap://", summary: "a new interface: its name is printed" },
    ],
  },
  open(vnl, options) {
    checkName(vnl);
    const tap = openInterface(vnl);
    const line = `${vnl.text} is interface "${tap.name}"`;
    if (vnl.address === "") options.log.warn(line);
    else options.log.debug(line);
    return new TapPlug(tap, options);
  },
};

function checkName({ text, address }: Vnl): void {
  const { length } = new TextEncoder().encode(address);
  if (length > MAX_INTERFACE_NAME_BYTES) {
    throw new TypeError(
      `Cannot open "${text}" as an interface's name has at most ` +
        `${MAX_INTERFACE_NAME_BYTES} bytes: received "${address}", ${length} bytes`,
    );
  }
  // The rule of dev_valid_name() in the kernel; % would be a pattern to number.
  if (address === "." || address === ".." || /[/:\s%]/.test(address)) {
    throw new TypeError(
      `Cannot open "${text}" as an interface's name has no "/", ":", "%" or space: ` +
        `received "${address}"`,
    );
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EPERM:
    "run as root, or give the program CAP_NET_ADMIN, or let root prepare the " +
    "interface: ip tuntap add NAME mode tap user USER",
  EACCES: "run as root, or let this user read and write /dev/net/tun",
  EBUSY: "another program holds this interface: end it, or choose another name",
  EINVAL:
    "an interface of that name exists and is not a TAP: choose another name",
  ENOENT:
    "this kernel or container has no /dev/net/tun: load the module tun, " +
    "or pass the device into the container",
  ENODEV: "the kernel has no TAP support: load the module tun",
};

function openInterface(vnl: Vnl): TapInterface {
  try {
    return openTap(vnl.address);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const { code, message } = error;
    throw new PlugError(`Cannot open "${vnl.text}": ${lowerFirst(message)}`, {
      code,
      hint: HINTS[code],
      cause: error,
    });
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

class TapPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly fd: number;
  readonly #name: string;
  readonly #received;
  readonly #sent;
  readonly #iovec = new Iovecs(1);
  readonly #source = new AddressCache();
  readonly #sink = new AddressCache();
  #open = true;

  constructor({ fd, name }: TapInterface, options: OpenOptions) {
    this.fd = fd;
    this.#name = name;
    this.#received = options.receiveCounters;
    this.#sent = options.sendCounters;
  }

  receive(burst: Burst): number {
    const before = burst.count;
    const arena = this.#source.of(burst.bytes);
    // A slot is longer than the longest frame: what is cut off shows as oversize.
    while (burst.room(FRAME_SLOT_BYTES) > 0) {
      this.#iovec.set(0, arena + burst.tail, FRAME_SLOT_BYTES);
      const n = readv(this.fd, this.#iovec, 1);
      if (n < 0) {
        // An interface that is down reads EIO until it is up again.
        if (isAgain(n) || n === -EIO) break;
        this.#fail("read from", n);
      }
      if (fits(n)) burst.append(burst.tail, n);
      else countUnfit(n, this.#received);
    }
    return burst.count - before;
  }

  send(burst: Burst, from: number): number {
    const arena = this.#sink.of(burst.bytes);
    for (let index = from; index < burst.count; index++) {
      const length = burst.length[index];
      if (fits(length)) this.#write(arena + burst.start[index], length);
    }
    countUnfitFrames(burst, from, burst.count, this.#sent);
    return burst.count - from;
  }

  #write(address: number, length: number): void {
    this.#iovec.set(0, address, length);
    const n = writev(this.fd, this.#iovec, 1);
    if (n >= 0) return;
    if (n === -EIO) this.#sent.add(Counter.down, 1);
    else if (n === -EINVAL) this.#sent.add(Counter.malformed, 1);
    else if (n === -EBADFD || n === -ENODEV) this.#fail("write to", n);
    else this.#sent.add(Counter.full, 1);
  }

  #fail(attempt: string, result: number): never {
    const cause = new SystemError(
      `${attempt} interface "${this.#name}"`,
      -result,
    );
    const removed = result === -EBADFD || result === -ENODEV;
    throw new PlugError(
      removed ? `Cannot ${cause.attempt}: it was removed` : cause.message,
      { code: cause.code, cause },
    );
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }
}
