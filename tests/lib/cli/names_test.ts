import { assertEquals, assertThrows } from "@std/assert";
import { type Call, findCall } from "../../../lib/cli/names.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";

const COMMANDS = ["dpipe", "ping", "switch", "vde_plug"];

const PLAIN = { verbose: false, isLogin: false };
const MAIN = {
  ...PLAIN,
  command: "vdeplug",
  name: "vdeplug",
  invocation: "vdeplug",
};

function called(name: string, args: readonly string[]): Call {
  return { ...PLAIN, command: name, name, invocation: name, args };
}

/** What stands for the program, what behind it, and which command it is. */
const CALLS: readonly {
  readonly program?: string;
  readonly args: readonly string[];
  readonly want: Call;
}[] = [
  { args: [], want: { ...MAIN, args: [] } },
  { args: ["a://", "b://"], want: { ...MAIN, args: ["a://", "b://"] } },
  { args: ["-x", "ping"], want: { ...MAIN, args: ["-x", "ping"] } },
  { args: ["ping://"], want: { ...MAIN, args: ["ping://"] } },
  { args: ["./ping"], want: { ...MAIN, args: ["./ping"] } },
  { args: ["a://", "ping"], want: { ...MAIN, args: ["a://", "ping"] } },
  { args: ["--", "ping"], want: { ...MAIN, args: ["--", "ping"] } },
  { args: ["-v", "--", "ping"], want: { ...MAIN, args: ["-v", "--", "ping"] } },
  {
    args: ["-D", "ping", "a://"],
    want: { ...MAIN, args: ["-D", "ping", "a://"] },
  },
  {
    args: ["--version", "ping"],
    want: { ...MAIN, args: ["--version", "ping"] },
  },
  { args: ["-h", "switch"], want: { ...MAIN, args: ["-h", "switch"] } },
  { args: ["toString"], want: { ...MAIN, args: ["toString"] } },
  {
    args: ["ping", "a://", "-c", "1"],
    want: {
      ...MAIN,
      command: "ping",
      invocation: "vdeplug ping",
      args: ["a://", "-c", "1"],
    },
  },
  {
    args: ["-v", "switch", "-v", "/tmp/s"],
    want: {
      ...MAIN,
      command: "switch",
      invocation: "vdeplug switch",
      args: ["-v", "/tmp/s"],
      verbose: true,
    },
  },
  {
    args: ["vde_plug", "-d", "--", "x"],
    want: {
      ...called("vde_plug", ["-d", "--", "x"]),
      invocation: "vdeplug vde_plug",
    },
  },
  {
    args: ["dpipe", "a", "=", "b"],
    want: { ...called("dpipe", ["a", "=", "b"]), invocation: "vdeplug dpipe" },
  },
  {
    args: ["--help", "dpipe", "a"],
    want: { ...called("dpipe", ["--help"]), invocation: "vdeplug dpipe" },
  },
  {
    program: "vde_plug",
    args: ["ping"],
    want: called("vde_plug", ["ping"]),
  },
  {
    program: "/usr/bin/vde_plug",
    args: ["-v", "dpipe"],
    want: called("vde_plug", ["-v", "dpipe"]),
  },
  {
    program: "-vde_plug",
    args: ["-c", "sh"],
    want: { ...called("vde_plug", ["-c", "sh"]), isLogin: true },
  },
  { program: "../dpipe", args: ["a"], want: called("dpipe", ["a"]) },
  {
    program: "file:///opt/bin/dpipe.ts",
    args: ["a"],
    want: called("dpipe", ["a"]),
  },
  {
    program: "file:///opt/bin/vde_plug",
    args: [],
    want: called("vde_plug", []),
  },
  {
    program: "file:///opt/dpipe/cli.ts",
    args: [],
    want: { ...MAIN, args: [] },
  },
  { program: "vde_plug2", args: [], want: { ...MAIN, args: [] } },
];

for (const { program = "/usr/bin/vdeplug", args, want } of CALLS) {
  Deno.test(`findCall() of ${program} ${JSON.stringify(args)}`, () => {
    assertEquals(findCall({ program, args }, COMMANDS), want);
  });
}

for (const option of ["-d", "-Dme", "--stats", "--json", "-pF"]) {
  Deno.test(`findCall() refuses ${option} before a command`, () => {
    assertThrows(
      () => findCall({ program: "vdeplug", args: [option, "ping"] }, COMMANDS),
      UsageError,
      'before the command "ping"',
    );
  });
}
