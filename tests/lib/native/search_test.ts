import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  findNative,
  listNative,
  nativeFolders,
  type NativePlaces,
} from "../../../lib/native/search.ts";

interface Machine {
  readonly env?: Readonly<Record<string, string>>;
  readonly library?: string;
  readonly files?: readonly string[];
}

function places({ env = {}, library, files = [] }: Machine): NativePlaces {
  return {
    env: (name) => env[name],
    libraryFolder: () => library,
    multiarch: "x86_64-linux-gnu",
    isFile: (path) => files.includes(path),
    names: (folder) =>
      files.filter((file) => file.startsWith(`${folder}/`))
        .map((file) => file.slice(folder.length + 1)),
  };
}

const STANDARD = [
  "/lib/vdeplug",
  "/usr/lib/vdeplug",
  "/usr/lib/x86_64-linux-gnu/vdeplug",
];

const FOLDERS = [
  { name: "are the standard ones", machine: {}, want: STANDARD },
  {
    name: "begin beside libvdeplug.so.2",
    machine: { library: "/opt/lib" },
    want: ["/opt/lib/vdeplug", ...STANDARD],
  },
  {
    name: "are each there once",
    machine: { library: "/usr/lib/x86_64-linux-gnu" },
    want: [
      "/usr/lib/x86_64-linux-gnu/vdeplug",
      "/lib/vdeplug",
      "/usr/lib/vdeplug",
    ],
  },
  {
    name: "include those of LD_LIBRARY_PATH, in its order",
    machine: {
      library: "/opt/lib",
      env: { LD_LIBRARY_PATH: "/b:/a/;:/c" },
    },
    want: [
      "/opt/lib/vdeplug",
      "/b/vdeplug",
      "/a/vdeplug",
      "/c/vdeplug",
      ...STANDARD,
    ],
  },
  {
    name: "are none of the current folder's",
    machine: { env: { LD_LIBRARY_PATH: ":.:lib:/b" } },
    want: ["/b/vdeplug", ...STANDARD],
  },
  {
    name: "are VDEPLUGIN_PATH alone where that is set",
    machine: {
      library: "/opt/lib",
      env: { LD_LIBRARY_PATH: "/b", VDEPLUGIN_PATH: "/mine" },
    },
    want: ["/mine"],
  },
  {
    name: "do not change for an empty VDEPLUGIN_PATH",
    machine: { env: { VDEPLUGIN_PATH: "" } },
    want: STANDARD,
  },
] as const;

for (const { name, machine, want } of FOLDERS) {
  Deno.test(`nativeFolders() ${name}`, () => {
    assertEquals(nativeFolders(places(machine)), [...want]);
  });
}

interface Search {
  readonly name: string;
  readonly machine: Machine;
  /** The file that is to be found. */
  readonly want: string | undefined;
  readonly isLinkers: boolean;
}

const SEARCHES: readonly Search[] = [
  {
    name: "takes the first folder that has the library",
    machine: {
      files: [
        "/usr/lib/vdeplug/libvdeplug_a.so",
        "/lib/vdeplug/libvdeplug_a.so",
      ],
    },
    want: "/lib/vdeplug/libvdeplug_a.so",
    isLinkers: false,
  },
  {
    name: "leaves the rest to the linker",
    machine: { files: ["/lib/vdeplug/libvdeplug_b.so"] },
    want: "libvdeplug_a.so",
    isLinkers: true,
  },
  {
    name:
      "leaves the rest to the linker, whom LD_LIBRARY_PATH tells of folders",
    machine: { env: { LD_LIBRARY_PATH: "/b:/c;/d" } },
    want: "libvdeplug_a.so",
    isLinkers: true,
  },
  {
    name: "leaves the rest to the linker where LD_LIBRARY_PATH has no text",
    machine: { env: { LD_LIBRARY_PATH: "" } },
    want: "libvdeplug_a.so",
    isLinkers: true,
  },
  ...["/b:", ":/b", "/b::/c", "/b;", ":", ".", "lib:/b", "/b:./lib"].map(
    (path) => ({
      name: `asks no linker that looks in the current folder: "${path}"`,
      machine: { env: { LD_LIBRARY_PATH: path } },
      want: undefined,
      isLinkers: false,
    }),
  ),
  {
    name: "finds nothing beside VDEPLUGIN_PATH",
    machine: {
      env: { VDEPLUGIN_PATH: "/mine" },
      files: ["/lib/vdeplug/libvdeplug_a.so"],
    },
    want: undefined,
    isLinkers: false,
  },
  {
    name: "takes the library in VDEPLUGIN_PATH",
    machine: {
      env: { VDEPLUGIN_PATH: "/mine" },
      files: ["/mine/libvdeplug_a.so"],
    },
    want: "/mine/libvdeplug_a.so",
    isLinkers: false,
  },
];

for (const { name, machine, want, isLinkers } of SEARCHES) {
  Deno.test(`findNative() ${name}`, () => {
    const found = findNative("a", places(machine));
    assertEquals(found.file, want);
    assertEquals(found.isLinkers, isLinkers);
  });
}

Deno.test("findNative() tells where it looks", () => {
  assertEquals(
    findNative("a", places({})).lookedIn,
    `for libvdeplug_a.so in ${STANDARD.join(", ")} and where the linker looks`,
  );
  const env = { VDEPLUGIN_PATH: "/mine" };
  assertStringIncludes(
    findNative("a", places({ env })).lookedIn,
    "in /mine (VDEPLUGIN_PATH)",
  );
});

Deno.test("findNative() tells why it does not ask the linker", () => {
  assertEquals(
    findNative("a", places({ env: { LD_LIBRARY_PATH: "/opt/lib:" } })).lookedIn,
    `for libvdeplug_a.so in ${["/opt/lib/vdeplug", ...STANDARD].join(", ")}; ` +
      "not where the linker looks, as LD_LIBRARY_PATH has an empty or relative part",
  );
});

Deno.test("listNative() lists each scheme once, as it is opened", () => {
  const files = [
    "/lib/vdeplug/libvdeplug_b.so",
    "/lib/vdeplug/libvdeplug_a.so",
    "/usr/lib/vdeplug/libvdeplug_a.so",
    "/usr/lib/vdeplug/libvdeplug_c.so",
    "/usr/lib/vdeplug/libvdeplug_D.so",
    "/usr/lib/vdeplug/libvdeplug_e.so.1",
    "/usr/lib/vdeplug/other.so",
  ];
  assertEquals(listNative(places({ files })), [
    { scheme: "a", file: "/lib/vdeplug/libvdeplug_a.so" },
    { scheme: "b", file: "/lib/vdeplug/libvdeplug_b.so" },
    { scheme: "c", file: "/usr/lib/vdeplug/libvdeplug_c.so" },
  ]);
});
