import { assertEquals, assertThrows } from "@std/assert";
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
