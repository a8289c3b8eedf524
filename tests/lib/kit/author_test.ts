/** The example of a plugin before another network keeps the contract. */

import { assert, assertEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import { POLLIN, PollSet } from "../../../ffi/poll.ts";
import { type Plugin, servingOf } from "../../../lib/plug/plugin.ts";
import { parseVnl } from "../../../lib/plug/vnl.ts";
import { ffiTest } from "../../ffi/case.ts";
import { spawn } from "../../lab/mod.ts";
import { pluginContract, type TestOptions } from "../../plugin_contract.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  receiveFrames,
  testOptions,
} from "../../plugs.ts";
import { MemoryPlug } from "../cable/memory_plug.ts";
import { altered } from "../connection/memory_link.ts";
import { PLUGIN_TYPES, writeDelayPlugin } from "./author_example.ts";

const folder = Deno.makeTempDirSync({ prefix: "author-" });
globalThis.addEventListener("unload", () => {
  Deno.removeSync(folder, { recursive: true });
});
const file = writeDelayPlugin(folder);
const { plugin }: { plugin: Plugin } = await import(toFileUrl(file).href);
let pairs = 0;

pluginContract({
  plugin,
  vnl: "delay://{null://}/ms=3",
  badVnls: [
    { vnl: "delay://", includes: "needs a nested VNL" },
    { vnl: "delay://{null://}/ms=0", includes: "ms must be 1 to 9999" },
    { vnl: "delay://{nul://}", includes: 'perhaps "null" is meant' },
    { vnl: "delay://{vde:///nonexistent}", includes: "/nonexistent" },
  ],
  reliable: true,
  skipCases: {
    "hands out what came before the other end left":
      "what is late by then is lost",
  },
  openPair: async (near, far) => {
    const line = `ptp://${folder}/line${pairs++}`;
    const open = async (options: TestOptions) =>
      await plugin.open(
        parseVnl(`delay://{${line}}/ms=3`, plugin.syntax),
        options,
      );
    const [one, other] = await Promise.all([open(near), open(far)]);
    return { near: one, far: other };
  },
});

ffiTest(
  "the delay before a switch lets that serve its clients, and the thread rest",
  async () => {
    const inner = new MemoryPlug();
    let served = 0;
    const serving = { ...altered(inner, {}), serve: () => void served++ };
    const delayMs = 300;
    using plug = await plugin.open(
      parseVnl(`delay://{null://}/ms=${delayMs}`, plugin.syntax),
      { ...testOptions(), open: () => Promise.resolve(serving) },
    );
    const frame = makeFrame(60, 1);
    inner.offer([frame]);
    plug.receive(burstOf([]));
    const polls = new PollSet(1);
    polls.set(0, plug.fd, POLLIN);
    assertEquals(
      polls.wait(60_000),
      1,
      "what is late does not wake the thread",
    );
    const startMs = performance.now();
    servingOf(plug)?.serve();
    const isReadable = polls.wait(0) > 0;
    const isEarly = performance.now() - startMs < delayMs;
    assert(!(isReadable && isEarly), "what is late keeps the thread busy");
    assertEquals(served, 1);
    assertFrames(await receiveFrames(plug, 1), [frame]);
  },
);

const CHECKS = [
  { name: "has the right types", args: ["check", "--import-map"] },
  { name: "is formatted", args: ["fmt", "--no-config", "--check"] },
  { name: "gives no cause for complaint", args: ["lint", "--no-config"] },
] as const;

for (const { name, args } of CHECKS) {
  Deno.test(`the example of a plugin before another network ${name}`, async () => {
    const imports = `${folder}/imports.json`;
    await Deno.writeTextFile(
      imports,
      JSON.stringify({ imports: PLUGIN_TYPES }),
    );
    const maps = args[0] === "check" ? [imports] : [];
    const command = [Deno.execPath(), ...args, ...maps, file] as const;
    await using process = spawn(command, { cwd: folder });
    assertEquals((await process.exited).code, 0, process.report());
  });
}
