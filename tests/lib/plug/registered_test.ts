import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Plugin } from "../../../lib/plug/plugin.ts";
import { join, openPlug, register } from "../../../mod.ts";

/** A plugin that carries nothing. */
function inert(scheme: string): Plugin {
  return {
    scheme,
    summary: "Nothing comes, nothing goes.",
    syntax: { form: "slash", keys: [] },
    open: () => ({
      fd: -1,
      maxFrameBytes: 1518,
      accepts: 0,
      receive: () => 0,
      send: (burst, from) => burst.count - from,
      [Symbol.dispose]: () => {},
    }),
  };
}

const BAD_PLUGINS = [
  { name: "no scheme", plugin: {}, includes: "its scheme is" },
  { name: "capitals", plugin: { scheme: "Abc" }, includes: '"Abc"' },
  { name: "no summary", plugin: { scheme: "abc" }, includes: "no summary" },
  {
    name: "no syntax",
    plugin: { ...inert("abc"), syntax: undefined },
    includes: "found no syntax",
  },
] as const;

for (const { name, plugin, includes } of BAD_PLUGINS) {
  Deno.test(`register() refuses a plugin with ${name}`, () => {
    const given: unknown = plugin;
    assertThrows(() => register(given as Plugin), TypeError, includes);
  });
}

Deno.test("register() makes a plugin known to openPlug()", async () => {
  const plugin = inert("object");
  register(plugin);
  register(plugin);
  using plug = await openPlug("object://");
  assertEquals(plug.maxFrameBytes, 1518);
});

Deno.test("register() refuses schemes that are taken", () => {
  register(inert("twice"));
  for (const scheme of ["twice", "tap"]) {
    assertThrows(
      () => register(inert(scheme)),
      TypeError,
      `Cannot register the plugin "${scheme}"`,
    );
  }
});

Deno.test("join() says why it cannot take a plugin that is an object", async () => {
  register(inert("thread"));
  await assertRejects(
    () => join("null://", "thread://"),
    TypeError,
    'register the URL of the module that exports the plugin "thread"',
  );
});

Deno.test({
  name:
    "register() of a module makes its plugin known to openPlug() and join()",
  // Libraries are opened at first use, and stay.
  sanitizeResources: false,
  fn: async () => {
    assertThrows(() => register("./relative.ts"), TypeError);
    register(import.meta.resolve("../cable/test_plugins.ts"));
    using plug = await openPlug("gives://1");
    assertEquals(plug.fd >= 0, true);
    const cable = await join("null://", "gives://1");
    cable.stop();
    assertEquals(await cable.ended, { reason: "stopped" });
  },
});
