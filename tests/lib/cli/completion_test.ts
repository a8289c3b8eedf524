import "../../ffi/preload.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { completionCommand } from "../../../lib/cli/completion.ts";
import { Recorder } from "./recorder.ts";

const MODULES = [import.meta.resolve("../../../plugins/mod.ts")];

async function run(
  ...args: string[]
): Promise<{ status: number; out: string; err: string }> {
  const io = new Recorder(MODULES);
  const status = await completionCommand(args, io);
  return { status, out: io.outLines.join("\n"), err: io.errLines.join("\n") };
}

for (const shell of ["bash", "fish", "zsh"]) {
  Deno.test(`completionCommand() prints the script of ${shell}`, async () => {
    const { status, out, err } = await run(shell);
    assertEquals([status, err], [0, ""]);
    assertStringIncludes(out, `${shell} completion of vdeplug`);
  });
}

for (const args of [[], ["tcsh"], ["bash", "zsh"], ["toString"], ["--nope"]]) {
  Deno.test(`completionCommand() refuses "${args.join(" ")}"`, async () => {
    const { status, out, err } = await run(...args);
    assertEquals([status, out], [2, ""]);
    assertStringIncludes(err, "Cannot ");
    assertStringIncludes(err, "vdeplug completion --help");
  });
}

Deno.test("completionCommand() prints help, and says nothing of what is for scripts", async () => {
  const { status, out } = await run("--help");
  assertEquals(status, 0);
  assertStringIncludes(out, "Usage: vdeplug completion bash|fish|zsh");
  assert(!out.includes("--words"));
});

const ANSWERS: readonly {
  readonly name: string;
  readonly words: readonly string[];
  readonly want: string;
}[] = [
  {
    name: "a candidate and what it is",
    words: ["--pi"],
    want: "--pidfile\twrite the process id to FILE",
  },
  { name: "a path", words: ["--pidfile=x"], want: "\tfiles 10" },
  { name: "a folder", words: ["man", "--folder", ""], want: "\tfolders 0" },
  { name: "a command line", words: ["tap://", "=", "ls"], want: "\tcommand 2" },
  {
    name: "what is to be typed",
    words: ["tap://x[mtu="],
    want: "\tmessage mtu: the interface's MTU to set, in bytes",
  },
  {
    name: "an interface of this host",
    words: ["vxvde:///if=l"],
    want: "vxvde:///if=lo",
  },
  {
    name: "a group of this host",
    words: ["ptp:///tmp/x[group=roo"],
    want: "ptp:///tmp/x[group=root]",
  },
  { name: "nothing", words: ["completion", "bash", ""], want: "" },
];

for (const { name, words, want } of ANSWERS) {
  Deno.test(`completionCommand() answers with ${name}`, async () => {
    const result = await run("--words=vdeplug", "--", ...words);
    assertEquals(result, { status: 0, out: want, err: "" });
  });
}

const LINES = [
  { line: "vdeplug vxv", want: "\tnospace\nvxvde://" },
  { line: "vdeplug vxvde://239.1.2.3/tt", want: "\tnospace\n//239.1.2.3/ttl=" },
  { line: "vdeplug 'tap://x[mt", want: "tap://x[mtu=\ntap://x[mtu= " },
  { line: "vdeplug --pidfile=x", want: "\tfiles" },
  { line: "vdeplug tap:// = ls", want: "\tcommand 17" },
  { line: "dpipe ls", want: "\tcommand 6" },
  { line: "vdeplug", want: "" },
  { line: "", want: "" },
] as const;

for (const { line, want } of LINES) {
  Deno.test(`completionCommand() answers bash at "${line}"`, async () => {
    const result = await run("--bash= :='\"", "--", line);
    assertEquals(result, { status: 0, out: want, err: "" });
  });
}

Deno.test("completionCommand() lists files that bash would not find", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${folder}/pid`, "");
    const { out } = await run("--bash= =", "--", `vdeplug -dp${folder}/p`);
    assertEquals(out, `-dp${folder}/pid`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
