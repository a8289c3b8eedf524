import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  SOCK_DGRAM,
  SOCK_STREAM,
  UnixSocket,
} from "../../../ffi/unix_socket.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import type { Access } from "../../../lib/plug/plugin.ts";
import {
  directoryMode,
  SwitchDirectory,
} from "../../../lib/switch/directory.ts";
import { switchPlugin } from "../../../plugins/switch.ts";
import { ffiTest } from "../../ffi/case.ts";
import { testOptions } from "../../plugs.ts";
import { join, makeFolder, openPlug } from "./clients.ts";

const DEFAULT = { mode: 0o600 };
const notRoot = Deno.uid() === 0 ? undefined : "only root gives groups away";

/** Permission bits, in octal; nothing else. */
function bitsOf(path: string): string {
  return ((Deno.lstatSync(path).mode ?? 0) & 0o7777).toString(8);
}

function namesIn(path: string): string[] {
  return Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
}

/** Sets the umask for as long as its user wants. */
function umask(mask: number): Disposable {
  const before = Deno.umask(mask);
  return { [Symbol.dispose]: () => void Deno.umask(before) };
}

const DIRECTORY_MODES = [
  { mode: 0, want: 0o2000 },
  { mode: 0o600, want: 0o2700 },
  { mode: 0o660, want: 0o2770 },
  { mode: 0o666, want: 0o2777 },
  { mode: 0o640, want: 0o2750 },
  { mode: 0o604, want: 0o2705 },
  { mode: 0o620, want: 0o2730 },
] as const;

for (const { mode, want } of DIRECTORY_MODES) {
  Deno.test(`directoryMode() of ${mode.toString(8)} is ${want.toString(8)}`, () => {
    assertEquals(directoryMode(mode), want);
  });
}

const BITS = [
  { keys: "", folder: "2700", sockets: "600" },
  { keys: "[mode=660]", folder: "2770", sockets: "660" },
  { keys: "[mode=666]", folder: "2777", sockets: "666" },
  { keys: "[mode=777/dirmode=755]", folder: "755", sockets: "777" },
  { keys: "[mode=600/dirmode=1777]", folder: "1777", sockets: "600" },
  { keys: "", access: { mode: 0o660 }, folder: "2770", sockets: "660" },
  {
    keys: "[mode=640]",
    access: { mode: 0o666 },
    folder: "2750",
    sockets: "640",
  },
] as const;

for (const mask of [0, 0o077, 0o777]) {
  for (const { keys, folder, sockets, ...rest } of BITS) {
    const access: Access | undefined = "access" in rest
      ? rest.access
      : undefined;
    const asked = access === undefined ? "" : ` -m ${access.mode?.toString(8)}`;
    const name = `switch://${keys}${asked} sets exactly these bits, umask ${
      mask.toString(8)
    }`;
    ffiTest(name, async () => {
      using parent = makeFolder();
      using _mask = umask(mask);
      const path = `${parent.path}/net`;
      const options = { ...testOptions(), access };
      using plug = await openPlug(
        switchPlugin,
        `switch://${path}${keys}`,
        options,
      );
      using _client = await join(plug, path);
      assertEquals(bitsOf(path), folder);
      assertEquals(bitsOf(`${path}/ctl`), sockets);
      assertEquals(bitsOf(`${path}/fd1`), sockets);
    });
  }
}

const GROUPS: readonly {
  readonly name: string;
  readonly keys: string;
  readonly access?: Access;
  readonly want: number;
}[] = [
  { name: "[grp=]", keys: "[grp=4321]", want: 4321 },
  { name: "-g", keys: "", access: { group: "4322" }, want: 4322 },
  {
    name: "[grp=] and not -g",
    keys: "[grp=4321]",
    access: { group: "4322" },
    want: 4321,
  },
];

for (const { name, keys, access, want } of GROUPS) {
  ffiTest(`switch:// gives all to the group of ${name}`, async () => {
    using parent = makeFolder();
    const path = `${parent.path}/net`;
    const options = { ...testOptions(), access };
    using plug = await openPlug(
      switchPlugin,
      `switch://${path}${keys}`,
      options,
    );
    using _client = await join(plug, path);
    const groups = [path, `${path}/ctl`, `${path}/fd1`]
      .map((each) => Deno.lstatSync(each).gid);
    assertEquals(groups, [want, want, want]);
    assertEquals(bitsOf(path), "2700");
  }, { skip: notRoot });
}

/** Leaves a socket's name behind, as a process does that was killed. */
function leave(path: string, type: number): void {
  using socket = UnixSocket.make(type);
  socket.bind(path);
}

const LEFTOVERS = [
  { name: "an empty folder", sockets: [] },
  { name: "the control socket of a dead switch", sockets: ["ctl"] },
  {
    name: "all that a dead switch and its clients left",
    sockets: ["ctl", "fd1", "fd4095", ".00017-00000", "003.1234"],
  },
] as const;

for (const { name, sockets } of LEFTOVERS) {
  ffiTest(`SwitchDirectory takes over ${name}`, () => {
    using parent = makeFolder();
    const path = `${parent.path}/net`;
    Deno.mkdirSync(path);
    for (const socket of sockets) {
      leave(`${path}/${socket}`, socket === "ctl" ? SOCK_STREAM : SOCK_DGRAM);
    }
    using directory = SwitchDirectory.create(path, DEFAULT);
    assertEquals(directory.path, Deno.realPathSync(path));
    assertEquals(namesIn(path), ["ctl"]);
    assertEquals(bitsOf(path), "2700");
    assertEquals(namesIn(parent.path), ["net"]);
  });
}

const FOREIGN: readonly {
  readonly name: string;
  make(path: string): void;
}[] = [
  {
    name: "a file",
    make: (path) => Deno.writeTextFileSync(path, "precious"),
  },
  {
    name: "a link to an empty folder",
    make: (path) => {
      Deno.mkdirSync(`${path}.d`);
      Deno.symlinkSync(`${path}.d`, path);
    },
  },
  {
    name: "a link to nothing",
    make: (path) => Deno.symlinkSync(`${path}.d`, path),
  },
  {
    name: "a folder with a file",
    make: (path) => {
      Deno.mkdirSync(path);
      Deno.writeTextFileSync(`${path}/letter`, "precious");
      leave(`${path}/ctl`, SOCK_STREAM);
    },
  },
  {
    name: "a folder in which ctl is a file",
    make: (path) => {
      Deno.mkdirSync(path);
      Deno.writeTextFileSync(`${path}/ctl`, "precious");
    },
  },
  {
    name: "a folder with a folder",
    make: (path) => Deno.mkdirSync(`${path}/more`, { recursive: true }),
  },
  { name: "a socket", make: (path) => leave(path, SOCK_STREAM) },
];

/** Names and times of all that a folder holds. */
function snapshot(path: string): string[] {
  return namesIn(path).flatMap((name) => {
    const each = `${path}/${name}`;
    const { ino, mtime, isDirectory } = Deno.lstatSync(each);
    const inner = isDirectory ? snapshot(each) : [];
    return [`${name} ${ino} ${mtime?.getTime()}`, ...inner];
  });
}

for (const { name, make } of FOREIGN) {
  ffiTest(`SwitchDirectory refuses ${name}, and leaves it as it is`, () => {
    using parent = makeFolder();
    const path = `${parent.path}/net`;
    make(path);
    const before = snapshot(parent.path);
    const error = assertThrows(
      () => SwitchDirectory.create(path, DEFAULT),
      PlugError,
      "as the name must be free, or of a folder that a switch left: it",
    );
    assertEquals(error.code, "EEXIST");
    assertEquals(snapshot(parent.path), before);
  });
}

ffiTest(
  "SwitchDirectory refuses the folder of a living switch, which goes on",
  async () => {
    using parent = makeFolder();
    const path = `${parent.path}/net`;
    using plug = await openPlug(switchPlugin, `switch://${path}`);
    using _early = await join(plug, path);
    const before = snapshot(parent.path);
    const error = assertThrows(
      () => SwitchDirectory.create(path, DEFAULT),
      PlugError,
      "another switch listens there",
    );
    assertEquals(error.code, "EADDRINUSE");
    assertEquals(snapshot(parent.path), before);
    using _late = await join(plug, path);
  },
);

ffiTest(
  "SwitchDirectory sees a living switch in the kernel's list, and does not disturb it",
  () => {
    using parent = makeFolder();
    const path = `${parent.path}/net`;
    Deno.mkdirSync(path);
    using listener = UnixSocket.make(SOCK_STREAM);
    listener.bind(`${path}/ctl`);
    listener.listen(1);
    assertThrows(
      () => SwitchDirectory.create(path, DEFAULT),
      PlugError,
      "another switch listens there",
    );
    assertEquals(listener.accept(), undefined, "somebody connected");
  },
);

ffiTest("SwitchDirectory removes what it made, and what clients left", () => {
  using parent = makeFolder();
  const path = `${parent.path}/net`;
  const directory = SwitchDirectory.create(path, DEFAULT);
  using socket = UnixSocket.make(SOCK_DGRAM);
  directory.bind(socket, 3);
  leave(`${path}/.00017-00000`, SOCK_DGRAM);
  directory[Symbol.dispose]();
  assertEquals(namesIn(parent.path), []);
  directory[Symbol.dispose]();
});

ffiTest("SwitchDirectory leaves others' files where they are", () => {
  using parent = makeFolder();
  const path = `${parent.path}/net`;
  const directory = SwitchDirectory.create(path, DEFAULT);
  Deno.writeTextFileSync(`${path}/letter`, "precious");
  directory[Symbol.dispose]();
  assertEquals(namesIn(path), ["letter"]);
});

ffiTest(
  "SwitchDirectory leaves another switch's folder of the same name alone",
  () => {
    using parent = makeFolder();
    const path = `${parent.path}/net`;
    const directory = SwitchDirectory.create(path, DEFAULT);
    Deno.renameSync(path, `${parent.path}/moved`);
    using _other = SwitchDirectory.create(path, DEFAULT);
    directory.unbind(1);
    directory[Symbol.dispose]();
    assertEquals(namesIn(path), ["ctl"]);
  },
);

ffiTest(
  "SwitchDirectory is absolute, whatever the working directory",
  async () => {
    using parent = makeFolder();
    const before = Deno.cwd();
    Deno.chdir(parent.path);
    try {
      using plug = await openPlug(switchPlugin, "switch://net");
      Deno.chdir(before);
      using _client = await join(plug, `${parent.path}/net`);
    } finally {
      Deno.chdir(before);
    }
    assertEquals(namesIn(parent.path), []);
  },
);

ffiTest(
  "SwitchDirectory.bind() leaves a link in a socket's place alone",
  () => {
    using parent = makeFolder();
    const path = `${parent.path}/net`;
    using directory = SwitchDirectory.create(path, { mode: 0o666 });
    const victim = `${parent.path}/victim`;
    Deno.writeTextFileSync(victim, "", { mode: 0o600 });
    Deno.symlinkSync(victim, `${path}/fd1`);
    using socket = UnixSocket.make(SOCK_DGRAM);
    assertThrows(() => directory.bind(socket, 1));
    assertEquals(bitsOf(victim), "600");
    assert(Deno.lstatSync(`${path}/fd1`).isSymlink);
  },
);
