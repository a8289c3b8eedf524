/**
 * A TAP whose descriptor does not tell when the interface is removed: the plug
 * behind `macvtap://`.
 *
 * Reading from a macvtap that is gone finds nothing for ever, and writing to it
 * succeeds. So the kernel's announcements of interfaces are listened to beside
 * the frames, and after each it is asked whether the interface is still there.
 *
 * @module
 */

import { EpollSet } from "../../ffi/epoll.ts";
import { ENODEV } from "../../ffi/errno.ts";
import { tapIdentity, type TapInterface } from "../../ffi/if_tun.ts";
import { LinkEvents } from "../../ffi/rtnetlink.ts";
import type { Burst } from "../net/burst.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { PlainTap } from "./plain_tap.ts";
import { SuperframeTap } from "./superframe_tap.ts";
import { brokenTap } from "./tap_link.ts";

/** The plug of such an interface. */
export class WatchedTap implements Plug {
  readonly maxFrameBytes: number;
  readonly accepts: number;
  readonly fd: number;
  readonly #tap: TapInterface;
  readonly #frames: Plug;
  readonly #events: LinkEvents;
  readonly #parts: DisposableStack;

  /**
   * @param tap Becomes the plug's.
   * @throws {SystemError} If there are no descriptors left.
   */
  constructor(tap: TapInterface, options: OpenOptions) {
    using parts = new DisposableStack();
    this.#tap = tap;
    this.#frames = parts.use(
      tap.hasHeader
        ? new SuperframeTap(tap, options)
        : new PlainTap(tap, options),
    );
    this.#events = parts.use(new LinkEvents());
    const poll = parts.use(new EpollSet());
    poll.add(tap.fd);
    poll.add(this.#events.fd);
    this.maxFrameBytes = this.#frames.maxFrameBytes;
    this.accepts = this.#frames.accepts;
    this.fd = poll.fd;
    this.#parts = parts.move();
  }

  receive(burst: Burst): number {
    const frames = this.#frames.receive(burst);
    if (frames === 0 && this.#events.drain()) this.#checkIsThere();
    return frames;
  }

  #checkIsThere(): void {
    if (tapIdentity(this.#tap.fd) === undefined) {
      throw brokenTap(this.#tap, "read from", -ENODEV);
    }
  }

  send(burst: Burst, from: number): number {
    return this.#frames.send(burst, from);
  }

  [Symbol.dispose](): void {
    this.#parts[Symbol.dispose]();
  }
}
