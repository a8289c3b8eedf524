/**
 * What `dpipe`, Debian's and ours, leaves behind: processes, files, and how it
 * goes to the background.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PATIENCE_MS, spawn } from "../lab/mod.ts";
import { until } from "../plugs.ts";
import {
  dpipe,
  isThere,
  readLine,
  run,
  sh,
  TOOLS,
  toolTest,
  untilAsleep,
  untilGroupHas,
} from "./dpipe_runs.ts";

/** Ignores SIGTERM, and tells when it does. */
const HEEDLESS = 'trap "" TERM; echo >F/ready; while :; do sleep 0.05; done';

/** Starts ours, and waits for the line in the file `ready`. */
async function startReady(folder: string, args: readonly string[]) {
  const given = args.map((arg) => arg.replaceAll("F/", `${folder}/`));
  const process = spawn(dpipe("ours", ...given));
  try {
    return { process, ready: await readLine(`${folder}/ready`) };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

const FIRSTS = [
  { name: "that does not run", args: ["no-such-program"], code: 127 },
  { name: "that cannot be run", args: ["/etc"], code: 126 },
] as const;

for (const { name, args, code } of FIRSTS) {
  for (const option of [[], ["-n"]]) {
    toolTest(
      "ours",
      `${option.join(" ")} ends what it started before a command ${name}`,
      async (folder) => {
        const process = spawn(dpipe(
          "ours",
          ...option,
          "sleep",
          "60",
          "=",
          ...sh(`echo >${folder}/ready; exec cat`),
          "=",
          ...args,
        ));
        const { pid } = process;
        assertEquals((await process.exited).code, code);
        await untilGroupHas(0, pid);
      },
    );
  }
}

for (const tool of TOOLS) {
  toolTest(
    tool,
    "tells its process id and group, and removes both files",
    async (folder) => {
      const [pid, group] = [`${folder}/pid`, `${folder}/group`];
      const script = `cat ${pid} ${group}; cut -d" " -f5 /proc/$$/stat`;
      await using process = spawn(dpipe(
        tool,
        "-p",
        pid,
        "-P",
        group,
        "true",
        "=",
        ...sh(`{ ${script}; } >&2`),
      ));
      assertEquals((await process.exited).code, 0);
      const id = process.pid;
      assertEquals(process.stderr, `${id}\n-${id}\n${id}\n`);
      assertEquals([isThere(pid), isThere(group)], [false, false]);
    },
  );

  toolTest(
    tool,
    "-n becomes the last command, which has its files removed",
    async (folder) => {
      const [pid, group] = [`${folder}/pid`, `${folder}/group`];
      const script =
        `cat ${pid} ${group}; echo $$; cut -d" " -f5 /proc/$$/stat`;
      await using process = spawn(dpipe(
        tool,
        "-n",
        `--pidfile=${pid}`,
        `--pgrpfile=${group}`,
        "true",
        "=",
        ...sh(`{ ${script}; } >&2; exit 9`),
      ));
      assertEquals((await process.exited).code, 9);
      const id = process.pid;
      assertEquals(process.stderr, `${id}\n-${id}\n${id}\n${id}\n`);
      const isGone = () => !isThere(pid) && !isThere(group);
      assert(await until(isGone, PATIENCE_MS));
    },
  );

  toolTest(
    tool,
    "-N becomes the last command, and leaves the files",
    async (folder) => {
      const [pid, group] = [`${folder}/pid`, `${folder}/group`];
      const args = ["-N", "-p", pid, "-P", group, "true", "="];
      await using process = spawn(dpipe(tool, ...args, ...sh("echo $$ >&2")));
      assertEquals((await process.exited).code, 0);
      const id = process.pid;
      assertEquals(process.stderr, `${id}\n`);
      assertEquals(await Deno.readTextFile(pid), `${id}\n`);
      assertEquals(await Deno.readTextFile(group), `-${id}\n`);
    },
  );

  toolTest(tool, "passes SIGTERM on to the last command", async (folder) => {
    const trap = `trap "echo told >${folder}/told; exit 6" TERM`;
    const loop = "while :; do sleep 0.05; done";
    const script = `${trap}; echo >${folder}/ready; ${loop}`;
    await using process = spawn(dpipe(tool, "cat", "=", ...sh(script)));
    await readLine(`${folder}/ready`);
    // Debian's loses a signal that comes before it waits for its commands.
    await untilAsleep(process.pid);
    const { code } = await process.terminate();
    assertEquals(await readLine(`${folder}/told`), "told");
    // Debian's does not wait for it.
    assertEquals(code, tool === "C" ? 0 : 6);
    await untilGroupHas(0, process.pid);
  });
}

toolTest(
  "ours",
  "-n gives the last command nothing beside its pipes",
  async (folder) => {
    const files = `(ls /proc/$$/fd >${folder}/out)`;
    const argv = dpipe("ours", "-n", "true", "=", ...sh(files));
    // Without what the tests themselves have inherited.
    const clean = "for fd in /proc/self/fd/*; do fd=${fd##*/}; " +
      '[ "$fd" -gt 2 ] && [ "$fd" -ne 255 ] && eval "exec $fd>&-"; done; ' +
      'exec "$@"';
    assertEquals((await run(["bash", "-c", clean, "bash", ...argv])).code, 0);
    assertEquals(await Deno.readTextFile(`${folder}/out`), "0\n1\n2\n");
  },
);

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  toolTest(
    "ours",
    `told to end with ${signal}, leaves nobody behind`,
    async (folder) => {
      const files = ["-p", "F/pid", "-P", "F/group"];
      const { process } = await startReady(folder, [
        ...files,
        "sleep",
        "60",
        "=",
        ...sh("trap '' PIPE; exec sleep 60"),
        "=",
        ...sh("echo >F/ready; exec sleep 60"),
      ]);
      await using _ended = process;
      const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
      const { code } = await process.terminate(signal);
      assertEquals(code, 128 + numbers[signal]);
      await untilGroupHas(0, process.pid);
      assertEquals([isThere(`${folder}/pid`), isThere(`${folder}/group`)], [
        false,
        false,
      ]);
    },
  );
}

toolTest(
  "ours",
  "ends the other commands after the last one",
  async (folder) => {
    const told = 'trap "echo $0 >>F/order; exit" TERM; ';
    const loop = "while :; do sleep 0.05; done";
    const other = "until [ -e F/first ]; do sleep 0.05; done";
    const { process } = await startReady(folder, [
      ...sh(`${told}echo >F/first; ${loop}`),
      "first",
      "=",
      ...sh(`${told}${other}; echo >F/ready; ${loop}`),
      "last",
    ]);
    await using _ended = process;
    await process.terminate();
    assertEquals(await Deno.readTextFile(`${folder}/order`), "last\nfirst\n");
  },
);

toolTest(
  "ours",
  "kills commands that pay no heed to SIGTERM",
  async (folder) => {
    const { process } = await startReady(folder, [
      "cat",
      "=",
      ...sh(HEEDLESS),
    ]);
    await using _ended = process;
    // It ends by itself, before it is killed for taking too long.
    const { code, signal } = await process.terminate();
    assertEquals([code, signal], [137, null]);
    await untilGroupHas(0, process.pid);
  },
);

toolTest(
  "ours",
  "told to end twice, leaves nobody behind either",
  async (folder) => {
    const { process } = await startReady(folder, [
      "sleep",
      "60",
      "=",
      ...sh(
        "wait() { while :; do sleep 0.05; done; }; " +
          "trap 'echo told >F/told; wait' TERM; echo >F/ready; wait",
      ),
    ]);
    await using _ended = process;
    process.signal("SIGTERM");
    await readLine(`${folder}/told`);
    // Told again at once, it takes it for the same word; later, for impatience.
    const again = setInterval(() => process.signal("SIGTERM"), 100);
    const { code } = await process.exited;
    clearInterval(again);
    assertEquals(code, 130);
    await untilGroupHas(0, process.pid);
  },
);

toolTest(
  "ours",
  "carries 1 GB, and has none of the pipes itself",
  async (folder) => {
    const bytes = 1_000_000_000;
    const { process } = await startReady(folder, [
      ...sh(`(ls -l /proc/$$/fd >F/first); exec head -c ${bytes} /dev/zero`),
      "=",
      ...sh("wc -c >F/count; echo >F/ready; exec sleep 60"),
    ]);
    await using _ended = process;
    assertEquals(await readLine(`${folder}/count`), `${bytes}`);
    const first = await Deno.readTextFile(`${folder}/first`);
    const pipes = Array.from(
      first.matchAll(/ [01] -> (pipe:\[\d+\])$/gm),
      ([, pipe]) => pipe,
    );
    assertEquals(pipes.length, 2);
    const own = await run(["ls", "-l", `/proc/${process.pid}/fd`]);
    assertStringIncludes(own.stdout, " 0 -> ");
    assertEquals(pipes.filter((pipe) => own.stdout.includes(pipe)), []);
    await process.terminate();
  },
);

for (const tool of TOOLS) {
  toolTest(
    tool,
    "-d goes on in the background until it is told to end",
    async (folder) => {
      const [pid, group] = [`${folder}/pid`, `${folder}/group`];
      const script = "cut -d' ' -f5,6,7 /proc/$$/stat >F/new; " +
        "(ls -l /proc/$$/fd >F/fds); mv F/new F/ids; exec cat";
      const { code, stderr } = await run(dpipe(
        tool,
        "-d",
        "-p",
        pid,
        "-P",
        group,
        "cat",
        "=",
        ...sh(script.replaceAll("F/", `${folder}/`)),
      ));
      assertEquals([code, stderr], [0, ""]);
      const id = Number(await readLine(pid));
      assertEquals(await readLine(group), `-${id}`);
      // Its group and session, and no terminal.
      assertEquals(await readLine(`${folder}/ids`), `${id} ${id} 0`);
      const fds = await Deno.readTextFile(`${folder}/fds`);
      assertStringIncludes(fds, " 2 -> /dev/null\n");
      // What has moved the file may be about to end.
      await untilGroupHas(3, id);
      // Debian's loses a signal that comes before it waits for its commands.
      await untilAsleep(id);
      Deno.kill(id, "SIGTERM");
      await untilGroupHas(0, id);
      assertEquals([isThere(pid), isThere(group)], [false, false]);
    },
  );
}

toolTest(
  "ours",
  "-d -n becomes the last command in the background",
  async (folder) => {
    const pid = `${folder}/pid`;
    const script = `echo $$ >${folder}/new; mv ${folder}/new ${folder}/id; ` +
      "exec cat";
    const argv = dpipe("ours", "-dnp", pid, "cat", "=", ...sh(script));
    assertEquals((await run(argv)).code, 0);
    const id = Number(await readLine(pid));
    assertEquals(await readLine(`${folder}/id`), `${id}`);
    Deno.kill(id, "SIGTERM");
    await untilGroupHas(0, id);
    assert(await until(() => !isThere(pid), PATIENCE_MS));
  },
);

const UNSTARTED = [
  { name: "an unknown command", args: ["no-such-program"], code: 127 },
  { name: "a command that cannot be run", args: ["/etc"], code: 126 },
] as const;

for (const { name, args, code } of UNSTARTED) {
  for (const option of ["-d", "-dn"]) {
    toolTest("ours", `${option} tells of ${name}`, async (folder) => {
      const pid = `${folder}/pid`;
      const line = [option, "-p", pid, "sleep", "60", "=", ...args];
      const result = await run(dpipe("ours", ...line));
      assertEquals(result.code, code);
      assertStringIncludes(result.stderr, `Cannot start "${args[0]}"`);
      assert(await until(() => !isThere(pid), PATIENCE_MS));
    });
  }
}

toolTest("ours", "-d tells that it cannot write its file", async () => {
  const line = ["-d", "-p", "/no/such/file", "true", "=", "true"];
  const { code, stderr } = await run(dpipe("ours", ...line));
  assertEquals(code, 1);
  assertStringIncludes(stderr, 'Cannot write process id file "/no/such/file"');
});

toolTest("ours", "-p removes no file of another's", async (folder) => {
  const pid = `${folder}/pid`;
  const script = `echo 1 >${pid}`;
  const line = ["-p", pid, "true", "=", ...sh(script)];
  assertEquals((await run(dpipe("ours", ...line))).code, 0);
  assertEquals(await Deno.readTextFile(pid), "1\n");
});
