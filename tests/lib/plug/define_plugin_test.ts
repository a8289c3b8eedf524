import { assertStrictEquals, assertThrows } from "@std/assert";
import { definePlugin } from "../../../lib/plug/define_plugin.ts";
import type { Plugin } from "../../../lib/plug/plugin.ts";
import { nullPlugin } from "../../../plugins/null.ts";

const CASES = [
  { name: "nothing", plugin: undefined, found: "found undefined" },
  { name: "null", plugin: null, found: "found undefined" },
  { name: "no scheme", plugin: {}, found: "found undefined" },
  {
    name: "a scheme of capitals",
    plugin: { ...nullPlugin, scheme: "NULL" },
    found: 'found "NULL"',
  },
  {
    name: "an empty scheme",
    plugin: { ...nullPlugin, scheme: "" },
    found: 'found ""',
  },
  {
    name: "no summary",
    plugin: { ...nullPlugin, summary: undefined },
    found: 'Cannot define the plugin "null": found no summary',
  },
  {
    name: "no open",
    plugin: { ...nullPlugin, open: undefined },
    found: 'Cannot define the plugin "null": found no function open',
  },
  {
    name: "no syntax",
    plugin: { ...nullPlugin, syntax: undefined },
    found: 'Cannot define the plugin "null": found no syntax',
  },
  {
    name: "a key without a type",
    plugin: {
      ...nullPlugin,
      syntax: { form: "slash", keys: [{ name: "a", summary: "b" }] },
    },
    found: 'found the type "undefined" of key "a"',
  },
] as const;

for (const { name, plugin, found } of CASES) {
  Deno.test(`definePlugin() refuses ${name}`, () => {
    // What TypeScript would have refused.
    const bad = plugin as unknown as Plugin;
    assertThrows(() => definePlugin(bad), TypeError, found);
  });
}

Deno.test("definePlugin() gives back the plugin itself", () => {
  const plugin = { ...nullPlugin, more: 1 };
  assertStrictEquals(definePlugin(plugin), plugin);
});
