import { assertEquals, assertThrows } from "@std/assert";
import { libc } from "../../ffi/libc.ts";
import {
  isFfiAllowed,
  PermissionError,
  requireModule,
} from "../../ffi/permission.ts";

const root = decodeURIComponent(new URL("../../", import.meta.url).pathname)
  .replace(/\/$/, "");
const self = new URL(import.meta.url);

/** The test's own permissions end with it: each one opens the library anew. */
function callLibrary(): number {
  return libc({ getpid: { parameters: [], result: "i32" } })().getpid();
}

Deno.test({
  name: "libc() says which flags are missing where FFI is denied",
  permissions: { ffi: false, read: true },
  fn: () => {
    assertEquals(isFfiAllowed(), false);
    const error = assertThrows(
      callLibrary,
      PermissionError,
      "Cannot call the C library: Deno has not been given the permission",
    );
    assertEquals(
      error.hint.replaceAll("'", ""),
      `run it with --allow-ffi --allow-read=${root}`,
    );
  },
});

Deno.test({
  name: "libc() is not content with a path: pointers need all of FFI",
  permissions: { ffi: ["/lib/x86_64-linux-gnu/libc.so.6"] },
  fn: () => {
    assertEquals(isFfiAllowed(), false);
    assertThrows(callLibrary, PermissionError);
  },
});

Deno.test({
  name: "libc() calls where FFI is allowed, and nothing else",
  permissions: { ffi: true },
  sanitizeResources: false, // the library stays open
  fn: () => {
    assertEquals(isFfiAllowed(), true);
    assertEquals(callLibrary(), Deno.pid);
  },
});

Deno.test({
  name: "requireModule() refuses a file that may not be read",
  permissions: { read: ["/etc"] },
  fn: () => {
    const error = assertThrows(
      () => requireModule(self),
      PermissionError,
      `Cannot load "${decodeURIComponent(self.pathname)}": Deno has not`,
    );
    assertEquals(error.code, "EPERM");
  },
});

Deno.test({
  name: "requireModule() lets a file through that may be read",
  permissions: { read: [root] },
  fn: () => assertEquals(requireModule(self), undefined),
});

Deno.test({
  name: "requireModule() leaves other places to the loader",
  permissions: "none",
  fn: () => {
    const url = new URL("https://jsr.io/@vdeplug/vdeplug/0.1.0/mod.ts");
    assertEquals(requireModule(url), undefined);
  },
});
