import { assertEquals, assertRejects } from "@std/assert";
import { openConnection } from "../../../lib/connection/open.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import type { OpenOptions, Plug, Plugin } from "../../../lib/plug/plugin.ts";
import { ffiTest } from "../../ffi/case.ts";
import { makeFrame, openDescriptors } from "../../plugs.ts";
import { MemoryPlug } from "../cable/memory_plug.ts";
import { altered, isPending } from "./memory_link.ts";

/** Opened by `late://`, whenever the test says so. */
let opening = Promise.withResolvers<Plug>();
const asked: OpenOptions[] = [];

const latePlugin: Plugin = {
  scheme: "late",
  summary: "Opens when the test says so.",
  syntax: { form: "slash", keys: [] },
  open: (_vnl, options) => {
    asked.push(options);
    return opening.promise;
  },
};

/** What makes this file a plugin module. */
export const plugins = { late: () => Promise.resolve(latePlugin) };

const pluginModules = [import.meta.url];

function lateTest(name: string, fn: () => Promise<void>): void {
  ffiTest(name, async () => {
    opening = Promise.withResolvers();
    asked.length = 0;
    await fn();
  });
}

lateTest(
  "openConnection() hands its options and counters to the plugin",
  async () => {
    opening.resolve(new MemoryPlug());
    const log = { warn: () => {}, debug: () => {} };
    const access = { port: 3, group: "vde", mode: 0o660 };
    await using connection = await openConnection("late://", {
      pluginModules,
      description: "test",
      access,
      log,
    });
    const { received, sent } = connection.counters;
    assertEquals(asked[0].receiveCounters, received);
    assertEquals(asked[0].sendCounters, sent);
    assertEquals([asked[0].description, asked[0].log], ["test", log]);
    assertEquals(asked[0].access, access);
    assertEquals(
      [connection.vnl, connection.maxFrameBytes, connection.accepts],
      ["late://", 9234, 0],
    );
  },
);

lateTest(
  "openConnection() says vdeplug where no description is given",
  async () => {
    opening.resolve(new MemoryPlug());
    await using _connection = await openConnection("late://", {
      pluginModules,
    });
    assertEquals(asked[0].description, "vdeplug:");
  },
);

lateTest("openConnection() tells what the plugin tells", async () => {
  opening.reject(new PlugError("Cannot open: ENODEV", { code: "ENODEV" }));
  await assertRejects(
    () => openConnection("late://", { pluginModules }),
    PlugError,
    "ENODEV",
  );
  await assertRejects(
    () => openConnection("never://", { pluginModules }),
    TypeError,
    'Cannot find a plugin for the scheme "never"',
  );
  await assertRejects(
    () => openConnection("late:///speed=1", { pluginModules }),
    TypeError,
    "late:///speed=1",
  );
});

lateTest(
  "openConnection() opens nothing once its signal was aborted",
  async () => {
    const signal = AbortSignal.abort(new RangeError("enough"));
    await assertRejects(
      () => openConnection("late://", { pluginModules, signal }),
      RangeError,
      "enough",
    );
    assertEquals(asked.length, 0);
  },
);

lateTest(
  "openConnection() gives up by its signal, and closes what opens too late",
  async () => {
    const before = openDescriptors();
    const abort = new AbortController();
    const { signal } = abort;
    const opened = openConnection("late://", { pluginModules, signal });
    const rejected = assertRejects(() => opened, RangeError, "enough");
    await isPending(opened);
    abort.abort(new RangeError("enough"));
    await rejected;
    opening.resolve(new MemoryPlug());
    await isPending(opening.promise);
    assertEquals(openDescriptors(), before);
  },
);

/** A plug that tells how often it was disposed of, and whether it was looked at too late. */
function watched(signal: AbortSignal) {
  const seen = { disposals: 0, isLate: false };
  const memory = new MemoryPlug();
  const { controlFd } = memory;
  const plug: Plug = altered(memory, {
    [Symbol.dispose]: () => {
      seen.disposals++;
      memory[Symbol.dispose]();
    },
  });
  // The last one to ask is the connection that is made of it.
  const get = () => {
    seen.isLate = signal.aborted;
    return controlFd;
  };
  return { plug: Object.defineProperty(plug, "controlFd", { get }), seen };
}

for (let turns = 0; turns < 14; turns++) {
  lateTest(
    `openConnection() makes no connection of a plug that opens ${turns} turns before its signal`,
    async () => {
      const abort = new AbortController();
      const { signal } = abort;
      const { plug, seen } = watched(signal);
      const opened = openConnection("late://", { pluginModules, signal });
      const outcome = opened.then(() => "a connection", (error) => error);
      while (asked.length === 0) await isPending(opened);
      opening.resolve(plug);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const reason = new RangeError("enough");
      abort.abort(reason);
      if (await outcome === "a connection") assertEquals(seen.isLate, false);
      else assertEquals(await outcome, reason);
      await isPending(opening.promise);
      assertEquals(seen.disposals, 1);
    },
  );
}

lateTest(
  "openConnection() gives a connection that its signal closes",
  async () => {
    opening.resolve(new MemoryPlug({ room: 0 }));
    const abort = new AbortController();
    const { signal } = abort;
    await using connection = await openConnection("late://", {
      pluginModules,
      signal,
    });
    const sent = connection.send(makeFrame(60, 1));
    abort.abort(new RangeError("enough"));
    await assertRejects(() => sent, RangeError, "enough");
  },
);
