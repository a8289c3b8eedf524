import {
  assert,
  assertEquals,
  assertLess,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { LinkerError, SharedLibrary } from "../../ffi/dynamic_linker.ts";
import { EACCES, EBADF } from "../../ffi/errno.ts";
import {
  NativeConnection,
  NativeLibrary,
  type NativeRequest,
  NO_REASON,
} from "../../ffi/native_plugin.ts";
import { ffiTest } from "./case.ts";
import { compileText, noCompiler, testLibraries } from "./native_library.ts";

const skip = await noCompiler();
const ROOM_BYTES = 2048;

function request(
  address: string,
  more: Partial<NativeRequest> = {},
): NativeRequest {
  return { address, description: "a test", port: 0, mode: 0o700, ...more };
}

async function open(
  address: string,
  more?: Partial<NativeRequest>,
): Promise<NativeConnection> {
  const { plugin } = await testLibraries();
  const result = NativeLibrary.load(plugin).open(request(address, more));
  assert(result instanceof NativeConnection, `error ${result}`);
  return result;
}

function receiveText(connection: NativeConnection): string {
  const buffer = new Uint8Array(ROOM_BYTES).fill(0xa5);
  const length = connection.receive(buffer, BigInt(ROOM_BYTES));
  assertEquals(buffer[length], 0xa5, "more was written than is told");
  return new TextDecoder().decode(buffer.subarray(0, Math.max(length, 0)));
}

ffiTest(
  "NativeLibrary.open() tells the plugin all that was asked for",
  async () => {
    using connection = await open("told:x", {
      port: 7,
      group: "users",
      mode: 0o660,
    });
    const text = receiveText(connection);
    assertStringIncludes(
      text,
      "address=told descr=a test version=1 port=7 group=users mode=660",
    );
    assertStringIncludes(text, `size=${ROOM_BYTES} flags=0`);
  },
  { skip },
);

ffiTest(
  "NativeLibrary.open() leaves the group out when none is asked for",
  async () => {
    using connection = await open("told");
    assertStringIncludes(
      receiveText(connection),
      "port=0 group=(none) mode=700",
    );
  },
  { skip },
);

ffiTest(
  "NativeLibrary.open() fills the connection's handle and table in",
  async () => {
    using connection = await open("told");
    assert(receiveText(connection).endsWith(" ops handle"));
  },
  { skip },
);

ffiTest(
  "NativeLibrary.open() hands over an address that may be written to",
  async () => {
    using connection = await open("script:60");
    const text = new TextDecoder().decode(connection.address);
    assertEquals(text, "script\x0060\0");
  },
  { skip },
);

for (
  const { errno, want } of [
    { errno: EACCES, want: EACCES },
    { errno: 0, want: NO_REASON },
  ]
) {
  ffiTest(
    `NativeLibrary.open() gives ${want} when a plugin fails with errno ${errno}`,
    async () => {
      const { plugin } = await testLibraries();
      const library = NativeLibrary.load(plugin);
      assertEquals(library.open(request(`fail:${errno}`)), want);
    },
    { skip },
  );
}

ffiTest(
  "NativeConnection gives the plugin's descriptors",
  async () => {
    using one = await open("script:1");
    assertLess(2, one.dataFd);
    assertEquals(one.controlFd, -1);
    using other = await open("deaf");
    assertLess(2, other.controlFd);
  },
  { skip },
);

ffiTest(
  "NativeConnection.receive() gives lengths as they are, and errors negated",
  async () => {
    using connection = await open("script:60,1,0,-13,-999,9000");
    const buffer = new Uint8Array(ROOM_BYTES);
    const results = Array.from(
      { length: 6 },
      () => connection.receive(buffer, BigInt(ROOM_BYTES)),
    );
    assertEquals(results, [60, 1, 0, -EACCES, -NO_REASON, 9000]);
  },
  { skip },
);

ffiTest(
  "NativeConnection.send() gives the plugin's answer, and errors negated",
  async () => {
    using connection = await open("sent:0,-13,-999");
    const frame = new Uint8Array(100);
    const results = Array.from(
      { length: 4 },
      () => connection.send(frame, 64),
    );
    assertEquals(results, [0, -EACCES, -NO_REASON, 64]);
  },
  { skip },
);

ffiTest(
  "NativeConnection passes bytes on unchanged",
  async () => {
    using near = await open("pair");
    using far = await open("pair");
    const frame = Uint8Array.from({ length: 200 }, (_, index) => index);
    assertEquals(near.send(frame, 100), 100);
    const buffer = new Uint8Array(ROOM_BYTES).fill(0xa5);
    assertEquals(far.receive(buffer, BigInt(ROOM_BYTES)), 100);
    assertEquals(buffer.subarray(0, 100), frame.subarray(0, 100));
    assertEquals(buffer[100], 0xa5);
  },
  { skip },
);

ffiTest(
  "NativeConnection is closed once, however often it is disposed of",
  async () => {
    const closed = async () => {
      using connection = await open("told");
      return Number(/closed=(\d+)/.exec(receiveText(connection))?.[1]);
    };
    const before = await closed();
    const connection = await open("told");
    connection[Symbol.dispose]();
    connection[Symbol.dispose]();
    assertEquals(await closed(), before + 2);
  },
  { skip },
);

ffiTest(
  "NativeConnection moves nothing once it is disposed of",
  async () => {
    const connection = await open("pair");
    using _other = await open("pair");
    connection[Symbol.dispose]();
    const buffer = new Uint8Array(ROOM_BYTES);
    assertEquals(connection.receive(buffer, BigInt(ROOM_BYTES)), -EBADF);
    assertEquals(connection.send(buffer, 60), -EBADF);
  },
  { skip },
);

ffiTest("NativeLibrary.file is the path of the library", async () => {
  const { plugin } = await testLibraries();
  assertEquals(NativeLibrary.load(plugin).file, plugin);
}, { skip });

ffiTest("NativeLibrary.load() refuses what is no library", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "no library");
    const error = assertThrows(() => NativeLibrary.load(file), LinkerError);
    assertStringIncludes(error.message, `Cannot load "${file}" as a shared`);
    assertEquals(error.isMissing, false);
  } finally {
    await Deno.remove(file);
  }
});

ffiTest("NativeLibrary.load() tells a library that is not there", () => {
  for (const file of ["/nonexistent/a.so", "libvdeplug_nonexistent.so"]) {
    const error = assertThrows(() => NativeLibrary.load(file), LinkerError);
    assertEquals(error.isMissing, true, error.message);
  }
});

const FAULTS = [
  {
    name: "without vdeplug_ops",
    text: "int nothing;",
    includes: "it has no variable vdeplug_ops",
  },
  {
    name: "with a table that lacks a function",
    text: "struct { int flags; void *f[6]; } vdeplug_ops = { 0, { 0 } };",
    includes: "its table vdeplug_ops has no open",
  },
  {
    name: "that needs a function nobody has",
    text: "extern int nobody(void); int call(void) { return nobody(); }",
    includes: "undefined symbol: nobody",
  },
] as const;

for (const { name, text, includes } of FAULTS) {
  ffiTest(`NativeLibrary.load() refuses a library ${name}`, async () => {
    const { folder } = await testLibraries();
    const file = `${folder}/${name.replaceAll(" ", "_")}.so`;
    await compileText(text, file);
    const error = assertThrows(
      () => NativeLibrary.load(file),
      LinkerError,
      includes,
    );
    assertEquals(error.isMissing, false);
  }, { skip });
}

ffiTest("SharedLibrary finds symbols, and the files they are in", () => {
  const library = SharedLibrary.load("libc.so.6");
  assert(library.symbol("poll") !== null);
  assertEquals(library.symbol("no_such_symbol"), null);
  assert(library.fileOf("poll")?.endsWith("/libc.so.6"));
  assertEquals(library.fileOf("no_such_symbol"), undefined);
});
