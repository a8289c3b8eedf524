import { assertEquals } from "@std/assert";
import { findDenial } from "../../../lib/plug/denial.ts";

const { NotCapable } = Deno.errors;

const CASES = [
  {
    error: new NotCapable(
      'Requires read access to "/etc/x", run again with the --allow-read flag',
    ),
    found: 'to read "/etc/x"',
    hint: "--allow-read=/etc/x",
  },
  {
    // The loader of modules says it so.
    error: new TypeError(
      'Requires read access to "/tmp/p.ts", run again with the --allow-read flag',
    ),
    found: 'to read "/tmp/p.ts"',
    hint: "--allow-read=/tmp/p.ts",
  },
  {
    error: new NotCapable(
      'Requires env access to "HOME", run again with the --allow-env flag',
    ),
    found: 'to read the variable "HOME"',
    hint: "--allow-env=HOME",
  },
  {
    error: new NotCapable(
      'Requires all access to "/proc/self/cmdline", run again with the --allow-all flag',
    ),
    found: 'to use "/proc/self/cmdline"',
    hint: "--allow-all",
  },
  {
    error: new NotCapable(
      "Requires write access to <TMP>, run again with the --allow-write flag",
    ),
    found: 'to write "<TMP>"',
    hint: "--allow-write=<TMP>",
  },
  {
    error: new NotCapable(
      "Requires ffi access, run again with the --allow-ffi flag",
    ),
    found: "to call the library",
    hint: "--allow-ffi",
  },
] as const;

for (const { error, found, hint } of CASES) {
  Deno.test(`findDenial() reads "${error.message}"`, () => {
    assertEquals(findDenial(error), {
      found: `Deno has not been given the permission ${found}`,
      hint: `run it with ${hint}`,
    });
  });
}

Deno.test({
  name: "findDenial() knows what Deno says here and now",
  permissions: { read: false },
  fn: () => {
    let error: unknown;
    try {
      Deno.readTextFileSync("/etc/hostname");
    } catch (thrown) {
      error = thrown;
    }
    assertEquals(
      findDenial(error)?.hint,
      "run it with --allow-read=/etc/hostname",
    );
  },
});

for (const error of [new TypeError("Cannot do it"), "text", undefined]) {
  Deno.test(`findDenial() leaves ${error} alone`, () => {
    assertEquals(findDenial(error), undefined);
  });
}
