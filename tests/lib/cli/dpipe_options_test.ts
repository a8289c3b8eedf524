import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  DPIPE_OPTIONS,
  type DpipeOptions,
  readDpipeOptions,
} from "../../../lib/cli/dpipe_options.ts";
import { commandHelp } from "../../../lib/cli/help.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";

const NONE: DpipeOptions = {
  help: false,
  daemon: false,
  inPlace: false,
  keepFiles: false,
  pidFile: undefined,
  groupFile: undefined,
  words: [],
};
const N = { inPlace: true, keepFiles: true };

const CASES: readonly {
  readonly args: string;
  readonly want: Partial<DpipeOptions>;
}[] = [
  { args: "", want: {} },
  { args: "a = b", want: { words: ["a", "=", "b"] } },
  { args: "-h", want: { help: true } },
  { args: "--help", want: { help: true } },
  { args: "-d a", want: { daemon: true, words: ["a"] } },
  { args: "--daemon a", want: { daemon: true, words: ["a"] } },
  { args: "-p f a", want: { pidFile: "f", words: ["a"] } },
  { args: "-pf a", want: { pidFile: "f", words: ["a"] } },
  { args: "--pidfile f a", want: { pidFile: "f", words: ["a"] } },
  { args: "--pidfile=f=g a", want: { pidFile: "f=g", words: ["a"] } },
  { args: "--pi f a", want: { pidFile: "f", words: ["a"] } },
  { args: "-p -n a", want: { pidFile: "-n", words: ["a"] } },
  { args: "-p f -p g", want: { pidFile: "g" } },
  { args: "-P f a", want: { groupFile: "f", words: ["a"] } },
  { args: "--pgrpfile f a", want: { groupFile: "f", words: ["a"] } },
  { args: "-n a", want: { inPlace: true, words: ["a"] } },
  { args: "--nowrapproc", want: { inPlace: true } },
  { args: "-N a", want: { ...N, words: ["a"] } },
  { args: "--nowrapnoclean", want: N },
  {
    args: "-dNpf -Pg a",
    want: { ...N, daemon: true, pidFile: "f", groupFile: "g", words: ["a"] },
  },
  { args: "-- -n = b", want: { words: ["-n", "=", "b"] } },
  { args: "a -n = b -h", want: { words: ["a", "-n", "=", "b", "-h"] } },
  { args: "- -n", want: { words: ["-", "-n"] } },
];

for (const { args, want } of CASES) {
  Deno.test(`readDpipeOptions() reads "${args}"`, () => {
    const words = args.split(" ").filter((word) => word !== "");
    assertEquals(readDpipeOptions(words), { ...NONE, ...want });
  });
}

const FAULTS = [
  { args: ["-x", "a"], says: 'option "-x": there is none of that name' },
  { args: ["-dx", "a"], says: 'option "-x": there is none of that name' },
  { args: ["--frob"], says: 'option "--frob": there is none' },
  { args: ["--frob=1"], says: 'option "--frob=1": there is none' },
  { args: ["-p"], says: '"-p" without FILE' },
  { args: ["-d", "--pgrpfile"], says: '"--pgrpfile" without FILE' },
  { args: ["--daemon=1"], says: '"--daemon" with a value: received "1"' },
  {
    args: ["--nowrap"],
    says: "more than one: found --nowrapproc, --nowrapnoclean",
  },
  { args: ["--p", "f"], says: "more than one: found --pidfile, --pgrpfile" },
] as const;

for (const { args, says } of FAULTS) {
  Deno.test(`readDpipeOptions() refuses ${args.join(" ")}`, () => {
    assertThrows(() => readDpipeOptions(args), UsageError, says);
  });
}

Deno.test("the help of dpipe names every option", async () => {
  const help = await commandHelp("dpipe");
  for (const { name, letter } of DPIPE_OPTIONS) {
    assertStringIncludes(help, `\n  -${letter}, --${name}`);
  }
});
