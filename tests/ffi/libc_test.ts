import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertThrows,
} from "@std/assert";
import { EBADF, EINVAL, ENOENT } from "./numbers.ts";
import { check, cString, errno, libc, SystemError } from "../../ffi/libc.ts";
import { ffiTest } from "./case.ts";

const calls = libc({
  close: { parameters: ["i32"], result: "i32" },
  access: { parameters: ["buffer", "i32"], result: "i32" },
});

ffiTest("SystemError says what was tried, why not, and the code", () => {
  const error = new SystemError('open "x"', ENOENT);
  assertEquals(
    error.message,
    'Cannot open "x": no such file or directory (ENOENT)',
  );
  assertEquals(
    [error.name, error.code, error.errno, error.attempt],
    ["SystemError", "ENOENT", ENOENT, 'open "x"'],
  );
  assertInstanceOf(error, Error);
});

ffiTest("SystemError has words for a number without a name too", () => {
  const error = new SystemError("do it", 4095);
  assertMatch(error.message, /^Cannot do it: .*4095.* \(errno 4095\)$/);
});

/** On a thread where opening any library leaves ENOENT behind, the first call to fail does so with EBADF. */
const FIRST_FAULT = `
  const { dlopen } = Deno;
  const other = dlopen("libc.so.6", {
    access: { parameters: ["buffer", "i32"], result: "i32" },
  });
  Deno.dlopen = (file, table) => {
    const library = dlopen(file, table);
    other.symbols.access(new TextEncoder().encode("/no/such/file\\0"), 0);
    return library;
  };
  const { check, libc } = await import("LIBC");
  const calls = libc({ close: { parameters: ["i32"], result: "i32" } });
  try {
    check(calls().close(-1), "close");
  } catch (error) {
    console.log(error.code);
  }`;

Deno.test("errno() of a thread's first fault is not that of a library opened since", async () => {
  const libcModule = import.meta.resolve("../../ffi/libc.ts");
  const script = FIRST_FAULT.replace("LIBC", libcModule);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", script],
  }).output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stdout) + decoder.decode(stderr), "EBADF\n");
});

ffiTest("errno() is that of the call just made, again and again", () => {
  const missing = cString("/no/such/file");
  for (let round = 0; round < 1000; round++) {
    assertEquals(calls().close(-1), -1);
    assertEquals(errno(), EBADF);
    assertEquals(calls().access(missing, 0), -1);
    assertEquals(errno(), ENOENT);
    assertEquals(calls().access(missing, 0x7f), -1);
    assertEquals(errno(), EINVAL);
  }
});

ffiTest("check() passes results on, and throws for negative ones", () => {
  assertEquals(check(0, "do it"), 0);
  assertEquals(check(7, "do it"), 7);
  const error = assertThrows(
    () => check(calls().close(-1), "close it"),
    SystemError,
    "Cannot close it: bad file descriptor (EBADF)",
  );
  assertEquals(error.errno, EBADF);
});

const STRINGS = [
  { name: "an empty text", text: "", bytes: [0] },
  { name: "plain letters", text: "ab", bytes: [97, 98, 0] },
  { name: "two bytes of UTF-8", text: "é", bytes: [0xc3, 0xa9, 0] },
] as const;

for (const { name, text, bytes } of STRINGS) {
  Deno.test(`cString() writes ${name} and a zero byte`, () => {
    assertEquals([...cString(text)], [...bytes]);
  });
}

Deno.test("cString() refuses a zero byte, at which C would stop reading", () => {
  assertThrows(
    () => cString("lo\0evil"),
    TypeError,
    "zero byte",
  );
});
