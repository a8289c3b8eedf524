import { assertEquals } from "@std/assert";
import {
  findModule,
  listModules,
  type ModulePlaces,
  pluginFolders,
} from "../../../lib/plug/module_search.ts";

/** A machine with these variables and these files. */
function machine(
  variables: Readonly<Record<string, string>>,
  files: readonly string[] = [],
  extensions: readonly string[] = ["ts", "js"],
): ModulePlaces {
  return {
    env: (name) => variables[name],
    cwd: () => "/work",
    isFile: (path) => files.includes(path),
    names: (folder) =>
      files.filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
    extensions,
  };
}

const FOLDERS = [
  {
    name: "is the user's configuration",
    variables: { HOME: "/home/ann" },
    want: ["/home/ann/.config/vdeplug/plugins"],
  },
  {
    name: "follows XDG_CONFIG_HOME",
    variables: { HOME: "/home/ann", XDG_CONFIG_HOME: "/etc/ann" },
    want: ["/etc/ann/vdeplug/plugins"],
  },
  {
    name: "ignores an XDG_CONFIG_HOME that is relative",
    variables: { HOME: "/home/ann", XDG_CONFIG_HOME: "ann" },
    want: ["/home/ann/.config/vdeplug/plugins"],
  },
  {
    name: "is what VDEPLUG_PLUGIN_PATH lists alone",
    variables: { HOME: "/home/ann", VDEPLUG_PLUGIN_PATH: "/a:/b" },
    want: ["/a", "/b"],
  },
  {
    name: "leaves empty items out, and knows where relative ones begin",
    variables: { VDEPLUG_PLUGIN_PATH: ":a:/b:" },
    want: ["/work/a", "/b"],
  },
  {
    name: "is the configuration where VDEPLUG_PLUGIN_PATH is empty",
    variables: { HOME: "/home/ann", VDEPLUG_PLUGIN_PATH: "" },
    want: ["/home/ann/.config/vdeplug/plugins"],
  },
  { name: "is nowhere without a home", variables: {}, want: [] },
  {
    name: "is nowhere with a home that is relative",
    variables: { HOME: "h" },
    want: [],
  },
  { name: "is nowhere with an empty home", variables: { HOME: "" }, want: [] },
] as const;

for (const { name, variables, want } of FOLDERS) {
  Deno.test(`pluginFolders() ${name}`, () => {
    assertEquals(pluginFolders(machine(variables)), [...want]);
  });
}

const PATH = { VDEPLUG_PLUGIN_PATH: "/a:/b b" };

const SEARCHES: readonly {
  readonly name: string;
  readonly scheme: string;
  readonly files: readonly string[];
  readonly extensions?: readonly string[];
  readonly want: string | undefined;
}[] = [
  {
    name: "finds TypeScript",
    scheme: "mine",
    files: ["/a/vdeplug_mine.ts"],
    want: "file:///a/vdeplug_mine.ts",
  },
  {
    name: "finds JavaScript, in a folder whose name has a blank",
    scheme: "mine",
    files: ["/b b/vdeplug_mine.js"],
    want: "file:///b%20b/vdeplug_mine.js",
  },
  {
    name: "takes the first folder's",
    scheme: "mine",
    files: ["/b b/vdeplug_mine.ts", "/a/vdeplug_mine.js"],
    want: "file:///a/vdeplug_mine.js",
  },
  {
    name: "takes TypeScript before JavaScript",
    scheme: "mine",
    files: ["/a/vdeplug_mine.js", "/a/vdeplug_mine.ts"],
    want: "file:///a/vdeplug_mine.ts",
  },
  {
    name: "takes JavaScript where TypeScript is not read",
    scheme: "mine",
    files: ["/a/vdeplug_mine.js", "/a/vdeplug_mine.ts"],
    extensions: ["js", "ts"],
    want: "file:///a/vdeplug_mine.js",
  },
  {
    name: "finds no other scheme's",
    scheme: "mine",
    files: ["/a/vdeplug_mine2.ts", "/a/mine.ts", "/a/vdeplug_min.ts"],
    want: undefined,
  },
  {
    name: "leaves the folder for nobody",
    scheme: "../x",
    files: ["/a/vdeplug_../x.ts"],
    want: undefined,
  },
];

for (const { name, scheme, files, extensions, want } of SEARCHES) {
  Deno.test(`findModule() ${name}`, () => {
    assertEquals(findModule(scheme, machine(PATH, files, extensions)), want);
  });
}

Deno.test("listModules() gives each scheme once, by name, and no tests", () => {
  const places = machine(PATH, [
    "/a/vdeplug_two.js",
    "/a/vdeplug_two_test.js",
    "/a/vdeplug_lone_test.ts",
    "/b b/vdeplug_two.ts",
    "/b b/vdeplug_one.ts",
    "/b b/vdeplug_one.d.ts",
    "/b b/vdeplug_Three.ts",
    "/b b/readme.md",
    "/b b/vdeplug_four.so",
  ]);
  assertEquals(listModules(places), [
    { scheme: "lone_test", url: "file:///a/vdeplug_lone_test.ts" },
    { scheme: "one", url: "file:///b%20b/vdeplug_one.ts" },
    { scheme: "two", url: "file:///a/vdeplug_two.js" },
  ]);
});
