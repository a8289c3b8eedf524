import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  addName,
  checkWritable,
  fileFacts,
  FileLock,
  makeFolder,
  nameFacts,
  namesIn,
  readFile,
  readText,
  realPath,
  removeFolder,
  removeName,
  renameFile,
  setGroup,
  setMode,
  writeNewText,
  writeText,
} from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import { SOCK_DGRAM, UnixSocket } from "../../ffi/unix_socket.ts";
import { ffiTest } from "./case.ts";

const notRoot = Deno.uid() === 0 ? undefined : "only root gives groups away";

/** A folder of its own, removed at the end. */
function makePlace() {
  const path = Deno.makeTempDirSync({ prefix: "files-" });
  return {
    path,
    at: (name: string) => `${path}/${name}`,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/** One name of each kind, and what they are. */
function makeKinds(at: (name: string) => string): UnixSocket {
  Deno.writeTextFileSync(at("file"), "text");
  Deno.mkdirSync(at("folder"));
  Deno.symlinkSync("file", at("link"));
  Deno.symlinkSync("nothing", at("dangling"));
  const socket = UnixSocket.make(SOCK_DGRAM);
  socket.bind(at("socket"));
  return socket;
}

const KINDS = [
  { name: "file", itself: "file", leadsTo: "file" },
  { name: "folder", itself: "folder", leadsTo: "folder" },
  { name: "socket", itself: "socket", leadsTo: "socket" },
  { name: "link", itself: "link", leadsTo: "file" },
  { name: "dangling", itself: "link", leadsTo: undefined },
  { name: "nothing", itself: undefined, leadsTo: undefined },
] as const;

for (const { name, itself, leadsTo } of KINDS) {
  ffiTest(
    `nameFacts(), fileFacts() tell what "${name}" is, and leads to`,
    () => {
      using place = makePlace();
      using _socket = makeKinds(place.at);
      assertEquals(nameFacts(place.at(name))?.kind, itself);
      assertEquals(fileFacts(place.at(name))?.kind, leadsTo);
    },
  );
}

ffiTest("fileFacts() tells the same as Deno", () => {
  using place = makePlace();
  writeText(place.at("file"), "");
  Deno.chmodSync(place.at("file"), 0o4751);
  for (const path of [place.at("file"), place.path, "/", "/proc/self/status"]) {
    const { mode, uid, gid } = Deno.statSync(path);
    const facts = fileFacts(path);
    assertEquals(
      [facts?.mode, facts?.uid, facts?.gid],
      [(mode ?? 0) & 0o7777, uid, gid],
    );
  }
  assertEquals(fileFacts("/dev/null")?.kind, "other");
});

ffiTest("identity is one for all names of a file, and no other file's", () => {
  using place = makePlace();
  const [a, b, other] = ["a", "b", "other"].map(place.at);
  writeText(a, "");
  writeText(other, "");
  addName(a, b);
  assertEquals(nameFacts(a)?.identity, nameFacts(b)?.identity);
  assert(nameFacts(a)?.identity !== nameFacts(other)?.identity);
});

ffiTest("setMode(), setGroup() set just that", () => {
  using place = makePlace();
  writeText(place.at("file"), "");
  setMode(place.at("file"), 0o640);
  setGroup(place.at("file"), 4321);
  const { mode, uid, gid } = Deno.statSync(place.at("file"));
  assertEquals([(mode ?? 0) & 0o7777, uid, gid], [0o640, 0, 4321]);
}, { skip: notRoot });

ffiTest(
  "makeFolder(), namesIn(), renameFile(), removeFolder() work on folders",
  () => {
    using place = makePlace();
    makeFolder(place.at("one"), 0o700);
    assertEquals(namesIn(place.at("one")), []);
    const names = Array.from({ length: 3000 }, (_, at) => `name ${at} ä`);
    for (const name of names) writeText(place.at(`one/${name}`), "");
    assertEquals(namesIn(place.at("one")).sort(), names.sort());
    renameFile(place.at("one"), place.at("two"));
    assertEquals(namesIn(place.path), ["two"]);
    for (const name of names) removeName(place.at(`two/${name}`));
    removeFolder(place.at("two"));
    assertEquals(namesIn(place.path), []);
  },
);

ffiTest("writeText(), readText(), readFile() keep every byte", () => {
  using place = makePlace();
  const text = "äöü\n".repeat(50_000);
  writeText(place.at("file"), `${text}longer`);
  writeText(place.at("file"), text);
  assertEquals(readText(place.at("file")), text);
  assertEquals(readFile(place.at("file"), 6).length, 6);
  assertEquals(readFile("/dev/null").length, 0);
  assert(readText("/proc/self/cmdline").includes("deno"));
});

ffiTest("writeNewText() writes where nothing is", () => {
  using place = makePlace();
  writeNewText(place.at("new"), "text\n");
  assertEquals(readText(place.at("new")), "text\n");
});

for (const name of ["file", "link", "dangling", "folder", "socket"]) {
  ffiTest(`writeNewText() leaves a ${name} as it is`, () => {
    using place = makePlace();
    using _socket = makeKinds(place.at);
    const before = namesIn(place.path);
    const error = assertThrows(
      () => writeNewText(place.at(name), "other"),
      SystemError,
    );
    assertEquals(error.code, "EEXIST");
    assertEquals(readText(place.at("file")), "text");
    assertEquals(namesIn(place.path), before);
  });
}

ffiTest("realPath() follows the links of folders", () => {
  using place = makePlace();
  const real = Deno.realPathSync(place.path);
  Deno.symlinkSync(".", place.at("here"));
  assertEquals(
    realPath(place.at("here/here/..")),
    Deno.realPathSync(`${real}/..`),
  );
  assertEquals(realPath(place.at("here")), real);
});

ffiTest("FileLock keeps Deno's locks out until it is disposed of", () => {
  using place = makePlace();
  const lock = new FileLock(place.path);
  using file = Deno.openSync(place.path);
  assertEquals(file.tryLockSync(true), false);
  lock[Symbol.dispose]();
  lock[Symbol.dispose]();
  assertEquals(file.tryLockSync(true), true);
});

const REFUSALS: readonly {
  name: string;
  code: string;
  run(at: (name: string) => string): unknown;
}[] = [
  { name: "readFile()", code: "ENOENT", run: (at) => readFile(at("no")) },
  {
    name: "readFile() of a folder",
    code: "EISDIR",
    run: (at) => readFile(at("folder")),
  },
  { name: "namesIn()", code: "ENOTDIR", run: (at) => namesIn(at("file")) },
  {
    name: "nameFacts()",
    code: "ENOTDIR",
    run: (at) => nameFacts(at("file/x")),
  },
  { name: "realPath()", code: "ENOENT", run: (at) => realPath(at("no")) },
  {
    name: "makeFolder()",
    code: "EEXIST",
    run: (at) => makeFolder(at("file"), 0o700),
  },
  {
    name: "removeFolder()",
    code: "ENOTDIR",
    run: (at) => removeFolder(at("file")),
  },
  {
    name: "removeName()",
    code: "EISDIR",
    run: (at) => removeName(at("folder")),
  },
  {
    name: "addName()",
    code: "EEXIST",
    run: (at) => addName(at("file"), at("link")),
  },
  {
    name: "renameFile()",
    code: "ENOENT",
    run: (at) => renameFile(at("no"), at("x")),
  },
  { name: "setMode()", code: "ENOENT", run: (at) => setMode(at("no"), 0o600) },
  { name: "setGroup()", code: "ENOENT", run: (at) => setGroup(at("no"), 0) },
  {
    name: "writeText()",
    code: "ENOENT",
    run: (at) => writeText(at("no/file"), ""),
  },
  {
    name: "checkWritable()",
    code: "ENOENT",
    run: (at) => checkWritable(at("no")),
  },
  { name: "FileLock", code: "ENOENT", run: (at) => new FileLock(at("no")) },
];

for (const { name, code, run } of REFUSALS) {
  ffiTest(`${name} throws ${code}, and leaves all as it is`, () => {
    using place = makePlace();
    using _socket = makeKinds(place.at);
    const before = namesIn(place.path).sort();
    const error = assertThrows(() => run(place.at), SystemError, "Cannot ");
    assertEquals(error.code, code);
    assertEquals(namesIn(place.path).sort(), before);
  });
}

ffiTest("checkWritable() leaves the text alone", () => {
  using place = makePlace();
  writeText(place.at("file"), "text");
  checkWritable(place.at("file"));
  assertEquals(readText(place.at("file")), "text");
});
