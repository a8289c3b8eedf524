import "../../ffi/preload.ts";
import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { PlugError } from "../../../lib/plug/errors.ts";
import { SYSTEM_MODULES } from "../../../lib/machine/modules.ts";
import { Registry } from "../../../lib/plug/registry.ts";
import { testOptions } from "../../plugs.ts";

/** Source of a plug that does nothing. */
const PLUG = `{
  fd: -1, maxFrameBytes: 9234, accepts: 0,
  receive: () => 0, send: (burst, from) => burst.count - from,
  [Symbol.dispose]() {},
}`;

/** Source of a plugin whose `open` does this. */
function source(scheme: string, open = `return ${PLUG};`): string {
  return `{
    scheme: "${scheme}", summary: "Mine.",
    syntax: { form: "slash", address: "NAME", addressOptional: true, keys: [] },
    open(vnl, options) { ${open} },
  }`;
}

/** A folder of plugins, and a registry that finds them. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "vdeplug plugins " });

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${this.path}/${name}`, text);
    }
  }

  async registry(moduleUrls: readonly string[] = []): Promise<Registry> {
    const modules = {
      ...SYSTEM_MODULES,
      env: (name: string) =>
        name === "VDEPLUG_PLUGIN_PATH" ? this.path : undefined,
    };
    return await Registry.load(moduleUrls, { modules });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

const EXPORTS = [
  { name: "plugin", text: `export const plugin = ${source("mine")};` },
  { name: "default", text: `export default ${source("mine")};` },
  {
    name: "plugins",
    text: `export const plugins = { mine: async () => (${source("mine")}) };`,
  },
] as const;

for (const { name, text } of EXPORTS) {
  for (const extension of ["ts", "js"]) {
    const file = `vdeplug_mine.${extension}`;
    // TypeScript knows what the parameters of a plugin are from its type alone.
    const typed = extension === "js" ? text : text.replace(
      "open(vnl, options)",
      "open(vnl: unknown, options: object)",
    );
    Deno.test(`Registry.open() finds ${file} that exports it as ${name}`, async () => {
      using folder = new Folder({ [file]: typed });
      const registry = await folder.registry();
      using plug = await registry.open("mine://x", testOptions());
      assertEquals(plug.maxFrameBytes, 9234);
    });
  }
}

Deno.test("Registry.plugin() asks modules that are named before files", async () => {
  using folder = new Folder({ "vdeplug_mine.js": "throw 1;" });
  const url = `data:text/javascript,export const plugin = ${source("mine")}`;
  const registry = await folder.registry([url]);
  assertEquals((await registry.plugin("mine")).scheme, "mine");
});

Deno.test("Registry.plugin() tells where it looked for a file", async () => {
  using folder = new Folder({});
  const registry = await folder.registry();
  const error = await assertRejects(() => registry.plugin("mine"), TypeError);
  assertStringIncludes(
    error.message,
    `looked in no module, and for the user's own in ${folder.path}`,
  );
});

/** What may be wrong with a user's file. */
const FAULTS: readonly {
  readonly name: string;
  readonly text: string;
  readonly errorClass: new (message: string) => Error;
  readonly includes: readonly string[];
}[] = [
  {
    name: "exports nothing",
    text: "export {};",
    errorClass: TypeError,
    includes: ["exports a plugin", "found no export"],
  },
  {
    name: "exports no object",
    text: "export const plugin = 5;",
    errorClass: TypeError,
    includes: ["found number"],
  },
  {
    name: "exports a plugin without open",
    text: 'export const plugin = { scheme: "mine", summary: "x" };',
    errorClass: TypeError,
    includes: ["found no function open"],
  },
  {
    name: "exports a plugin without a scheme",
    text: 'export const plugin = { summary: "x" };',
    errorClass: TypeError,
    includes: ["found a plugin without a scheme"],
  },
  {
    name: "exports a plugin of another scheme",
    text: `export const plugin = ${source("yours")};`,
    errorClass: TypeError,
    includes: ['as the plugin "mine"', "found plugins of yours"],
  },
  {
    name: "does not parse",
    text: "export const = ;",
    errorClass: PlugError,
    includes: [],
  },
  {
    name: "imports what is not there",
    text: 'import "./nowhere.js";',
    errorClass: PlugError,
    includes: ["nowhere.js"],
  },
  {
    name: "throws when it is imported",
    text: "\nnull.x;",
    errorClass: PlugError,
    includes: ["TypeError: Cannot read properties of null", ".js:2:"],
  },
  {
    name: "throws no error when it is imported",
    text: "throw 'oh';",
    errorClass: PlugError,
    includes: ['no error, but "oh"'],
  },
  {
    name: "throws in open",
    text: `export const plugin = ${source("mine", "\nnope();")};`,
    errorClass: PlugError,
    includes: [
      'Cannot open "mine://x": the plugin of /',
      ".js threw ReferenceError: nope is not defined",
      ".js:5:",
    ],
  },
  {
    name: "rejects in open",
    text: `export const plugin = ${
      source("mine", "return Promise.reject(7);")
    };`,
    errorClass: PlugError,
    includes: ["threw no error, but 7"],
  },
  {
    name: "opens nothing",
    text: `export const plugin = ${source("mine", "")};`,
    errorClass: PlugError,
    includes: ["must return a plug: found undefined"],
  },
  {
    name: "opens what does not send",
    text: `export const plugin = ${
      source("mine", "return { fd: -1, receive() {} };")
    };`,
    errorClass: PlugError,
    includes: ["must return a plug: found no function send"],
  },
  {
    name: "opens what cannot be closed",
    text: `export const plugin = ${
      source("mine", "return { fd: -1, receive() {}, send() {} };")
    };`,
    errorClass: PlugError,
    includes: ["must return a plug: found no function [Symbol.dispose]"],
  },
  {
    name: "opens what has no descriptor",
    text: `export const plugin = ${
      source("mine", `return { ...${PLUG}, fd: undefined };`)
    };`,
    errorClass: PlugError,
    includes: ["must return a plug: found no number fd"],
  },
];

for (const { name, text, errorClass, includes } of FAULTS) {
  Deno.test(`Registry.open() names a file that ${name}, and the fault`, async () => {
    using folder = new Folder({ "vdeplug_mine.js": text });
    const registry = await folder.registry();
    const error = await assertRejects(() =>
      registry.open("mine://x", testOptions())
    );
    assertInstanceOf(error, errorClass);
    const file = `${folder.path}/vdeplug_mine.js`;
    assertStringIncludes(error.message, file);
    for (const part of includes) assertStringIncludes(error.message, part);
  });
}

Deno.test("Registry.open() passes on what the contract lets a plugin throw", async () => {
  const open =
    `throw new options.kit.PlugError('Cannot open "mine": no', { code: "EIO" });`;
  using folder = new Folder({
    "vdeplug_mine.js": `export const plugin = ${source("mine", open)};`,
    "vdeplug_range.js": `export const plugin = ${
      source("range", "throw new RangeError('Cannot open it: too long');")
    };`,
  });
  const registry = await folder.registry();
  const error = await assertRejects(
    () => registry.open("mine://", testOptions()),
    PlugError,
  );
  assertEquals([error.message, error.code], ['Cannot open "mine": no', "EIO"]);
  await assertRejects(
    () => registry.open("range://", testOptions()),
    RangeError,
    "Cannot open it: too long",
  );
});
