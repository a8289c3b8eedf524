/**
 * Holds a plug in memory to the contract's own tests, and then plugs that each
 * break one rule: the test of that rule must fail.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { type Burst, FRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../../../lib/net/frame.ts";
import { Counter } from "../../../lib/plug/counters.ts";
import { LinkEnd } from "../../../lib/plug/errors.ts";
import type { OpenOptions, Plug, Plugin } from "../../../lib/plug/plugin.ts";
import {
  type CaseName,
  type OpenPair,
  plugContract,
  type PluginContract,
  pluginContract,
  pluginTests,
} from "../../plugin_contract.ts";

const QUEUE_FRAMES = 100;

/** A plug whose frames go into an array; a full array takes no more. */
class MemoryPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly fd: number = -1;
  readonly writeFd: number | undefined = 0;
  readonly accepts = 0;
  incoming: Uint8Array[] = [];
  peer: MemoryPlug | undefined;

  constructor(protected readonly options: OpenOptions) {}

  receive(burst: Burst): number {
    const before = burst.count;
    while (this.incoming.length > 0 && burst.room(FRAME_SLOT_BYTES) > 0) {
      burst.push(this.incoming[0]);
      this.incoming.shift();
    }
    return burst.count - before;
  }

  send(burst: Burst, from: number): number {
    for (let index = from; index < burst.count; index++) {
      if (!this.take(burst.frame(index).slice())) return index - from;
    }
    return burst.count - from;
  }

  /** Whether there was room; unfit frames are dropped. */
  protected take(frame: Uint8Array): boolean {
    const counters = this.options.sendCounters;
    if (frame.length < MIN_FRAME_BYTES) counters.add(Counter.runt, 1);
    else if (frame.length > this.maxFrameBytes) {
      counters.add(Counter.oversize, 1);
    } else return this.deliver(frame);
    return true;
  }

  protected deliver(frame: Uint8Array): boolean {
    const queue = this.peer?.incoming ?? [];
    if (queue.length >= QUEUE_FRAMES) return false;
    queue.push(frame);
    return true;
  }

  [Symbol.dispose](): void {
    this.incoming = [];
  }
}

/** Drops what a full queue does not take. */
class LossyPlug extends MemoryPlug {
  override readonly writeFd = undefined;

  protected override deliver(frame: Uint8Array): boolean {
    if (!super.deliver(frame)) this.options.sendCounters.add(Counter.full, 1);
    return true;
  }
}

type PlugClass = new (options: OpenOptions) => MemoryPlug;

function pairOf(plugClass: PlugClass): OpenPair {
  return (nearOptions, farOptions) => {
    const near = new plugClass(nearOptions);
    const far = new plugClass(farOptions);
    near.peer = far;
    far.peer = near;
    return Promise.resolve({ near, far });
  };
}

function memoryPlugin(plugClass: PlugClass): Plugin {
  return {
    scheme: "memory",
    summary: "Frames in an array, for tests of tests.",
    syntax: {
      form: "slash",
      address: "NAME",
      keys: [
        { name: "size", type: "integer", min: 1, max: 9, summary: "frames" },
      ],
      examples: [{ vnl: "memory://x/size=5", summary: "room for five" }],
    },
    open(vnl, options) {
      if (vnl.address === "taken") {
        throw new TypeError(
          `Cannot open "${vnl}" as each name is used once: it is taken`,
        );
      }
      return new plugClass(options);
    },
  };
}

const GOOD: PluginContract = {
  plugin: memoryPlugin(MemoryPlug),
  vnl: "memory://a",
  badVnls: [
    { vnl: "memory://", includes: "needs an address" },
    { vnl: "memory://x/size=10", includes: "size must be 1 to 9" },
    { vnl: "memory://taken", includes: "it is taken" },
  ],
  openPair: pairOf(MemoryPlug),
  reliable: true,
};

pluginContract(GOOD);
plugContract("lossy memory", { openPair: pairOf(LossyPlug) });

Deno.test("pluginTests() skips a case by its name, with the reason", () => {
  const tests = pluginTests({
    ...GOOD,
    skipCases: { "drops and counts a runt": "has no runts" },
  });
  const skipped = tests.filter((test) => test.ignore !== undefined);
  assertEquals(
    skipped.map(({ name, ignore }) => [name, ignore]),
    [["memory plug drops and counts a runt", "has no runts"]],
  );
});

Deno.test("pluginTests() describes and refuses where plugs cannot be opened", () => {
  const tests = pluginTests({ ...GOOD, ignore: "no root" });
  const kept = tests.filter((test) => test.ignore === undefined);
  assertEquals(
    kept.map(({ name }) => name),
    [
      "memory plugin describes itself",
      "memory plugin refuses memory://",
      "memory plugin refuses memory://x/size=10",
      "memory plugin refuses memory://taken",
    ],
  );
});

Deno.test("pluginTests() skips the cases of two where nothing faces the plug", () => {
  const tests = pluginTests({ ...GOOD, openPair: undefined });
  const skipped = tests.filter((test) => test.ignore !== undefined);
  assertEquals(skipped.length, 11);
});

/** Descriptors that leaking plugs left open. */
const leaked: Deno.FsFile[] = [];

const LENGTHS = "passes frames of every length, both ways";
const FULL = "survives a full link";

/** Plugs that break one rule each, and the case that must find it. */
const FAULTY: readonly {
  readonly fault: string;
  readonly found: CaseName;
  readonly plugClass: PlugClass;
  readonly lossy?: boolean;
}[] = [
  {
    fault: "cuts a byte off",
    found: LENGTHS,
    plugClass: class extends MemoryPlug {
      protected override deliver(frame: Uint8Array) {
        return super.deliver(frame.slice(0, Math.max(14, frame.length - 1)));
      }
    },
  },
  {
    fault: "changes the order",
    found: LENGTHS,
    plugClass: class extends MemoryPlug {
      override receive(burst: Burst) {
        this.incoming.reverse();
        return super.receive(burst);
      }
    },
  },
  {
    fault: "repeats frames",
    found: "passes the longest frame",
    plugClass: class extends MemoryPlug {
      protected override deliver(frame: Uint8Array) {
        return super.deliver(frame) && super.deliver(frame);
      }
    },
  },
  {
    fault: "clears the burst",
    found: "appends behind the frames that a burst holds",
    plugClass: class extends MemoryPlug {
      override receive(burst: Burst) {
        burst.clear();
        return super.receive(burst);
      }
    },
  },
  {
    fault: "returns the burst's count",
    found: "never blocks in receive",
    plugClass: class extends MemoryPlug {
      override receive(burst: Burst) {
        super.receive(burst);
        return burst.count;
      }
    },
  },
  {
    fault: "sends from the first frame on",
    found: "sends only the frames from the given index on",
    plugClass: class extends MemoryPlug {
      override send(burst: Burst, from: number) {
        return super.send(burst, 0) - from;
      }
    },
  },
  {
    fault: "sends runts",
    found: "drops and counts a runt",
    plugClass: class extends MemoryPlug {
      protected override take(frame: Uint8Array) {
        return this.deliver(frame);
      }
    },
  },
  {
    fault: "drops runts without counting",
    found: "drops and counts a runt",
    plugClass: class extends MemoryPlug {
      protected override take(frame: Uint8Array) {
        return frame.length < MIN_FRAME_BYTES || super.take(frame);
      }
    },
  },
  {
    fault: "sends oversize frames",
    found: "drops and counts an oversize frame",
    plugClass: class extends MemoryPlug {
      protected override take(frame: Uint8Array) {
        return frame.length < MIN_FRAME_BYTES
          ? super.take(frame)
          : this.deliver(frame);
      }
    },
  },
  {
    fault: "counts an empty burst as a drop",
    found: "takes an empty burst",
    plugClass: class extends MemoryPlug {
      override send(burst: Burst, from: number) {
        if (from === burst.count) {
          this.options.sendCounters.add(Counter.runt, 1);
        }
        return super.send(burst, from);
      }
    },
  },
  {
    fault: "loses frames for which there is no room",
    found: "keeps frames for which a burst has no room",
    plugClass: class extends MemoryPlug {
      override receive(burst: Burst) {
        const frames = super.receive(burst);
        this.incoming = [];
        return frames;
      }
    },
  },
  {
    fault: "never becomes full",
    found: FULL,
    plugClass: class extends MemoryPlug {
      protected override deliver(frame: Uint8Array) {
        if (!super.deliver(frame)) this.peer?.incoming.shift();
        return true;
      }
    },
  },
  {
    fault: "takes a frame for which it has no room",
    found: FULL,
    plugClass: class extends MemoryPlug {
      override send(burst: Burst, from: number) {
        const taken = super.send(burst, from);
        return Math.min(taken + 1, burst.count - from);
      }
    },
  },
  {
    fault: "throws when it is full",
    found: FULL,
    plugClass: class extends MemoryPlug {
      protected override deliver(frame: Uint8Array) {
        if (super.deliver(frame)) return true;
        throw new TypeError("Cannot send: full");
      }
    },
  },
  {
    fault: "takes less than all without a writeFd",
    found: FULL,
    lossy: true,
    plugClass: class extends MemoryPlug {
      override readonly writeFd = undefined;
    },
  },
  {
    fault: "tells its end in place of the frames before it",
    found: "hands out what came before the other end left",
    plugClass: class extends MemoryPlug {
      override receive(burst: Burst) {
        const frames = super.receive(burst);
        if (this.peer !== undefined) return frames;
        throw new LinkEnd("the other side hung up");
      }
      override [Symbol.dispose]() {
        if (this.peer !== undefined) this.peer.peer = undefined;
      }
    },
  },
  {
    fault: "cannot be disposed of twice",
    found: "may be disposed of twice",
    plugClass: class extends MemoryPlug {
      #open = true;
      override [Symbol.dispose]() {
        if (!this.#open) throw new TypeError("Cannot close: closed");
        this.#open = false;
      }
    },
  },
  {
    fault: "leaks a descriptor",
    found: "gives its descriptors back",
    plugClass: class extends MemoryPlug {
      constructor(options: OpenOptions) {
        super(options);
        leaked.push(Deno.openSync("/dev/null"));
      }
    },
  },
  {
    fault: "leaks a descriptor of a pair",
    found: "gives the descriptors of both ends back",
    plugClass: class extends MemoryPlug {
      constructor(options: OpenOptions) {
        super(options);
        leaked.push(Deno.openSync("/dev/null"));
      }
    },
  },
  {
    fault: "names a descriptor that cannot be",
    found: "tells its facts",
    plugClass: class extends MemoryPlug {
      override readonly writeFd = -1;
    },
  },
];

for (const { fault, found, plugClass, lossy } of FAULTY) {
  Deno.test(`pluginTests() finds a plug that ${fault}`, async () => {
    const tests = pluginTests({
      ...GOOD,
      plugin: memoryPlugin(plugClass),
      openPair: pairOf(plugClass),
      reliable: !lossy,
      timeoutMs: 100,
    });
    await assertTestFails(tests, `memory plug ${found}`);
    leaked.splice(0).forEach((file) => file.close());
  });
}

async function assertTestFails(
  tests: ReturnType<typeof pluginTests>,
  name: string,
): Promise<void> {
  const test = tests.find((test) => test.name === name);
  if (test === undefined) throw new TypeError(`Cannot find test "${name}"`);
  await assertRejects(async () => await test.run());
}

/** Descriptions that break a rule each. */
const BAD_DESCRIPTIONS: readonly {
  readonly fault: string;
  readonly plugin: Plugin;
}[] = [
  { fault: "has no full stop", plugin: described({ summary: "Frames" }) },
  { fault: "has two sentences", plugin: described({ summary: "A. B." }) },
  { fault: "has a wrong scheme", plugin: described({ scheme: "Memory" }) },
  {
    fault: "has no examples",
    plugin: described({}, { examples: [] }),
  },
  {
    fault: "has an example that does not parse",
    plugin: described({}, {
      examples: [{ vnl: "memory://x/size=0", summary: "no room" }],
    }),
  },
  {
    fault: "has another's example",
    plugin: described({}, {
      examples: [{ vnl: "null://x", summary: "no room" }],
    }),
  },
  {
    fault: "has a key without a summary",
    plugin: described({}, { keys: [{ name: "a", type: "flag", summary: "" }] }),
  },
  {
    fault: "has a key twice",
    plugin: described({}, {
      keys: [
        { name: "size", type: "flag", summary: "a" },
        { name: "size", type: "flag", summary: "b" },
      ],
    }),
  },
];

function described(
  plugin: Partial<Plugin>,
  syntax: Partial<Plugin["syntax"]> = {},
): Plugin {
  const good = memoryPlugin(MemoryPlug);
  return { ...good, ...plugin, syntax: { ...good.syntax, ...syntax } };
}

for (const { fault, plugin } of BAD_DESCRIPTIONS) {
  Deno.test(`pluginTests() finds a description that ${fault}`, async () => {
    const tests = pluginTests({ ...GOOD, plugin });
    await assertTestFails(tests, `${plugin.scheme} plugin describes itself`);
  });
}

/** Openings that are no good refusal. */
const BAD_REFUSALS: readonly {
  readonly fault: string;
  readonly open: Plugin["open"];
}[] = [
  { fault: "opens", open: (_, options) => new MemoryPlug(options) },
  {
    fault: "throws a bare Error",
    open: () => {
      throw new Error("Cannot open: it is taken");
    },
  },
  {
    fault: "does not say why",
    open: () => {
      throw new TypeError("Cannot open: something");
    },
  },
  {
    fault: "speaks another way",
    open: () => {
      throw new TypeError("it is taken.");
    },
  },
  {
    fault: "leaves a descriptor open",
    open: () => {
      leaked.push(Deno.openSync("/dev/null"));
      throw new TypeError("Cannot open: it is taken");
    },
  },
];

for (const { fault, open } of BAD_REFUSALS) {
  Deno.test(`pluginTests() finds a refusal that ${fault}`, async () => {
    const tests = pluginTests({ ...GOOD, plugin: described({ open }) });
    await assertTestFails(tests, "memory plugin refuses memory://taken");
    leaked.splice(0).forEach((file) => file.close());
  });
}
