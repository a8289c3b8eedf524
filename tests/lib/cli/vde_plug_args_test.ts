import { assert, assertEquals, assertThrows } from "@std/assert";
import { commandHelp } from "../../../lib/cli/help.ts";
import { VDE_PLUG_PAGE } from "../../../lib/cli/pages/vde_plug.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import {
  readVdePlugArgs,
  type VdePlugArgs,
} from "../../../lib/cli/vde_plug_args.ts";
import { ffiTest } from "../../ffi/case.ts";

const NO_ACCESS = { port: undefined, group: undefined, mode: undefined };

const STANDARD: VdePlugArgs = {
  help: false,
  version: false,
  verbose: false,
  description: "vdeplug:",
  daemon: false,
  pidFile: undefined,
  log: false,
  ipLog: false,
  access: [NO_ACCESS, NO_ACCESS],
  vnls: [],
  command: undefined,
  loginCommand: undefined,
  plugins: [],
};

const [A, B] = ["vxvde://", "tap://t0"];

const GOOD: readonly {
  readonly args: readonly string[];
  readonly want: Partial<VdePlugArgs>;
}[] = [
  { args: [], want: {} },
  { args: [""], want: { vnls: [""] } },
  { args: [A, B], want: { vnls: [A, B] } },
  { args: ["=", "cat", "-d"], want: { command: ["cat", "-d"] } },
  { args: ["-l", "=", "cat"], want: { command: ["cat"], log: true } },
  {
    args: [A, "-d", "=", "sh", "-c", "="],
    want: {
      vnls: [A],
      daemon: true,
      command: ["sh", "-c", "="],
    },
  },
  { args: ["-c", "vde_plug"], want: { loginCommand: "vde_plug" } },
  { args: ["-c", ""], want: { loginCommand: "" } },
  { args: ["-cvde_plug -h"], want: { loginCommand: "vde_plug -h" } },
  {
    args: ["--descr", "UML vde_transport", "--mod2", "0700", A, B],
    want: {
      vnls: [A, B],
      description: "UML vde_transport",
      access: [NO_ACCESS, { ...NO_ACCESS, mode: 0o700 }],
    },
  },
  {
    args: ["--group", "0", A, "--group2=0", B, "--mod=770", "--port", "0"],
    want: {
      vnls: [A, B],
      access: [
        { port: 0, group: "0", mode: 0o770 },
        { ...NO_ACCESS, group: "0" },
      ],
    },
  },
  {
    args: ["--iplog", "-dpF"],
    want: {
      ipLog: true,
      log: true,
      daemon: true,
      pidFile: "F",
    },
  },
  { args: ["-h", A, B, "c://"], want: { help: true, vnls: [A, B, "c://"] } },
  { args: ["--version"], want: { version: true } },
];

for (const { args, want } of GOOD) {
  ffiTest(`readVdePlugArgs() reads ${JSON.stringify(args)}`, () => {
    assertEquals(readVdePlugArgs(args), { ...STANDARD, ...want });
  });
}

const BAD = [
  { args: [A, B, "c://"], says: "Cannot join 3 VNLs" },
  { args: [A, B, "=", "cat"], says: "Cannot join 2 VNLs and a command" },
  { args: [A, "="], says: 'nothing stands behind "="' },
  { args: ["-p", "=", "cat"], says: 'option "-p" without FILE' },
  { args: ["--stats", A], says: 'option "--stats"' },
  { args: ["-c"], says: 'option "-c" without vde_plug' },
] as const;

for (const { args, says } of BAD) {
  ffiTest(`readVdePlugArgs() refuses ${JSON.stringify(args)}`, () => {
    assertThrows(() => readVdePlugArgs(args), UsageError, says);
  });
}

Deno.test("the help of vde_plug names every option", async () => {
  const help = await commandHelp("vde_plug");
  const options = [
    ...["-d, --daemon", "-p, --pidfile FILE", "-l, --log", "-L, --iplog"],
    ...["-g, --group GROUP", "-G, --group2 GROUP", "-m, --mod OCTAL"],
    ...["-M, --mod2 OCTAL", "--port N", "--port2 N", "-D, --descr TEXT"],
    ...["-c vde_plug", "-h, --help"],
  ];
  for (const option of options) assert(help.includes(option), option);
});

Deno.test("the help of vde_plug gives examples that can be used", () => {
  for (const { line } of VDE_PLUG_PAGE.examples ?? []) {
    const [program, ...args] = line.replaceAll("'", "").split(" ");
    assertEquals(program, "vde_plug");
    assert(readVdePlugArgs(args).vnls.length < 3);
  }
});
