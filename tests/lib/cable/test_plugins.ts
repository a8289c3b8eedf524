/**
 * Schemes for tests of cables: plugs that break in every way a plug may, and
 * ways in which it may not.
 *
 * @module
 */

import { EventFd } from "../../../ffi/eventfd.ts";
import { SystemError } from "../../../ffi/libc.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../../../lib/net/frame.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import type { Plug, Plugin, PluginTable } from "../../../lib/plug/plugin.ts";
import type {
  Describable,
  PlugStatus,
  PortStatus,
} from "../../../lib/plug/status.ts";
import { TestPipe } from "../../ffi/pipes.ts";
import { makeFrame } from "../../plugs.ts";

/** What `refuses://NAME` throws when it is opened. */
const REFUSALS: Readonly<Record<string, () => unknown>> = {
  type: () => new TypeError("Cannot open it as a type is wrong: received x"),
  range: () => new RangeError("Cannot open it as a range is wrong: received 1"),
  syntax: () => new SyntaxError('Cannot open it as it ends with "{": ""'),
  plug: () =>
    new PlugError("Cannot open it: operation not permitted (EPERM)", {
      code: "EPERM",
      hint: "run as root",
    }),
  system: () => new SystemError("open it", 16),
  error: () => new Error("something else"),
  text: () => "no error at all",
};

const refuses: Plugin = {
  scheme: "refuses",
  summary: "Cannot be opened.",
  syntax: { form: "slash", address: "NAME", keys: [] },
  open(vnl) {
    throw REFUSALS[vnl.address]();
  },
};

/** What `breaks://NAME` throws once it is to give frames. */
const BREAKAGES: Readonly<Record<string, () => unknown>> = {
  plug: () =>
    new PlugError("Cannot read from it: input/output error (EIO)", {
      code: "EIO",
      hint: "replace the disk",
    }),
  type: () => new TypeError("x is not a function"),
  end: () => new LinkEnd("it is over"),
  text: () => "no error at all",
};

const breaks: Plugin = {
  scheme: "breaks",
  summary: "Gives three frames, and then breaks.",
  syntax: { form: "slash", address: "NAME", keys: [] },
  open: (vnl) =>
    new CountingPlug(3, () => {
      throw BREAKAGES[vnl.address]();
    }),
};

const gives: Plugin = {
  scheme: "gives",
  summary:
    "Gives some frames and then none, and tells what it was opened with.",
  syntax: { form: "slash", address: "COUNT", keys: [] },
  async open(vnl, options) {
    options.log.warn(`warning of ${vnl}`);
    options.log.debug(`described as ${options.description}`);
    await Promise.resolve();
    return new CountingPlug(Number(vnl.address), () => 0);
  },
};

const crashes: Plugin = {
  scheme: "crashes",
  summary: "Throws where nobody can catch it.",
  syntax: { form: "slash", keys: [] },
  open() {
    queueMicrotask(() => {
      throw new TypeError("out of reach");
    });
    return new Promise<Plug>(() => {});
  },
};

const sulks: Plugin = {
  scheme: "sulks",
  summary: "Throws when it is closed.",
  syntax: { form: "slash", keys: [] },
  open: () =>
    new class extends CountingPlug {
      override [Symbol.dispose]() {
        super[Symbol.dispose]();
        throw new PlugError("Cannot close it: still in use");
      }
    }(0, () => 0),
};

const tells: Plugin = {
  scheme: "tells",
  summary: "Has a status: how often it was asked, as a port's number.",
  syntax: { form: "slash", address: "TEXT", keys: [] },
  open: ({ text }) =>
    new class extends CountingPlug implements Describable {
      #asked = 0;

      describe(): PlugStatus {
        const port = ++this.#asked;
        return { vnl: text, ports: [{ ...PORT, port }], stations: [] };
      }
    }(0, () => 0),
};

const PORT: PortStatus = {
  port: 0,
  description: "",
  pid: 0,
  uid: -1,
  ageSeconds: 0,
  framesIn: 0,
  bytesIn: 0,
  framesOut: 0,
  bytesOut: 0,
  dropped: 0,
};

/** Gives frames until it has given all, then does what it was told to do. */
class CountingPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly #event = new EventFd();
  /** For whoever looks at the descriptors of this process. */
  readonly #pipe = new TestPipe();
  readonly fd = this.#event.fd;
  #seed = 0;

  constructor(
    private readonly count: number,
    private readonly atEnd: () => number,
  ) {
    this.#event.signal();
  }

  receive(burst: Burst): number {
    if (this.#seed === this.count) {
      this.#event.drain();
      return this.atEnd();
    }
    const before = burst.count;
    while (
      this.#seed < this.count && burst.room(FRAME_SLOT_BYTES) > 0 &&
      burst.push(makeFrame(60, this.#seed))
    ) this.#seed++;
    return burst.count - before;
  }

  send(burst: Burst, from: number): number {
    return burst.count - from;
  }

  [Symbol.dispose](): void {
    this.#pipe[Symbol.dispose]();
    this.#event[Symbol.dispose]();
  }
}

/** Counts as the built-in ones do. */
export const plugins: PluginTable = {
  refuses: () => Promise.resolve(refuses),
  breaks: () => Promise.resolve(breaks),
  gives: () => Promise.resolve(gives),
  crashes: () => Promise.resolve(crashes),
  tells: () => Promise.resolve(tells),
  sulks: () => Promise.resolve(sulks),
};
