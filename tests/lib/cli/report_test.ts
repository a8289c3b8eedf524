import { assertEquals, assertThrows } from "@std/assert";
import type { CommandIo } from "../../../lib/cli/io.ts";
import { reportError } from "../../../lib/cli/report.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";

function recorder(): { io: CommandIo; lines: string[] } {
  const lines: string[] = [];
  const io: CommandIo = {
    out: (line) => void lines.push(`out: ${line}`),
    err: (line) => void lines.push(line),
    data: (line) => void lines.push(`data: ${line}`),
    stop: new AbortController().signal,
    pluginModules: [],
  };
  return { io, lines };
}

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
  Deno.test(`reportError() gives status ${status} for ${error.name} "${error.message}"`, () => {
    const { io, lines } = recorder();
    assertEquals(reportError(error, io, "vdeplug --help"), status);
    assertEquals(lines, [...wanted]);
  });
}

Deno.test("reportError() passes on what is this program's own fault", () => {
  const { io, lines } = recorder();
  const fault = new Error("bug");
  assertThrows(() => reportError(fault, io, "vdeplug --help"), Error, "bug");
  assertEquals(lines, []);
});
