import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../ffi/libc.ts";
import { killProcess, spawnProgram, waitForExit } from "../../ffi/spawn.ts";
import { until } from "../plugs.ts";
import { ffiTest } from "./case.ts";
import { readText, TestPipe, writeOnce } from "./pipes.ts";

/** Signals 32 and 33, which the C library keeps to itself. */
const C_LIBRARY_SIGNALS = 0x1_8000_0000n;

/** Runs a program to its end: what it wrote to standard output, and how it ended. */
async function run(...argv: string[]) {
  using output = new TestPipe();
  const pid = spawnProgram(argv, [[output.writeFd, 1]]);
  output.close(output.writeFd);
  const text = await readText(output.readFd);
  return { text, status: await waitForExit(pid) };
}

function sh(script: string) {
  return run("sh", "-c", script);
}

for (const code of [0, 1, 3, 126, 127, 255]) {
  ffiTest(`waitForExit() passes exit status ${code} on`, async () => {
    const { status } = await sh(`exit ${code}`);
    assertEquals(status, { code, signal: 0 });
  });
}

const SIGNALS = [
  { name: "SIGTERM", signal: 15 },
  { name: "SIGKILL", signal: 9 },
  { name: "SIGHUP", signal: 1 },
] as const;

for (const { name, signal } of SIGNALS) {
  ffiTest(`waitForExit() tells of ${name} as shells do`, async () => {
    const { status } = await sh(`kill -${signal} $$`);
    assertEquals(status, { code: 128 + signal, signal });
  });
}

ffiTest("waitForExit() gives up on what is not a child", async () => {
  await assertRejects(
    () => waitForExit(1),
    SystemError,
    "Cannot wait for process 1: no child processes (ECHILD)",
  );
});

ffiTest("spawnProgram() hands arguments over as they are", async () => {
  const words = ["two words", "", "$HOME * '\"\\", "käse"];
  const { text } = await run("printf", "[%s]\\n", ...words);
  assertEquals(text, words.map((word) => `[${word}]\n`).join(""));
});

ffiTest("spawnProgram() finds a program along PATH", async () => {
  const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
  const path = Deno.env.get("PATH") ?? "";
  try {
    await Deno.writeTextFile(
      `${folder}/vdeplug-test`,
      "#!/bin/sh\necho found\n",
    );
    await Deno.chmod(`${folder}/vdeplug-test`, 0o755);
    Deno.env.set("PATH", `/no/such:${folder}:${path}`);
    assertEquals((await run("vdeplug-test")).text, "found\n");
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(folder, { recursive: true });
  }
});

ffiTest("spawnProgram() hands over the environment as it is now", async () => {
  await run("true");
  const names = Array.from({ length: 100 }, (_, n) => `VDEPLUG_TEST_${n}`);
  try {
    // Enough of them for the C library to move its table.
    for (const name of names) Deno.env.set(name, "set");
    const { text } = await sh(`echo "$${names[0]} $${names[99]}"`);
    assertEquals(text, "set set\n");
  } finally {
    for (const name of names) Deno.env.delete(name);
  }
  assertEquals((await sh(`echo "[$${names[0]}]"`)).text, "[]\n");
});

ffiTest("spawnProgram() says that there is no such program", () => {
  const error = assertThrows(
    () => spawnProgram(["no-such-program"], []),
    SystemError,
    'Cannot start "no-such-program": no such file or directory (ENOENT)',
  );
  assertEquals(error.code, "ENOENT");
});

const NOT_RUNNABLE = [
  { name: "a file without permission", path: "/etc/passwd" },
  { name: "a folder", path: "/etc" },
] as const;

for (const { name, path } of NOT_RUNNABLE) {
  ffiTest(`spawnProgram() says that ${name} cannot be run`, () => {
    const error = assertThrows(() => spawnProgram([path], []), SystemError);
    assertEquals(error.code, "EACCES");
  });
}

ffiTest(
  "spawnProgram() puts descriptors where they are wanted, and no others",
  async () => {
    using input = new TestPipe();
    using output = new TestPipe();
    using other = new TestPipe();
    const script =
      "cat; cat <&5; for fd in /proc/$$/fd/*; do readlink $fd; done";
    const pid = spawnProgram(
      ["sh", "-c", script],
      [[input.readFd, 0], [output.writeFd, 1], [input.readFd, 5]],
    );
    const names = [input, output, other].map((pipe) =>
      Deno.readLinkSync(`/proc/self/fd/${pipe.writeFd}`)
    );
    output.close(output.writeFd);
    writeOnce(input.writeFd, new TextEncoder().encode("hello\n"));
    input.close(input.writeFd);
    const [hello, ...found] = (await readText(output.readFd)).split("\n");
    assertEquals((await waitForExit(pid)).code, 0);
    assertEquals(hello, "hello");
    assertEquals(
      names.map((name) => found.filter((each) => each === name).length),
      [2, 1, 0],
    );
  },
);

ffiTest("spawnProgram() gives SIGPIPE back its meaning", async () => {
  // A program that ignores it, as this runtime does, would go on and echo.
  const { text, status } = await sh("kill -PIPE $$; echo alive");
  assertEquals([text, status.signal], ["", 13]);
});

ffiTest("spawnProgram() lets no signal stay blocked or ignored", async () => {
  const { text } = await sh("grep -E '^Sig(Blk|Ign)' /proc/self/status");
  const masks = Array.from(
    text.matchAll(/:\s*(\w+)/g),
    ([, mask]) => BigInt(`0x${mask}`) & ~C_LIBRARY_SIGNALS,
  );
  assertEquals(masks, [0n, 0n]);
});

ffiTest("killProcess() ends a program", async () => {
  using input = new TestPipe();
  const pid = spawnProgram(["cat"], [[input.readFd, 0]]);
  killProcess(pid, 15);
  assertEquals((await waitForExit(pid)).signal, 15);
  // It is gone, and that is no error.
  killProcess(pid, 15);
});

ffiTest("waitForExit() of several programs sorts them out", async () => {
  const codes = Array.from({ length: 8 }, (_, index) => 10 + index);
  const pids = codes.map((code) =>
    spawnProgram(["sh", "-c", `exit ${code}`], [])
  );
  const exits = await Promise.all(pids.map(waitForExit));
  assertEquals(exits.map(({ code }) => code), codes);
});

ffiTest("waitForExit() does not hold up the event loop", async () => {
  using input = new TestPipe();
  const pid = spawnProgram(["cat"], [[input.readFd, 0]]);
  let ended = false;
  const exit = waitForExit(pid).then(() => ended = true);
  let turns = 0;
  assert(await until(() => ++turns > 20));
  assertEquals(ended, false);
  input.close(input.writeFd);
  await exit;
});
