import { assertEquals, assertThrows } from "@std/assert";
import { PermissionError } from "../../../ffi/permission.ts";
import { reportError } from "../../../lib/cli/report.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { Recorder } from "./recorder.ts";

const ERRORS = [
  {
    error: new PlugError("Cannot open it"),
    status: 1,
    lines: ["Cannot open it"],
  },
  {
    error: new PlugError("Cannot open it", { hint: "run as root" }),
    status: 1,
    lines: ["Cannot open it", "hint: run as root"],
  },
  {
    error: new PermissionError("call the C library", "run it with more"),
    status: 1,
    lines: [
      "Cannot call the C library: Deno has not been given the permission",
      "hint: run it with more",
    ],
  },
  {
    error: new Deno.errors.NotCapable(
      'Requires write access to "/x", run again with the --allow-write flag',
    ),
    status: 1,
    lines: [
      'Cannot go on: Deno has not been given the permission to write "/x"',
      "hint: run it with --allow-write=/x",
    ],
  },
  { error: new LinkEnd("it closed"), status: 1, lines: ["it closed"] },
  { error: new TypeError("Cannot a"), status: 2, lines: ["Cannot a"] },
  { error: new RangeError("Cannot b"), status: 2, lines: ["Cannot b"] },
  { error: new SyntaxError("Cannot c"), status: 2, lines: ["Cannot c"] },
  {
    error: new UsageError("Cannot d"),
    status: 2,
    lines: ["Cannot d", 'hint: "vdeplug --help" shows how it is used'],
  },
] as const;

for (const { error, status, lines: wanted } of ERRORS) {
  Deno.test(`reportError() gives status ${status} and ${wanted.length} lines for ${error.name}`, () => {
    const io = new Recorder();
    assertEquals(reportError(error, io, "vdeplug --help"), status);
    assertEquals(io.errLines, [...wanted]);
  });
}

Deno.test("reportError() passes on what is this program's own fault", () => {
  const io = new Recorder();
  const fault = new Error("bug");
  assertThrows(() => reportError(fault, io, "vdeplug --help"), Error, "bug");
  assertEquals(io.errLines, []);
});
