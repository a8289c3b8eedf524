import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { readSwitchArgs, switchCommand } from "../../../lib/cli/switch.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { Recorder } from "./recorder.ts";

const PATHS = [
  { name: "the default folder", args: [], vnl: "switch://" },
  { name: "a folder", args: ["/tmp/sw"], vnl: "switch:///tmp/sw" },
  { name: "a folder of this one", args: ["sw"], vnl: "switch://sw" },
  {
    name: "keys",
    args: ["/tmp/sw[mode=0660/grp=kvm]"],
    vnl: "switch:///tmp/sw[mode=0660/grp=kvm]",
  },
  { name: "a hub", args: ["hub:///tmp/h"], vnl: "hub:///tmp/h" },
  {
    name: "options around it",
    args: ["-v", "/tmp/sw", "--stats=2"],
    vnl: "switch:///tmp/sw",
  },
] as const;

for (const { name, args, vnl } of PATHS) {
  Deno.test(`readSwitchArgs() takes ${name}`, () => {
    assertEquals(readSwitchArgs(args).vnls, [vnl, "null://"]);
  });
}

Deno.test("readSwitchArgs() takes mode and group for the switch", () => {
  const { access } = readSwitchArgs(["-m", "660", "-g", "0", "/tmp/sw"]);
  assertEquals([access[0].mode, access[0].group], [0o660, "0"]);
});

const MISTAKES = [
  {
    args: ["/tmp/a", "/tmp/b"],
    says: '2 switches at a time: received "/tmp/a"',
  },
  { args: ["tap://t0"], says: '"tap://t0" as PATH is a folder' },
  { args: ["/tmp/a", "=", "cat"], says: "Cannot join a command to a switch" },
  { args: ["--nonsense"], says: "--nonsense" },
  { args: ["--mod", "9"], says: "--mod as OCTAL must be permission bits" },
  { args: ["--stats=0"], says: "--stats as SECONDS" },
] as const;

for (const { args, says } of MISTAKES) {
  Deno.test(`readSwitchArgs() refuses "${args.join(" ")}"`, () => {
    assertThrows(() => readSwitchArgs(args), UsageError, says);
  });

  Deno.test(`switchCommand() says what is wrong with "${args.join(" ")}"`, async () => {
    const io = new Recorder();
    assertEquals(await switchCommand(args, io), 2);
    assertEquals(io.errLines.length, 2);
    assertMatch(io.errLines[1], /"vdeplug switch --help" shows/);
  });
}

Deno.test("switchCommand() tells how it is used, in 80 columns", async () => {
  const io = new Recorder();
  assertEquals(await switchCommand(["--help"], io), 0);
  const lines = io.outLines.join("\n").split("\n");
  assertMatch(lines[0], /^Usage: vdeplug switch/);
  assertEquals(lines.filter((line) => line.length > 80), []);
});
