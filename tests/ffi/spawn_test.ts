import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { closeFd } from "../../ffi/fd.ts";
import { SystemError } from "../../ffi/libc.ts";
import {
  checkProgram,
  freeDescriptors,
  killProcess,
  openExitFd,
  pollExit,
  type SpawnOptions,
  spawnProgram,
  waitForExit,
} from "../../ffi/spawn.ts";
import { POLLIN, PollSet } from "../../ffi/poll.ts";
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

/** Runs a script with options: what it wrote, in words. */
async function words(
  script: string,
  options: SpawnOptions,
): Promise<string[]> {
  using output = new TestPipe();
  const argv = ["sh", "-c", script];
  const pid = spawnProgram(argv, [[output.writeFd, 1]], options);
  output.close(output.writeFd);
  const text = await readText(output.readFd);
  assertEquals((await waitForExit(pid)).code, 0);
  return text.trim().split(/\s+/);
}

const IDS = "cut -d ' ' -f 5,6 /proc/$$/stat; echo $$";

ffiTest("spawnProgram() leaves a program in this process's group", async () => {
  const stat = Deno.readTextFileSync("/proc/self/stat");
  const [group, session] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(
    3,
  );
  assertEquals((await words(IDS, {})).slice(0, 2), [group, session]);
});

ffiTest(
  "spawnProgram() gives a program a process group of its own",
  async () => {
    const [group, session, pid] = await words(IDS, { group: 0 });
    assertEquals(group, pid);
    assert(session !== pid);
  },
);

ffiTest(
  "spawnProgram() puts a program into another's process group",
  async () => {
    using input = new TestPipe();
    const leader = spawnProgram(["cat"], [[input.readFd, 0]], { group: 0 });
    const [group, , pid] = await words(IDS, { group: leader });
    assertEquals(Number(group), leader);
    assert(group !== pid);
    // A signal to a negative number goes to the group.
    killProcess(-leader, 15);
    assertEquals((await waitForExit(leader)).signal, 15);
  },
);

ffiTest("spawnProgram() gives a program a session of its own", async () => {
  const [group, session, pid] = await words(IDS, { session: true });
  assertEquals([group, session], [pid, pid]);
});

ffiTest(
  "spawnProgram() adds variables, and puts them in others' place",
  async () => {
    try {
      Deno.env.set("VDEPLUG_TEST", "old");
      Deno.env.set("VDEPLUG_TEST_2", "kept");
      const environment = { VDEPLUG_TEST: "new", VDEPLUG_TEST_3: "a=b" };
      const script = "env | grep ^VDEPLUG_TEST | sort";
      assertEquals(await words(script, { environment }), [
        "VDEPLUG_TEST=new",
        "VDEPLUG_TEST_2=kept",
        "VDEPLUG_TEST_3=a=b",
      ]);
      assertEquals(Deno.env.get("VDEPLUG_TEST"), "old");
    } finally {
      Deno.env.delete("VDEPLUG_TEST");
      Deno.env.delete("VDEPLUG_TEST_2");
    }
  },
);

ffiTest(
  "spawnProgram() hands over no descriptor from a number on",
  async () => {
    // The test's own standard descriptors go through it.
    const script = "ls /proc/$$/fd; true";
    assertEquals(await words(script, { closeFrom: 3 }), ["0", "1", "2"]);
    assertEquals(await words(script, { closeFrom: 2 }), ["0", "1"]);
  },
);

ffiTest("spawnProgram() gives descriptors each other's numbers", async () => {
  using one = new TestPipe();
  using two = new TestPipe();
  const names = [one, two].map(({ readFd }) =>
    Deno.readLinkSync(`/proc/self/fd/${readFd}`)
  );
  using output = new TestPipe();
  const [a, b] = [one.readFd, two.readFd];
  const pid = spawnProgram(
    ["sh", "-c", `readlink /proc/$$/fd/${a}; readlink /proc/$$/fd/${b}`],
    [[a, b], [b, a], [output.writeFd, 1]],
  );
  output.close(output.writeFd);
  const text = await readText(output.readFd);
  assertEquals((await waitForExit(pid)).code, 0);
  assertEquals(text.trim().split("\n"), names.reverse());
});

ffiTest("spawnProgram() keeps a descriptor under its own number", async () => {
  using output = new TestPipe();
  const fd = output.writeFd;
  const script = `echo hello >/proc/self/fd/${fd}`;
  const pid = spawnProgram(["sh", "-c", script], [[fd, fd]]);
  output.close(fd);
  assertEquals(await readText(output.readFd), "hello\n");
  assertEquals((await waitForExit(pid)).code, 0);
});

ffiTest("spawnProgram() runs a script that names no interpreter", async () => {
  const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
  const path = Deno.env.get("PATH") ?? "";
  try {
    await Deno.writeTextFile(`${folder}/vdeplug-test`, 'echo "$1" "$2"\n');
    await Deno.chmod(`${folder}/vdeplug-test`, 0o755);
    for (const name of [`${folder}/vdeplug-test`, "vdeplug-test"]) {
      Deno.env.set("PATH", `/no/such:${folder}:${path}`);
      assertEquals((await run(name, "a b", "c")).text, "a b c\n");
    }
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(folder, { recursive: true });
  }
});

ffiTest("pollExit() tells of an end once it has come", async () => {
  using input = new TestPipe();
  const pid = spawnProgram(["sh", "-c", "read line; exit 6"], [
    [input.readFd, 0],
  ]);
  assertEquals(pollExit(pid), undefined);
  input.close(input.writeFd);
  let status;
  assert(await until(() => (status = pollExit(pid)) !== undefined));
  assertEquals(status, { code: 6, signal: 0 });
  assertThrows(() => pollExit(pid), SystemError, "(ECHILD)");
});

ffiTest("openExitFd() is readable once the program has ended", async () => {
  using input = new TestPipe();
  const pid = spawnProgram(["cat"], [[input.readFd, 0]]);
  const exitFd = openExitFd(pid);
  assert(exitFd >= 0);
  const polls = new PollSet(1);
  polls.set(0, exitFd, POLLIN);
  assertEquals(polls.wait(0), 0);
  input.close(input.writeFd);
  assertEquals(await polls.waitAsync(5000), 1);
  assertEquals(pollExit(pid), { code: 0, signal: 0 });
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${exitFd}`);
  assertMatch(info, /^flags:\s*0?2/m, "closed in programs that are started");
  closeFd(exitFd);
});

ffiTest("freeDescriptors() finds what a program does not inherit", async () => {
  using output = new TestPipe();
  const free = freeDescriptors(3, 5);
  assertEquals(free.length, 5);
  // This one has O_CLOEXEC.
  assertEquals(freeDescriptors(output.readFd, 1), [output.readFd]);
  const found = await words("ls /proc/$$/fd; true", {});
  assertEquals(free.filter((fd) => found.includes(`${fd}`)), []);
  const lower = Array.from({ length: free[4] - 3 }, (_, at) => at + 3)
    .filter((fd) => !free.includes(fd));
  assertEquals(lower.filter((fd) => !found.includes(`${fd}`)), []);
});

ffiTest("checkProgram() finds what can be started", () => {
  checkProgram("sh");
  checkProgram("/bin/sh");
});

const UNSTARTABLE = [
  { program: "no-such-program", code: "ENOENT" },
  { program: "/no/such/program", code: "ENOENT" },
  { program: "/etc/passwd", code: "EACCES" },
  { program: "/etc", code: "EACCES" },
] as const;

for (const { program, code } of UNSTARTABLE) {
  ffiTest(`checkProgram() says of ${program} what starting it would`, () => {
    const error = assertThrows(() => checkProgram(program), SystemError);
    const started = assertThrows(
      () => spawnProgram([program], []),
      SystemError,
    );
    assertEquals([error.code, error.message], [code, started.message]);
  });
}
