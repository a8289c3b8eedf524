/**
 * The contract between the cable and its plugs.
 *
 * A **plugin** knows one scheme and opens **plugs** from a Virtual Network
 * Locator (VNL). A **plug** is one end of a virtual Ethernet link: frames go
 * into it and come out of it in bursts. A cable joins two plugs.
 *
 * @module
 */

import type { Burst } from "../net/burst.ts";
import type { Counters } from "./counters.ts";
import type { PluginKit } from "./kit.ts";
import type { Vnl, VnlSyntax } from "./vnl.ts";

/**
 * Superframes that a plug's `send` takes whole: a sum of the kernel's
 * `TUN_F_*` bits (linux/if_tun.h), or 0 for plain frames only.
 */
export const Offload = {
  /** Frames whose checksum is still to be computed (TUN_F_CSUM). */
  checksum: 1,
  /** TCP over IPv4 (TUN_F_TSO4). */
  tcp4: 2,
  /** TCP over IPv6 (TUN_F_TSO6). */
  tcp6: 4,
  /** TCP with ECN (TUN_F_TSO_ECN). */
  ecn: 8,
  /** UDP over IPv4 (TUN_F_USO4). */
  udp4: 0x20,
  /** UDP over IPv6 (TUN_F_USO6). */
  udp6: 0x40,
} as const;

/** Frames for which a burst must have room to be of use to every plug (UDP_GRO_CNT_MAX). */
export const MIN_BURST_FRAMES = 64;

/** Lines for the person who started it. Neither adds a line end. */
export interface Log {
  /** What the user should know without having asked. */
  warn(line: string): void;
  /** What helps to find a fault; shown with `--verbose`. */
  debug(line: string): void;
}

/** What a plugin is given beside the VNL. */
export interface OpenOptions {
  /** Who asks: text for the peer's own listings, at most 127 bytes of UTF-8. */
  readonly description: string;
  /** Where to count what is dropped on its way out of this plug (`receive`). */
  readonly receiveCounters: Counters;
  /** Where to count what is dropped on its way into this plug (`send`). */
  readonly sendCounters: Counters;
  /** Lines for the person who started it; never called for a frame. */
  readonly log: Log;
  /** Port, group and mode asked for beside the VNL; absent: none of them. */
  readonly access?: Access;
  /** What plugs can be built with. */
  readonly kit: PluginKit;

  /**
   * Opens the plug of another VNL, whatever its scheme, for a plug to stand
   * before it; `kit.frameLink` gives its frames one by one.
   *
   * It is told what this one is: description, log, access, and the same
   * counters. So what it drops is counted with what this one drops, and whoever
   * drives this plug counts frames, bytes and bursts, those that come out of
   * this plug and go into it.
   *
   * @param vnl Such as `vnl.nested`; any text that opens by itself.
   * @returns Belongs to the plug that is being opened, which disposes of it; if
   * that one does not open, it is disposed of by itself.
   * @throws {TypeError | RangeError | SyntaxError} If the VNL is at fault; all
   * errors name this plug's VNL and the other one.
   * @throws {PlugError} If the world is, or plugs stand in one another without
   * end (`ELOOP`).
   */
  readonly open: (vnl: string) => Promise<Plug>;
}

/** What a registry is handed for a plug: it adds how others are opened. */
export type OpenParts = Omit<OpenOptions, "open">;

/** What is told to a plugin by whoever has a plug opened. */
export type OpenRequest = Omit<OpenOptions, "kit" | "open">;

/** What a person may ask for beside the VNL, of plugs that have such a thing; a key of the VNL wins. */
export interface Access {
  /** Port of a switch. */
  readonly port?: number;
  /** Group that may join: a name, or a number. */
  readonly group?: string;
  /** Permission bits of what is created. */
  readonly mode?: number;
}

/**
 * One end of a virtual Ethernet link.
 *
 * Nothing in here blocks: whoever drives a plug waits, with poll(2), until
 * `fd` is readable, or `writeFd` writable.
 */
export interface Plug extends Disposable {
  /** Longest plain frame this link carries, in bytes, Ethernet header and tag included. Never changes. */
  readonly maxFrameBytes: number;

  /** Readable when `receive` has work to do; -1 for a plug out of which nothing ever comes. */
  readonly fd: number;

  /**
   * Writable when a `send` that took fewer frames than it was offered can go
   * on. Absent: `send` always takes everything, and drops what does not fit.
   */
  readonly writeFd?: number;

  /** Hung up (POLLHUP or POLLERR of poll(2)) once the other side is gone. */
  readonly controlFd?: number;

  /** Superframes that `send` takes whole: a sum of {@linkcode Offload} bits. Never changes. */
  readonly accepts: number;

  /**
   * Takes the frames that wait, as far as `burst` has room. When it returns
   * and a slot of `FRAME_SLOT_BYTES` is still free, the plug holds nothing
   * back: `fd` will tell of what comes next.
   *
   * @param burst Frames are appended after those it holds. Stays the caller's;
   * the plug keeps no reference to its contents. A plug whose kernel hands many
   * frames over as one takes nothing into a burst with room for fewer than
   * {@linkcode MIN_BURST_FRAMES} or for less than a superframe; a `Burst` made
   * without arguments, and empty, is large enough for all.
   * @returns Number of frames appended; 0 when none waits.
   * @throws {LinkEnd} If the other side has closed in good order, after its
   * last frame was handed out.
   * @throws {PlugError} If the link is broken for good. What passes (an
   * interface that is down) is not thrown.
   */
  receive(burst: Burst): number;

  /**
   * Sends the frames of `burst` from index `from` on.
   *
   * When fewer are taken than offered, the caller waits for `writeFd` and
   * calls again with the same burst, unchanged, from the first frame that was
   * not taken: a part of that frame may be on its way already.
   *
   * @param burst Stays the caller's; not kept.
   * @param from Index of the first frame to send.
   * @returns Number of frames taken: sent, or dropped and counted.
   * @throws {LinkEnd} If the other side has closed in good order.
   * @throws {PlugError} If the link is broken for good.
   */
  send(burst: Burst, from: number): number;

  /** Says goodbye where the protocol has one, and gives everything back. Twice is harmless. */
  [Symbol.dispose](): void;
}

/** A plug that has work of its own beside its cable's: a switch, whose clients talk to one another. */
export interface Serving {
  /**
   * Does that work while nobody takes frames from the plug: those that would
   * have been received are lost, and counted. Called when `fd` is readable;
   * never blocks.
   */
  serve(): void;
}

/** The side of a plug that serves; undefined for one that has no such work. */
export function servingOf(plug: Plug): Serving | undefined {
  const { serve } = plug as Plug & Partial<Serving>;
  return typeof serve === "function" ? plug as Plug & Serving : undefined;
}

/** Opens the plugs of one scheme. */
export interface Plugin {
  /** What stands before `://`: lower-case letters, digits, `_` and `-`, a letter or a digit first. */
  readonly scheme: string;

  /** One sentence for a list of schemes. */
  readonly summary: string;

  /**
   * What else there is to know, for help texts and the manual, a paragraph an
   * item: who is at the other end, what it takes, what ends it, who may join.
   */
  readonly description?: readonly string[];

  /** What the VNL may say. The one source for parsing, defaults, error texts and help. */
  readonly syntax: VnlSyntax;

  /**
   * Opens a plug. Checks every option before it creates anything, and leaves
   * nothing behind when it fails.
   *
   * @param vnl Parsed by `syntax`: keys known, values in range.
   * @param options Counters, log and description.
   * @throws {TypeError | RangeError | SyntaxError} If the VNL is at fault.
   * @throws {PlugError} If the world is.
   */
  open(vnl: Vnl, options: OpenOptions): Plug | Promise<Plug>;
}

/** Schemes and how to load each one's plugin: what a plugin module exports as `plugins`. */
export type PluginTable = Readonly<Record<string, () => Promise<Plugin>>>;
