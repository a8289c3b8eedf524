import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { Plugin } from "../../../lib/plug/plugin.ts";
import { join, open, openPlug, register } from "../../../mod.ts";

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

Deno.test("register() makes a plugin known to open() and openPlug()", async () => {
  const plugin = inert("object");
  register(plugin);
  register(plugin);
  using plug = await openPlug("object://");
  assertEquals(plug.maxFrameBytes, 1518);
  await using connection = await open("object://");
  assertEquals(connection.maxFrameBytes, 1518);
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

const THREAD = inert("thread");

const MODULES_BESIDE = [
  { name: "alone", pluginModules: [] },
  {
    name: "beside further modules",
    pluginModules: [import.meta.resolve("../cable/test_plugins.ts")],
  },
];

for (const { name, pluginModules } of MODULES_BESIDE) {
  Deno.test(`join() says why it cannot take a plugin that is an object, ${name}`, async () => {
    register(THREAD);
    await assertRejects(
      () => join("null://", "thread://", { pluginModules }),
      TypeError,
      'Cannot join "thread://" as a cable has a thread of its own, which the ' +
        'plugin "thread", registered as an object of this one, cannot reach: ' +
        "register the URL of the module that exports it instead",
    );
  });
}

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

Deno.test("register() of a broken module leaves other schemes alone", async () => {
  // Modules stay registered: in a process of its own, they harm no other test.
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-all"],
      ...["--config", new URL("../../../deno.json", import.meta.url).pathname],
      new URL("./broken_module_main.ts", import.meta.url).pathname,
    ],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const told = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(told.opened, ["null://", "earlier://"]);
  assertEquals(told.failing.length, 3);
  for (const message of told.failing) {
    assertStringIncludes(message, "/no/such/module.ts");
  }
  for (const message of told.waiting) assertMatch(message, /^TimeoutError: /);
  assertEquals(told.waiting.length, 3);
});
