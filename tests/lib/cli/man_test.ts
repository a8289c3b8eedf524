import "../../ffi/preload.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { man } from "../../../lib/cli/man.ts";
import { COMMAND_PAGES } from "../../../lib/cli/pages/mod.ts";
import { VERSION } from "../../../lib/cli/version.ts";
import { SYSTEM_MODULES } from "../../../lib/machine/modules.ts";
import { plugins } from "../../../plugins/mod.ts";
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
  scheme: "mine", summary: "A network\\nof 'mine'.",
  syntax: { form: "slash", address: "NAME", keys: [], examples: [] },
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
    const status = await man(args, io, modules, libraryPlaces(this.folder));
    return { status, out: io.outLines.join("\n"), err: io.errLines };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

Deno.test("man lists the pages of commands and schemes, the user's too", async () => {
  using place = new Place({ "vdeplug_mine.js": MINE });
  const { status, out, err } = await place.run();
  assertEquals([status, err], [0, []]);
  for (const name of Object.keys(COMMAND_PAGES)) {
    assertMatch(out, new RegExp(`^  ${name} +\\S`, "m"));
  }
  for (const scheme of [...Object.keys(plugins), "mine"]) {
    assertMatch(out, new RegExp(`^  ${scheme}:// +\\S`, "m"));
  }
});

Deno.test("man lists what can be loaded, and says what cannot", async () => {
  using place = new Place({ "vdeplug_b.js": "1", "libvdeplug_n.so": "" });
  const { status, out, err } = await place.run();
  assertEquals([status, err.length], [1, 1]);
  assertMatch(err[0], /^Cannot load ".*vdeplug_b\.js"/);
  assertMatch(out, /^ {2}vxvde:\/\//m);
  assert(!/^ {2}[bn]:\/\//m.test(out), out);
});

const PAGES = [
  { name: "vdeplug", begins: ".TH VDEPLUG 1 " },
  { name: "ping", begins: ".TH VDEPLUG\\-PING 1 " },
  { name: "vdeplug-ping", begins: ".TH VDEPLUG\\-PING 1 " },
  { name: "vde_plug", begins: ".TH VDEPLUG\\-VDE_PLUG 1 " },
  { name: "switch", begins: ".TH VDEPLUG\\-SWITCH 1 " },
  { name: "switch://", begins: ".TH VDEPLUG\\-SWITCH 7 " },
  { name: "vxvde", begins: ".TH VDEPLUG\\-VXVDE 7 " },
  { name: "vdeplug-vxvde", begins: ".TH VDEPLUG\\-VXVDE 7 " },
  { name: "tap://t0", begins: ".TH VDEPLUG\\-TAP 7 " },
  { name: "mine", begins: ".TH VDEPLUG\\-MINE 7 " },
];

for (const { name, begins } of PAGES) {
  Deno.test(`man ${name} prints its page`, async () => {
    using place = new Place({ "vdeplug_mine.js": MINE });
    const { status, out, err } = await place.run(name);
    assertEquals([status, err], [0, []]);
    assert(out.startsWith(begins), out.slice(0, 100));
    assert(!out.endsWith("\n"));
    assertStringIncludes(out, VERSION);
  });
}

Deno.test("man vdeplug tells of all built-in schemes and commands", async () => {
  using place = new Place({ "vdeplug_mine.js": MINE });
  const { out } = await place.run("vdeplug");
  for (const scheme of Object.keys(plugins)) {
    assertStringIncludes(out, `\n\\fB${scheme}://\\fR\n`);
  }
  assert(!out.includes("mine://"));
  for (const name of Object.keys(COMMAND_PAGES)) {
    if (name === "vdeplug") continue;
    assertStringIncludes(out, `\\fBvdeplug\\-${name}\\fR(1)`);
  }
  for (const title of ["SIGNALS", "ENVIRONMENT", "FILES", "QUOTING", "KEYS"]) {
    assertStringIncludes(out, `\n.SH ${title}\n`);
  }
});

Deno.test("man explains a plugin that --plugin names, and where it is from", async () => {
  using place = new Place({ "x.js": MINE });
  const file = `${place.folder}/x.js`;
  const { status, out } = await place.run("--plugin", file, "mine");
  assertEquals(status, 0);
  assertStringIncludes(out, "\\- a network of \\(aqmine\\(aq\n");
  assertStringIncludes(out, ".SH FILES\n");
  assertStringIncludes(out.replaceAll("\\-", "-"), file);
});

const REFUSALS = [
  { args: ["pign"], status: 2, includes: '"pign", perhaps "ping" is meant' },
  { args: ["vxvd"], status: 2, includes: 'perhaps "vxvde" is meant' },
  { args: [""], status: 2, includes: 'a page of the manual for ""' },
  { args: ["A/b"], status: 2, includes: 'a page of the manual for "A/b"' },
  {
    args: ["ping", "tap"],
    status: 2,
    includes: '2 pages at a time: received "ping" "tap"',
  },
  { args: ["--folder=/x", "tap"], status: 2, includes: 'received "tap"' },
  { args: ["--folder="], status: 2, includes: "DIR is a path" },
  { args: ["--nosuch"], status: 2, includes: '"--nosuch"' },
  { args: ["--plugin="], status: 2, includes: "FILE is the path or the URL" },
  { args: ["bad"], status: 1, includes: "vdeplug_bad.js" },
  {
    args: ["--folder", "/proc/nothing"],
    status: 1,
    includes: 'make the folder "/proc/nothing/man1"',
  },
  { args: ["broken"], status: 1, includes: "libvdeplug_broken.so" },
];

for (const { args, status, includes } of REFUSALS) {
  Deno.test({
    name: `man ${args.join(" ")} is refused`,
    // Looking for a native plugin opens the C library, which stays.
    sanitizeResources: false,
    fn: async () => {
      using place = new Place({
        "vdeplug_bad.js": "throw 1",
        "libvdeplug_broken.so": "nothing of the kind",
      });
      const run = await place.run(...args);
      assertEquals([run.status, run.out], [status, ""], run.err.join("\n"));
      assertMatch(run.err[0], /^Cannot .*[^.]$/);
      assertStringIncludes(run.err[0], includes);
    },
  });
}

ffiTest(
  "man makes no page for a native plugin, and says where one may be",
  async () => {
    const { folder, plugin } = await testLibraries();
    const io = new Recorder([BUILT_IN]);
    const modules = { ...SYSTEM_MODULES, env: () => undefined };
    const args = [`${TEST_SCHEME}://`];
    const status = await man(args, io, modules, libraryPlaces(folder));
    assertEquals([status, io.outLines], [1, []]);
    assertStringIncludes(
      io.errLines[0],
      `for "${TEST_SCHEME}://" as that is a native plugin: "${plugin}" tells`,
    );
    assertMatch(io.errLines[1], /^hint: .*man libvdeplug_/);
  },
  { skip: await noCompiler() },
);

Deno.test("man --folder writes all pages but the user's, the same each time", async () => {
  using place = new Place({ "vdeplug_mine.js": MINE });
  const folder = `${place.folder}/a/man`;
  const { status, out } = await place.run("--folder", `${folder}/`);
  assertEquals(status, 0);
  const commands = Object.keys(COMMAND_PAGES);
  const schemes = Object.keys(plugins);
  assertEquals(
    out,
    `wrote ${commands.length} pages to ${folder}/man1 and ${schemes.length} to ${folder}/man7`,
  );
  const pages = read(folder);
  const names = [
    ...commands.map((name) =>
      name === "vdeplug" ? "man1/vdeplug.1" : `man1/vdeplug-${name}.1`
    ),
    ...schemes.map((scheme) => `man7/vdeplug-${scheme}.7`),
  ];
  assertEquals([...pages.keys()].sort(), names.sort());
  assertEquals((await place.run("--folder", folder)).status, 0);
  assertEquals(read(folder), pages);
  const { out: printed } = await place.run("tap");
  assertEquals(pages.get("man7/vdeplug-tap.7"), `${printed}\n`);
});

function read(folder: string): Map<string, string> {
  const files = ["man1", "man7"].flatMap((part) =>
    [...Deno.readDirSync(`${folder}/${part}`)].map(({ name }) =>
      `${part}/${name}`
    )
  );
  return new Map(
    files.map((file) => [file, Deno.readTextFileSync(`${folder}/${file}`)]),
  );
}
