/** The example of a plugin before another network keeps the contract. */

import { assertEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import type { Plugin } from "../../../lib/plug/plugin.ts";
import { parseVnl } from "../../../lib/plug/vnl.ts";
import { spawn } from "../../lab/mod.ts";
import { pluginContract, type TestOptions } from "../../plugin_contract.ts";
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
