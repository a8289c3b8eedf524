import { assert, assertEquals, assertThrows } from "@std/assert";
import { SOCK_DGRAM, UnixSocket } from "../../../ffi/unix_socket.ts";
import { DataSocket, type SwitchFacts } from "../../../lib/vde/data_socket.ts";
import { ffiTest } from "../../ffi/case.ts";
import { TestFolder } from "./fake_switch.ts";

const PID = String(Deno.pid).padStart(5, "0");
const ROOT = 0;
const OWN_UID = Deno.uid() ?? 0;
const OWN_GID = Deno.gid() ?? 0;
/** A group that root is not in, and that everybody has. */
const ANOTHER_GID = 1;
/** No user that runs tests. */
const ANOTHER_UID = 4242;
const noRoot = givesGroupsAway() ? undefined : "only root gives groups away";

/** Root may, but not in a user namespace that has only its own group. */
function givesGroupsAway(): boolean {
  const file = Deno.makeTempFileSync();
  try {
    Deno.chownSync(file, null, ANOTHER_GID);
    return true;
  } catch {
    return false;
  } finally {
    Deno.removeSync(file);
  }
}

function factsOf(directory: string, uid: number = OWN_UID): SwitchFacts {
  return { directory, uid, gid: ANOTHER_GID };
}

ffiTest("DataSocket.open() takes the first free name in the folder", () => {
  using folder = new TestFolder();
  const facts = factsOf(folder.path);
  using one = DataSocket.open(facts, { mode: 0o700 });
  using other = DataSocket.open(facts, { mode: 0o700 });
  assertEquals(one.path, `${folder.path}/.${PID}-00000`);
  assertEquals(other.path, `${folder.path}/.${PID}-00001`);
  one[Symbol.dispose]();
  assertEquals(folder.names(), [`.${PID}-00001`]);
  one[Symbol.dispose]();
  using again = DataSocket.open(facts, { mode: 0o700 });
  assertEquals(again.path, one.path || `${folder.path}/.${PID}-00000`);
});

ffiTest("DataSocket.open() leaves what an older process left behind", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(`${folder.path}/.${PID}-00000`, "not ours");
  using data = DataSocket.open(factsOf(folder.path), { mode: 0o700 });
  assertEquals(data.path, `${folder.path}/.${PID}-00001`);
  data[Symbol.dispose]();
  assertEquals(folder.names(), [`.${PID}-00000`]);
});

ffiTest(
  "DataSocket.open() goes elsewhere from a folder that takes no names",
  () => {
    using folder = new TestFolder();
    for (
      const directory of [
        `${folder.path}/none`,
        `${folder.path}/${"long".repeat(30)}`,
      ]
    ) {
      using data = DataSocket.open(factsOf(directory), { mode: 0o700 });
      const found = data.path.match(/^(.*)\/vde\.(\d{5,})-(\d{5})$/);
      assert(found !== null, data.path);
      assert(["/var/run", "/var/tmp", "/tmp"].includes(found[1]), found[1]);
      assertEquals(found[2], PID);
      assert(Deno.lstatSync(data.path).isSocket);
      const { path } = data;
      data[Symbol.dispose]();
      assertThrows(() => Deno.lstatSync(path), Deno.errors.NotFound);
    }
  },
);

const MODES = [
  { mode: 0o700, uid: OWN_UID, want: 0o700 },
  { mode: 0o777, uid: OWN_UID, want: 0o777 },
  { mode: 0o666, uid: ANOTHER_UID, want: 0o666 },
  { mode: 0o770, uid: ANOTHER_UID, want: 0o770 },
  { mode: 0, uid: OWN_UID, want: 0 },
  { mode: 0o700, uid: ROOT, want: 0o700 },
] as const;

for (const { mode, uid, want } of MODES) {
  const title = `mode 0${mode.toString(8)} for a switch of user ${uid}`;
  ffiTest(`DataSocket.open() gives ${title}, whatever the umask`, () => {
    using folder = new TestFolder();
    using restore = new DisposableStack();
    const before = Deno.umask(0o077);
    restore.defer(() => Deno.umask(before));
    using data = DataSocket.open(factsOf(folder.path, uid), { mode });
    assertEquals(data.access(), { mode: want, gid: OWN_GID });
  });
}

ffiTest(
  "DataSocket.open() lets another user's switch in by its group alone",
  () => {
    using folder = new TestFolder();
    for (const mode of [0o700, 0]) {
      using data = DataSocket.open(factsOf(folder.path, ANOTHER_UID), { mode });
      assertEquals(data.access(), { mode: mode | 0o070, gid: ANOTHER_GID });
    }
  },
  { skip: noRoot },
);

ffiTest(
  "DataSocket.open() gives the group that is asked for, and no other",
  () => {
    using folder = new TestFolder();
    const facts = { ...factsOf(folder.path, ANOTHER_UID), gid: 2 };
    const access = { mode: 0o760, gid: ANOTHER_GID };
    using data = DataSocket.open(facts, access);
    assertEquals(data.access(), access);
  },
  { skip: noRoot },
);

ffiTest("DataSocket.release() removes the name and keeps the socket", () => {
  using folder = new TestFolder();
  const path = `${folder.path}/peer`;
  using peer = UnixSocket.make(SOCK_DGRAM);
  peer.bind(path);
  const data = DataSocket.open(factsOf(folder.path), { mode: 0o700 });
  peer.connect(data.path);
  data.connect(path);
  using socket = data.release();
  assertEquals(folder.names(), ["peer"]);
  data[Symbol.dispose]();
  assertEquals(socket.send(new Uint8Array(14)), 14);
  assertEquals(peer.send(new Uint8Array(15)), 15);
  const buffer = new Uint8Array(99);
  assertEquals([peer.receive(buffer), socket.receive(buffer)], [14, 15]);
});

ffiTest("DataSocket survives its folder", () => {
  const folder = new TestFolder();
  using _data = DataSocket.open(factsOf(folder.path), { mode: 0o700 });
  folder[Symbol.dispose]();
});
