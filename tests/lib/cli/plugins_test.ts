import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { pluginsCommand } from "../../../lib/cli/plugins.ts";
import { SYSTEM_MODULES } from "../../../lib/machine/modules.ts";
import { splitShellWords } from "../../../lib/plug/shell_words.ts";
import { ffiTest } from "../../ffi/case.ts";
import {
  noCompiler,
  TEST_SCHEME,
  testLibraries,
} from "../../ffi/native_library.ts";
import { libraryPlaces } from "../native/library_places.ts";
import { Recorder } from "./recorder.ts";

const BUILT_IN = import.meta.resolve("../../../plugins/mod.ts");

const MINE = `export const plugin = {
  scheme: "mine", summary: "A network of mine.",
  syntax: { form: "slash", address: "NAME", keys: [
    { name: "mtu", type: "integer", min: 68, max: 9216, default: 1500, summary: "longest packet" },
  ], examples: [{ vnl: "mine://x", summary: "x" }] },
  open: () => { throw new TypeError("Cannot open it: never"); },
};`;

/** A folder of plugins, and the command with it. */
class Place implements Disposable {
  readonly folder = Deno.makeTempDirSync();

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${this.folder}/${name}`, text);
    }
  }

  async run(
    ...args: string[]
  ): Promise<{ status: number; out: string; err: string[] }> {
    const io = new Recorder([BUILT_IN]);
    const modules = {
      ...SYSTEM_MODULES,
      env: (name: string) =>
        name === "VDEPLUG_PLUGIN_PATH" ? this.folder : undefined,
    };
    const native = libraryPlaces(this.folder);
    const status = await pluginsCommand(args, io, modules, native);
    return { status, out: io.outLines.join("\n"), err: io.errLines };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

ffiTest(
  "plugins lists built-in schemes, and the user's with their files",
  async () => {
    using place = new Place({ "vdeplug_mine.js": MINE });
    const { status, out, err } = await place.run();
    assertEquals([status, err], [0, []]);
    assertMatch(out, /^tap:\/\/ +\S/m);
    assertMatch(out, /^mine:\/\/ +A network of mine\. \(/m);
    assert(
      out.replaceAll(/\s+/g, " ").includes(`(${place.folder}/vdeplug_mine.js)`),
    );
    assert(out.includes(`looked for in ${place.folder}.`));
  },
);

ffiTest("plugins lists what can be loaded, and says what cannot", async () => {
  using place = new Place({ "vdeplug_mine.js": "oops", "vdeplug_b.js": "1" });
  const { status, out, err } = await place.run();
  assertEquals(status, 1);
  assertMatch(out, /^tap:\/\//m);
  assert(!out.includes("mine://"));
  assertMatch(err[0], /vdeplug_b\.js" as a plugin module exports a plugin/);
  assertMatch(err[1], /vdeplug_mine\.js" as a plugin module: .*oops/);
});

ffiTest(
  "plugins NAME explains schemes by name and by VNL, and where they are from",
  async () => {
    using place = new Place({ "vdeplug_mine.js": MINE });
    const { status, out, err } = await place.run("mine://x", "null");
    assertEquals([status, err], [0, []]);
    for (
      const part of [
        "mine://NAME[/mtu=N]",
        "(68 to 9216, default 1500)",
        "Examples:",
        `From ${place.folder}/vdeplug_mine.js.`,
        "null://",
      ]
    ) assert(out.includes(part), part);
  },
);

ffiTest("plugins NAME knows modules that are named, before files", async () => {
  using place = new Place({ "vdeplug_mine.js": "oops", "x.js": MINE });
  const file = `${place.folder}/x.js`;
  const { status, out } = await place.run("--plugin", file, "mine");
  assertEquals(status, 0);
  assert(out.includes(`From ${file}.`));
});

ffiTest(
  "plugins --json has scheme, summary, description, syntax and origin of each",
  async () => {
    using place = new Place({ "vdeplug_mine.js": MINE, "vdeplug_b.js": "1" });
    const { status, out } = await place.run("--json");
    assertEquals(status, 1);
    const rows: Record<string, unknown>[] = JSON.parse(out);
    const of = (scheme: string) => rows.find((row) => row.scheme === scheme);
    assertEquals(Object.keys(of("tap") ?? {}), [
      "scheme",
      "summary",
      "description",
      "syntax",
      "from",
    ]);
    assertEquals(of("tap")?.from, "built-in");
    assertEquals(of("mine")?.from, `${place.folder}/vdeplug_mine.js`);
    assertEquals(of("mine")?.summary, "A network of mine.");
    assertMatch(String(of("b")?.error), /^Cannot load /);
  },
);

ffiTest(
  "plugins lists native ones of the C library last, without loading them",
  async () => {
    using place = new Place({
      "vdeplug_mine.js": MINE,
      "libvdeplug_mine.so": "",
      "libvdeplug_tap.so": "",
      "libvdeplug_foreign.so": "",
    });
    const { status, out, err } = await place.run();
    assertEquals([status, err], [0, []]);
    const schemes = Array.from(
      out.matchAll(/^(\w+):\/\//gm),
      ([, name]) => name,
    );
    assertEquals(schemes.slice(-2), ["mine", "foreign"]);
    assertEquals(new Set(schemes).size, schemes.length);
    const file = `${place.folder}/libvdeplug_foreign.so`;
    assert(
      out.replaceAll(/\s+/g, " ").includes(
        `foreign:// A native plugin, of the C library. (${file})`,
      ),
      out,
    );
    const json = await place.run("--json");
    const rows: Record<string, unknown>[] = JSON.parse(json.out);
    assertEquals(rows.at(-1), {
      scheme: "foreign",
      summary: "A native plugin, of the C library.",
      from: file,
    });
  },
);

Deno.test({
  name:
    "plugins NAME tells what is the matter with a native plugin that does not load",
  // The C library stays.
  sanitizeResources: false,
  fn: async () => {
    using place = new Place({ "libvdeplug_foreign.so": "nothing of the kind" });
    const { status, out, err } = await place.run("foreign");
    assertEquals([status, out], [1, ""]);
    assertMatch(
      err[0],
      /^Cannot load ".*libvdeplug_foreign\.so" as the native/,
    );
  },
});

ffiTest(
  "plugins NAME tells all that is known of a native plugin",
  async () => {
    const { folder, plugin } = await testLibraries();
    const io = new Recorder([BUILT_IN]);
    const modules = { ...SYSTEM_MODULES, env: () => undefined };
    const native = libraryPlaces(folder);
    for (const args of [[TEST_SCHEME], ["--json", TEST_SCHEME]]) {
      assertEquals(await pluginsCommand(args, io, modules, native), 0);
    }
    assertEquals(io.errLines, []);
    const [text, json] = io.outLines;
    assertMatch(
      text,
      new RegExp(`^${TEST_SCHEME}://ADDRESS\n  A native plugin`),
    );
    const words = text.replaceAll(/\s+/g, " ");
    assertStringIncludes(words, "is given to the library as it is");
    assertStringIncludes(words, `From ${plugin}. It is foreign code: a crash`);
    const [row] = JSON.parse(json);
    assertEquals(Object.keys(row), ["scheme", "summary", "from"]);
    assertEquals(row.from, plugin);
  },
  { skip: await noCompiler() },
);

const REFUSALS = [
  { args: ["nosuch"], includes: 'the scheme "nosuch"' },
  { args: ["--nosuch"], includes: '"--nosuch"' },
  { args: ["--plugin="], includes: "FILE is the path or the URL" },
  { args: ["new"], includes: "takes a name" },
  { args: ["new", "a", "b", "c"], includes: "received 3 arguments" },
  { args: ["new", "tap"], includes: 'a plugin "tap": there is something' },
  { args: ["new", "new"], includes: 'a plugin "new": there is something' },
  { args: ["new", "x_test"], includes: 'a plugin "x_test": there is' },
  { args: ["new", "Mine"], includes: "lower-case letters" },
  { args: ["new", "../x"], includes: "lower-case letters" },
  { args: ["new", "9"], includes: "lower-case letters" },
  { args: ["new", ""], includes: "lower-case letters" },
  { args: ["new", "mine", ""], includes: 'a folder: received ""' },
  { args: ["new", "a".repeat(33)], includes: "at most 32" },
];

for (const { args, includes } of REFUSALS) {
  Deno.test({
    name: `plugins ${args.join(" ")} is refused`,
    // Looking for a native plugin opens the C library, which stays.
    sanitizeResources: false,
    fn: async () => {
      using place = new Place();
      const { status, out, err } = await place.run(...args);
      assertEquals([status, out], [2, ""]);
      assertMatch(err[0], /^Cannot .*[^.]$/);
      assert(err[0].includes(includes), err[0]);
    },
  });
}

ffiTest("plugins new writes both files, and never over others", async () => {
  using place = new Place();
  const folder = `${place.folder}/a/b`;
  const { status, out } = await place.run("new", "mine", folder);
  assertEquals(status, 0);
  assert(out.includes(`wrote ${folder}/vdeplug_mine.ts`));
  const text = Deno.readTextFileSync(`${folder}/vdeplug_mine.ts`);
  const lines = text.split("\n").length - 1;
  assert(lines >= 20 && lines <= 40, `${lines} lines`);
  for (const name of ["vdeplug_mine.ts", "vdeplug_mine_test.ts"]) {
    const path = `${folder}/${name}`;
    const before = Deno.readTextFileSync(path);
    const again = await place.run("new", "mine", folder);
    assertEquals([again.status, again.out], [1, ""]);
    assertMatch(
      again.err[0],
      /^Cannot write ".*": there is such a file already$/,
    );
    assertEquals(Deno.readTextFileSync(path), before);
    Deno.removeSync(`${folder}/vdeplug_mine.ts`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/vdeplug_mine_test.ts`, before);
    const half = await place.run("new", "mine", folder);
    assertEquals(half.status, 1);
    assertEquals(Deno.readDirSync(folder).toArray().length, 1);
    Deno.writeTextFileSync(`${folder}/vdeplug_mine.ts`, text);
  }
});

ffiTest("plugins new prints commands that can be pasted", async () => {
  using place = new Place();
  const folder = `${place.folder}/it's mine`;
  const { status, out } = await place.run("new", "mine", folder);
  assertEquals(status, 0);
  const [wrote, ...commands] = out.split("\n");
  assertStringIncludes(wrote, `${folder}/vdeplug_mine.ts and `);
  const words = commands.map((line) => splitShellWords(line.slice(10)));
  assertEquals(words[0].at(-1), `${folder}/vdeplug_mine_test.ts`);
  assertEquals(words[1][2], `${folder}/vdeplug_mine.ts`);
  assertEquals(words[2][3], `${folder}/vdeplug_mine.ts`);
});

ffiTest(
  "plugins new leaves nothing where the second file cannot be written",
  async () => {
    using place = new Place();
    // A path has at most 4095 bytes, of which the first file's is just short.
    const room = 4095 - "/vdeplug_mine.ts".length;
    let folder = place.folder;
    while (folder.length < room - 200) folder += `/${"x".repeat(99)}`;
    folder += `/${"y".repeat(room - folder.length - 1)}`;
    const { status, out, err } = await place.run("new", "mine", folder);
    assertEquals([status, out], [1, ""]);
    assertMatch(err[0], /^Cannot write ".*_test\.ts": File name too long/);
    assertEquals([...Deno.readDirSync(folder)], []);
  },
);

ffiTest("plugins --help prints its help", async () => {
  using place = new Place();
  const { status, out } = await place.run("--help");
  assertEquals(status, 0);
  assertStringIncludes(out, "vdeplug plugins new NAME [FOLDER]");
});
