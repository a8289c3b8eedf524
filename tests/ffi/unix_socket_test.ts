import { assert, assertEquals, assertThrows } from "@std/assert";
import { EAGAIN, errnoName } from "../../ffi/errno.ts";
import { closeFd, pipe } from "../../ffi/fd.ts";
import { check, libc, SystemError } from "../../ffi/libc.ts";
import {
  AF_UNIX,
  isAtEnd,
  isConnected,
  isHungUp,
  MAX_SOCKET_PATH_BYTES,
  packUnixAddress,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCKADDR_UN_BYTES,
  socketType,
  UnixSocket,
  unpackUnixAddress,
} from "../../ffi/unix_socket.ts";
import { seededRandom } from "../random.ts";
import { ffiTest } from "./case.ts";

const PERMISSIONS = 0o777;
const CLOSE_ON_EXEC = 0o2000000;
const NON_BLOCKING = 0o4000;

const bound = libc({ dup: { parameters: ["i32"], result: "i32" } });

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A folder for sockets, removed at the end. */
function tempFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync();
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/** The name of the error that `run` throws. */
function codeOf(run: () => void): string {
  return assertThrows(run, SystemError).code;
}

/** The flags of a descriptor, as proc(5) shows them. */
function flagsOf(fd: number): number {
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
  return parseInt(info.match(/^flags:\s*(\d+)$/m)?.[1] ?? "", 8);
}

const PATHS = [
  { name: "a short path", path: "/a" },
  { name: "letters of several bytes", path: "/tmp/é€𝄞" },
  { name: "a byte order mark", path: "\ufeff/tmp/x" },
  { name: "the longest path", path: "/".padEnd(MAX_SOCKET_PATH_BYTES, "x") },
] as const;

for (const { name, path } of PATHS) {
  Deno.test(`packUnixAddress() packs ${name}`, () => {
    const address = packUnixAddress(path);
    const text = bytesOf(path);
    assertEquals(address.length, SOCKADDR_UN_BYTES);
    assertEquals([...address.subarray(0, 2)], [AF_UNIX, 0]);
    assertEquals(address.subarray(2, 2 + text.length), text);
    assert(address.subarray(2 + text.length).every((byte) => byte === 0));
    assertEquals(unpackUnixAddress(address), path);
  });
}

Deno.test("packUnixAddress() refuses a path that is too long", () => {
  assertThrows(
    () => packUnixAddress("/".padEnd(MAX_SOCKET_PATH_BYTES + 1, "x")),
    RangeError,
    "as a socket's path has at most 107 bytes: received 108",
  );
  assertThrows(
    () => packUnixAddress("é".repeat(54)),
    RangeError,
    "received 108",
  );
});

const UNPACKED = [
  { name: "nothing", bytes: [], want: undefined },
  { name: "half a family", bytes: [1], want: undefined },
  { name: "a family alone", bytes: [1, 0], want: undefined },
  { name: "another family", bytes: [2, 0, 47, 97], want: undefined },
  { name: "an empty path", bytes: [1, 0, 0, 47], want: undefined },
  { name: "a path to the end", bytes: [1, 0, 47, 97], want: "/a" },
  { name: "a path to a zero byte", bytes: [1, 0, 47, 97, 0, 98], want: "/a" },
  { name: "what is no UTF-8", bytes: [1, 0, 47, 0xff, 0], want: undefined },
] as const;

for (const { name, bytes, want } of UNPACKED) {
  Deno.test(`unpackUnixAddress() reads ${name}`, () => {
    assertEquals(unpackUnixAddress(new Uint8Array(bytes)), want);
  });
}

Deno.test("unpackUnixAddress() reads from the middle of an array", () => {
  const address = packUnixAddress("/tmp/x");
  const within = new Uint8Array(address.length + 7).fill(0xa5);
  within.set(address, 7);
  assertEquals(unpackUnixAddress(within.subarray(7)), "/tmp/x");
});

Deno.test("unpackUnixAddress() makes a path of anything, or nothing", () => {
  const random = seededRandom(7);
  for (let round = 0; round < 1000; round++) {
    const bytes = random.bytes(random.below(SOCKADDR_UN_BYTES + 1));
    if (round % 2 === 0) bytes.set([AF_UNIX, 0].slice(0, bytes.length));
    const path = unpackUnixAddress(bytes);
    assert(path === undefined || path.length > 0);
  }
});

for (const [name, type] of Object.entries({ SOCK_STREAM, SOCK_SEQPACKET })) {
  ffiTest(`UnixSocket of type ${name} listens, accepts and talks`, () => {
    using folder = tempFolder();
    const path = `${folder.path}/s`;
    using listener = UnixSocket.make(type);
    listener.bind(path);
    using client = UnixSocket.make(type);
    assertEquals(codeOf(() => client.connect(path)), "ECONNREFUSED");
    listener.listen(1);
    assertEquals(listener.accept(), undefined);
    assertEquals(isConnected(client.fd), false);
    client.connect(path);
    using server = listener.accept();
    assert(server !== undefined);
    for (const { fd } of [listener, client, server]) {
      const flags = flagsOf(fd);
      assertEquals(flags & CLOSE_ON_EXEC, CLOSE_ON_EXEC);
      assertEquals(flags & NON_BLOCKING, NON_BLOCKING);
      assertEquals(socketType(fd), type);
    }
    assertEquals(isConnected(client.fd), true);
    assertEquals(isConnected(listener.fd), false);
    assertEquals(client.peerCredentials(), {
      pid: Deno.pid,
      uid: Deno.uid() ?? -1,
      gid: Deno.gid() ?? -1,
    });
    const buffer = new Uint8Array(8).fill(0xa5);
    assertEquals(server.receive(buffer), -EAGAIN);
    assertEquals(client.send(bytesOf("hello")), 5);
    assertEquals(server.receive(buffer), 5);
    assertEquals([...buffer], [...bytesOf("hello"), 0xa5, 0xa5, 0xa5]);
    client[Symbol.dispose]();
    assertEquals(server.receive(buffer), 0);
  });
}

ffiTest("UnixSocket.connect() says EAGAIN to a listener without room", () => {
  using folder = tempFolder();
  const path = `${folder.path}/s`;
  using listener = UnixSocket.make(SOCK_STREAM);
  listener.bind(path);
  listener.listen(0);
  using first = UnixSocket.make(SOCK_STREAM);
  using second = UnixSocket.make(SOCK_STREAM);
  first.connect(path);
  assertEquals(codeOf(() => second.connect(path)), "EAGAIN");
  using accepted = listener.accept();
  assert(accepted !== undefined);
  second.connect(path);
  assertEquals(isConnected(second.fd), true);
});

ffiTest("UnixSocket.connect() and bind() tell the kernel's reason", () => {
  using folder = tempFolder();
  const path = `${folder.path}/s`;
  using one = UnixSocket.make(SOCK_DGRAM);
  one.bind(path);
  using other = UnixSocket.make(SOCK_DGRAM);
  assertEquals(codeOf(() => other.bind(path)), "EADDRINUSE");
  assertEquals(codeOf(() => other.connect(`${path}x`)), "ENOENT");
  using stream = UnixSocket.make(SOCK_STREAM);
  assertEquals(codeOf(() => stream.connect(path)), "EPROTOTYPE");
  assertThrows(
    () => other.connect(`${path}x`),
    SystemError,
    `Cannot connect to "${path}x"`,
  );
});

for (const mode of [0, 0o600, 0o700]) {
  ffiTest(
    `UnixSocket.setMode() makes the name with mode 0${mode.toString(8)}`,
    () => {
      using folder = tempFolder();
      const path = `${folder.path}/s`;
      using socket = UnixSocket.make(SOCK_DGRAM);
      socket.setMode(mode);
      socket.bind(path);
      assertEquals((Deno.statSync(path).mode ?? 0) & PERMISSIONS, mode);
    },
  );
}

ffiTest("UnixSocket.own() closes the descriptor in other programs", () => {
  const [one, other] = UnixSocket.pair(SOCK_STREAM);
  using _one = one;
  using _other = other;
  const fd = check(bound().dup(one.fd), "duplicate a descriptor");
  assertEquals(flagsOf(fd) & CLOSE_ON_EXEC, 0);
  using owned = UnixSocket.own(fd);
  assertEquals(flagsOf(owned.fd) & CLOSE_ON_EXEC, CLOSE_ON_EXEC);
});

ffiTest("UnixSocket.release() leaves the descriptor open", () => {
  const [one, other] = UnixSocket.pair(SOCK_DGRAM);
  const fd = one.release();
  one[Symbol.dispose]();
  assertEquals(socketType(fd), SOCK_DGRAM);
  closeFd(fd);
  other[Symbol.dispose]();
  other[Symbol.dispose]();
});

ffiTest("socketType() tells what is no socket, and what is not open", () => {
  const [read, write] = pipe();
  assertEquals(errnoName(-socketType(read)), "ENOTSOCK");
  closeFd(read);
  closeFd(write);
  assertEquals(errnoName(-socketType(read)), "EBADF");
  assertEquals(UnixSocket.own(read).type, undefined);
});

ffiTest("isAtEnd() waits for what the other side has sent", () => {
  const [near, far] = UnixSocket.pair(SOCK_SEQPACKET);
  using _near = near;
  assertEquals([isHungUp(near.fd), isAtEnd(near.fd)], [false, false]);
  far.send(bytesOf("last"));
  far[Symbol.dispose]();
  assertEquals([isHungUp(near.fd), isAtEnd(near.fd)], [true, false]);
  assertEquals(near.receive(new Uint8Array(9)), 4);
  assertEquals([isHungUp(near.fd), isAtEnd(near.fd)], [true, true]);
});

ffiTest("UnixSocket.setBuffers() sizes the sending buffer", () => {
  const fill = (sizeBytes: number) => {
    const [one, other] = UnixSocket.pair(SOCK_STREAM);
    using _one = one;
    using _other = other;
    if (sizeBytes > 0) one.setBuffers(sizeBytes);
    let sent = 0;
    for (let n = 1; n > 0; sent += n) {
      n = Math.max(0, one.send(new Uint8Array(1024)));
    }
    return sent;
  };
  assert(fill(4096) < fill(0));
});
