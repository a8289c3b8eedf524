/**
 * Plugs that break the contract: for tests of what a cable makes of it.
 *
 * @module
 */

import { EventFd } from "../../../ffi/eventfd.ts";
import type { Burst } from "../../../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../../../lib/net/frame.ts";
import type { FrameLink } from "../../../lib/plug/kit.ts";
import type {
  OpenOptions,
  Plug,
  Plugin,
  PluginTable,
} from "../../../lib/plug/plugin.ts";

/** A descriptor that no process has: above every limit. */
export const CLOSED_FD = 0x7fff_0000;

/** Keeps the contract; others differ in one thing. */
class FaultyPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly #event = new EventFd();
  readonly fd = this.#event.fd;
  declare readonly writeFd?: number;
  declare readonly controlFd?: number;

  constructor(faults: Partial<Plug>) {
    this.#event.signal();
    Object.assign(this, faults);
  }

  receive(_burst: Burst): number {
    this.#event.drain();
    return 0;
  }

  send(burst: Burst, from: number): number {
    return burst.count - from;
  }

  [Symbol.dispose](): void {
    this.#event[Symbol.dispose]();
  }
}

/** A plug of the kit whose link returns a wrong length: all that is thrown is ours. */
function linkPlug(options: OpenOptions, receive: () => number): Plug {
  const event = new EventFd();
  event.signal();
  const link: FrameLink = {
    fd: event.fd,
    receive,
    send: () => "sent",
    [Symbol.dispose]: () => event[Symbol.dispose](),
  };
  return options.kit.framePlug(link, options);
}

/** What `faulty://NAME` does. */
const FAULTS: Readonly<
  Record<string, (options: OpenOptions) => Plug | Promise<Plug>>
> = {
  "send-nan": () => new FaultyPlug({ send: () => NaN }),
  "send-million": () => new FaultyPlug({ send: () => 1e6 }),
  "send-nothing": () => new FaultyPlug({ send: () => 0 }),
  "receive-negative": () => new FaultyPlug({ receive: () => -5 }),
  "receive-five": () => new FaultyPlug({ receive: () => 5 }),
  "closed-source": () => new FaultyPlug({ fd: CLOSED_FD }),
  "closed-sink": () => new FaultyPlug({ send: () => 0, writeFd: CLOSED_FD }),
  "closed-control": () => new FaultyPlug({ controlFd: CLOSED_FD }),
  "link-nan": (options) => linkPlug(options, JSON.parse.bind(null, "null")),
  "exits": () => new FaultyPlug({ receive: () => Deno.exit(1) }),
  "exits-at-open": () => Deno.exit(1),
  "waits": () => new Promise<Plug>(() => {}),
  "loops": ({ log }) =>
    new FaultyPlug({
      receive() {
        log.warn("it loops");
        for (;;);
      },
    }),
};

const faulty: Plugin = {
  scheme: "faulty",
  summary: "Breaks the contract.",
  syntax: { form: "slash", address: "NAME", keys: [] },
  open: (vnl, options) => FAULTS[vnl.address](options),
};

/** Counts as the built-in ones do. */
export const plugins: PluginTable = {
  faulty: () => Promise.resolve(faulty),
};
