import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { PlugError } from "../../../lib/plug/errors.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { type PluginFinder, Registry } from "../../../lib/plug/registry.ts";
import { nullPlugin } from "../../../plugins/null.ts";
import { testOptions } from "../../plugs.ts";

/** A module in a URL; the comment gives each its own name in error texts. */
function moduleUrl(name: string, source: string): string {
  return `data:text/javascript,${
    encodeURIComponent(`/* ${name} */ ${source}`)
  }`;
}

const PLUG = `({
  maxFrameBytes: 1514, fd: -1, accepts: 0,
  receive() { return 0; },
  send(burst, from) { return burst.count - from; },
  [Symbol.dispose]() {},
})`;

/** Source of a plugin whose plugs remember the VNL that opened them. */
function pluginSource(scheme: string, summary: string): string {
  return `({
    scheme: "${scheme}", summary: "${summary}",
    syntax: { form: "slash", address: "NAME", addressOptional: true, keys: [
      { name: "port", type: "integer", min: 1, max: 9, summary: "port" },
    ] },
    open: (vnl, options) => Object.assign(${PLUG}, { vnl, options }),
  })`;
}

const FIRST = moduleUrl(
  "first",
  `globalThis.registryTestLoads = 0;
  export const plugins = {
    tap: async () => (globalThis.registryTestLoads++, ${
    pluginSource("tap", "First.")
  }),
    vxvde: async () => ${pluginSource("vxvde", "First.")},
  };`,
);
const SECOND = moduleUrl(
  "second",
  `export const plugins = {
    mine: async () => ${pluginSource("mine", "Second.")},
    tap: async () => ${pluginSource("tap", "Second.")},
  };`,
);

/** Loaded only when asked for: a registry of it loads without a word. */
const FAULTY = moduleUrl(
  "faulty",
  `export const plugins = {
    none: async () => undefined,
    other: async () => ${pluginSource("another", "x")},
    throws: async () => { throw new TypeError("no such library"); },
    text: async () => "plugin",
    silent: async () => ({ ...${pluginSource("silent", "x")}, summary: 1 }),
    closed: async () => ({ ...${pluginSource("closed", "x")}, open: 1 }),
    syntax: async () => ({ ...${pluginSource("syntax", "x")}, syntax: 1 }),
    form: async () => ({ ...${
    pluginSource("form", "x")
  }, syntax: { form: "x", keys: [] } }),
    keys: async () => ({ ...${
    pluginSource("keys", "x")
  }, syntax: { form: "slash" } }),
    ...Object.fromEntries([
      ["key", [1]],
      ["word", [{ name: "a", type: "flag" }]],
      ["type", [{ name: "a", type: "x", summary: "x" }]],
      ["range", [{ name: "a", type: "size", summary: "x", min: 1 }]],
      ["far", [{ name: "a", type: "size", summary: "x", min: 1, max: 2, default: 3 }]],
      ["twice", [{ name: "a", type: "flag", summary: "x" }, { name: "a", type: "flag", summary: "x" }]],
    ].map(([scheme, keys]) => [scheme, async () => ({
      ...${pluginSource("x", "x")}, scheme, syntax: { form: "slash", keys },
    })])),
    unnamed: async () => ({ ...${
    pluginSource("unnamed", "x")
  }, syntax: { form: "bracket", keys: [], unnamedKey: "b" } }),
  };`,
);

Deno.test("Registry.schemes() lists the first module's schemes first", async () => {
  const registry = await Registry.load([FIRST, SECOND]);
  assertEquals(registry.schemes(), ["tap", "vxvde", "mine"]);
});

Deno.test("Registry.plugin() takes the first module's plugin of a scheme", async () => {
  const one = await Registry.load([FIRST, SECOND]);
  assertEquals((await one.plugin("tap")).summary, "First.");
  const other = await Registry.load([SECOND, FIRST]);
  assertEquals((await other.plugin("tap")).summary, "Second.");
});

Deno.test("Registry.plugin() loads a plugin once, when it is asked for", async () => {
  const registry = await Registry.load([FIRST]);
  const loads = () => Reflect.get(globalThis, "registryTestLoads");
  const before = loads();
  await registry.plugin("vxvde");
  assertEquals(loads(), before);
  const [one, other] = await Promise.all([
    registry.plugin("tap"),
    registry.plugin("tap"),
  ]);
  assertEquals(one === other, true);
  assertEquals(loads(), before + 1);
});

Deno.test("Registry.all() gives the plugins in the order of the schemes", async () => {
  const registry = await Registry.load([FIRST, SECOND]);
  const plugins = await registry.all();
  assertEquals(plugins.map(({ scheme }) => scheme), registry.schemes());
});

Deno.test("Registry.load() of no modules knows no scheme", async () => {
  const registry = await Registry.load([]);
  assertEquals(registry.schemes(), []);
  await assertRejects(
    () => registry.plugin("tap"),
    TypeError,
    "the schemes are none; looked in no module",
  );
});

const MODULE_FAULTS = [
  { source: "export const x = 1;", includes: 'found no export "plugins"' },
  { source: "export const plugins = 1;", includes: "plugins of type number" },
  { source: "export const plugins = null;", includes: "plugins of type null" },
  { source: "export const plugins = [];", includes: "plugins of type object" },
  {
    source: "export const plugins = { tap: 1 };",
    includes: 'found number, not a function, for scheme "tap"',
  },
  {
    source: "export const plugins = { Tap: () => 1 };",
    includes: 'found the scheme "Tap"',
  },
] as const;

for (const { source, includes } of MODULE_FAULTS) {
  Deno.test(`Registry.load() refuses a module that says ${source}`, async () => {
    const url = moduleUrl("fault", source);
    const error = await assertRejects(
      () => Registry.load([FIRST, url]),
      TypeError,
      includes,
    );
    assertStringIncludes(error.message, `Cannot load "${url}" as a plugin`);
  });
}

const BROKEN_MODULES = [
  {
    name: "does not exist",
    url: "file:///nonexistent/plugin.ts",
    shown: "/nonexistent/plugin.ts",
  },
  { name: "does not parse", url: moduleUrl("broken", "export {") },
  { name: "throws", url: moduleUrl("throws", "throw new TypeError('oh')") },
  { name: "is no URL", url: "not a URL" },
] as const;

for (const { name, url, ...also } of BROKEN_MODULES) {
  Deno.test(`Registry.load() names a module that ${name}`, async () => {
    const error = await assertRejects(
      () => Registry.load([url]),
      PlugError,
      `Cannot load "${
        "shown" in also ? also.shown : url
      }" as a plugin module: `,
    );
    assertInstanceOf(error.cause, Error);
  });
}

const PLUGIN_FAULTS = [
  { scheme: "none", includes: "found undefined" },
  { scheme: "text", includes: "found string" },
  { scheme: "other", includes: 'found the scheme "another"' },
  { scheme: "silent", includes: "found no summary" },
  { scheme: "closed", includes: "found no function open" },
  { scheme: "syntax", includes: "found no syntax" },
  { scheme: "form", includes: 'found the syntax form "x"' },
  { scheme: "keys", includes: "found no array of keys" },
  { scheme: "key", includes: "found a key without a name" },
  { scheme: "word", includes: 'found no summary of key "a"' },
  { scheme: "type", includes: 'found the type "x" of key "a"' },
  { scheme: "range", includes: 'found no range, min to max, of key "a"' },
  { scheme: "far", includes: 'found a default of key "a" out of its range' },
  { scheme: "twice", includes: 'found the key "a" twice' },
  { scheme: "unnamed", includes: 'found no key "b", which unnamedKey names' },
] as const;

for (const { scheme, includes } of PLUGIN_FAULTS) {
  Deno.test(`Registry.plugin() refuses a plugin: ${includes}`, async () => {
    const registry = await Registry.load([FAULTY]);
    const error = await assertRejects(
      () => registry.plugin(scheme),
      TypeError,
      includes,
    );
    assertStringIncludes(error.message, `Cannot load "${scheme}" of ${FAULTY}`);
  });
}

Deno.test("Registry.plugin() tells why a loader failed", async () => {
  const registry = await Registry.load([FAULTY]);
  const error = await assertRejects(
    () => registry.plugin("throws"),
    PlugError,
    "no such library",
  );
  assertInstanceOf(error.cause, TypeError);
});

Deno.test("Registry.open() hands the parsed VNL, and what it was handed with its kit, to the plugin", async () => {
  const registry = await Registry.load([FIRST]);
  const options = testOptions();
  using plug = await registry.open("tap://t0/p=3", options);
  const vnl = Reflect.get(plug, "vnl");
  assertEquals([vnl.address, vnl.number("port")], ["t0", 3]);
  const { open, ...rest } = Reflect.get(plug, "options");
  const { open: ours, ...wanted } = options;
  assertEquals(rest, wanted);
  assert(open !== ours, "nothing opens other plugs through this registry");
});

const BAD_OPENS = [
  {
    vnl: "tap://x/port=10",
    error: RangeError,
    includes: "port must be 1 to 9",
  },
  { vnl: "tap://x/foo", error: TypeError, includes: 'no key "foo"' },
  { vnl: "tap://'x", error: SyntaxError, includes: "quote must be closed" },
  {
    vnl: "tpa://x",
    error: TypeError,
    includes:
      'Cannot find a plugin for the scheme "tpa", perhaps "tap" is meant: the schemes are tap, vxvde, mine; looked in data:',
  },
  {
    vnl: "slirp://x",
    error: TypeError,
    includes: 'scheme "slirp": the schemes are tap, vxvde, mine; looked in',
  },
  { vnl: "__proto__://x", error: TypeError, includes: "the schemes are" },
  { vnl: "toString://x", error: TypeError, includes: "the schemes are" },
  { vnl: "://x", error: TypeError, includes: 'the scheme ""' },
  {
    vnl: "vxvde",
    error: TypeError,
    includes:
      'Cannot open "vxvde" as a VNL looks like scheme://address, perhaps "vxvde://" is meant: found no "://"; the schemes are tap',
  },
  {
    vnl: "tap:t0",
    error: TypeError,
    includes: 'perhaps "tap://" is meant: found no "://"',
  },
  {
    vnl: "/tmp/switch",
    error: TypeError,
    includes: 'looks like scheme://address: found no "://"',
  },
  {
    vnl: "",
    error: TypeError,
    includes: 'Cannot open "" as a VNL looks like scheme://address: found',
  },
] as const;

for (const { vnl, error, includes } of BAD_OPENS) {
  Deno.test(`Registry.open() refuses "${vnl}"`, async () => {
    const registry = await Registry.load([FIRST, SECOND]);
    await assertRejects(
      () => registry.open(vnl, testOptions()),
      error,
      includes,
    );
  });
}

/** Finds one plugin, and keeps what it was asked for. */
function finder(known: string): PluginFinder & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    find(scheme) {
      asked.push(scheme);
      if (scheme === "broken") throw new PlugError("Cannot load it: broken");
      return scheme === known ? { ...nullPlugin, scheme } : undefined;
    },
    describePlaces: (scheme) => `for ${scheme} in /elsewhere`,
  };
}

Deno.test("Registry.plugin() asks the finder for what no module has, once", async () => {
  const found = finder("elsewhere");
  const registry = await Registry.load([FIRST], { finder: found });
  const plugins = await Promise.all([
    registry.plugin("elsewhere"),
    registry.plugin("elsewhere"),
    registry.plugin("tap"),
  ]);
  assertEquals(plugins[0] === plugins[1], true);
  assertEquals(found.asked, ["elsewhere"]);
  assertEquals(registry.schemes().includes("elsewhere"), false);
});

Deno.test("Registry.open() opens the plug of a plugin that the finder has", async () => {
  const registry = await Registry.load([FIRST], {
    finder: finder("elsewhere"),
  });
  using plug = await registry.open("elsewhere://", testOptions());
  assertEquals(plug.fd, -1);
});

/** A plug that lacks `accepts`. */
class RefusedPlug {
  readonly maxFrameBytes = 1514;
  readonly fd = -1;
  disposals = 0;

  receive(): number {
    return 0;
  }

  send(): number {
    return 0;
  }

  [Symbol.dispose](): void {
    this.disposals++;
    throw new TypeError("no way to end it");
  }
}

Deno.test("Registry.open() disposes of what it refuses, whatever that throws", async () => {
  const refused = new RefusedPlug();
  const find = (scheme: string) => ({
    ...nullPlugin,
    scheme,
    open: () => refused as unknown as Plug,
  });
  const registry = await Registry.load([], {
    finder: { find, describePlaces: () => "" },
  });
  await assertRejects(
    () => registry.open("lacking://", testOptions()),
    PlugError,
    "must return a plug: found no number accepts",
  );
  assertEquals(refused.disposals, 1);
});

Deno.test("Registry.plugin() tells where the finder looked", async () => {
  const registry = await Registry.load([FIRST], {
    finder: finder("elsewhere"),
  });
  const error = await assertRejects(
    () => registry.plugin("vxvd"),
    TypeError,
    'Cannot find a plugin for the scheme "vxvd", perhaps "vxvde" is meant: ',
  );
  assertMatch(error.message, /, and for vxvd in \/elsewhere$/);
});

Deno.test("Registry.plugin() passes on why a plugin does not load", async () => {
  const registry = await Registry.load([FIRST], {
    finder: finder("elsewhere"),
  });
  await assertRejects(() => registry.plugin("broken"), PlugError, "broken");
});

for (const scheme of ["", "../x", "Tap", "a b"]) {
  Deno.test(`Registry.plugin() asks no finder for the scheme "${scheme}"`, async () => {
    const found = finder(scheme);
    const registry = await Registry.load([FIRST], { finder: found });
    await assertRejects(() => registry.plugin(scheme), TypeError);
    assertEquals(found.asked, []);
  });
}
