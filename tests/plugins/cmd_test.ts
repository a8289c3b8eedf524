import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { POLLIN, PollSet } from "../../ffi/poll.ts";
import { StreamPlug } from "../../lib/cable/stream_plug.ts";
import { Counter } from "../../lib/plug/counters.ts";
import { LinkEnd, PlugError } from "../../lib/plug/errors.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { TERM_PATIENCE_MS } from "../../lib/stream/ending.ts";
import { cmdPlugin } from "../../plugins/cmd.ts";
import { ffiTest } from "../ffi/case.ts";
import { joinBytes, TestPipe } from "../ffi/pipes.ts";
import { encode } from "../lib/plug/stream_reference.ts";
import { pluginContract, type PlugPair } from "../plugin_contract.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  receiveFrames,
  takeFrames,
  type TestOptions,
  testOptions,
  until,
} from "../plugs.ts";

/** Opens the plug of a shell script. */
async function openScript(
  script: string,
  options: TestOptions = testOptions(),
): Promise<Plug> {
  const quoted = script.replaceAll("'", `'\\''`);
  const vnl = parseVnl(`cmd://sh -c '${quoted}'`, cmdPlugin.syntax);
  return await cmdPlugin.open(vnl, options);
}

/** A plug of a program that copies between its own pipes and two of the test's. */
async function openCopier(
  near: TestOptions,
  far: TestOptions,
): Promise<PlugPair> {
  const [there, back] = [new TestPipe(), new TestPipe()];
  const file = (fd: number) => `/proc/${Deno.pid}/fd/${fd}`;
  const plug = await openScript(
    `cat ${file(back.readFd)} & exec cat >${file(there.writeFd)}`,
    near,
  );
  return {
    near: plug,
    far: new StreamPlug({
      readFd: there.give(there.readFd),
      writeFd: back.give(back.writeFd),
      peer: "the test",
    }, far),
    [Symbol.dispose]() {
      there[Symbol.dispose]();
      back[Symbol.dispose]();
    },
  };
}

pluginContract({
  plugin: cmdPlugin,
  vnl: "cmd://cat",
  openPair: openCopier,
  reliable: true,
  skipCases: {
    "hands out what came before the other end left":
      "closing it ends its program, which may have frames in hand",
  },
  badVnls: [
    { vnl: "cmd://", includes: "cmd needs an address" },
    { vnl: "cmd:// \t", includes: "received none" },
    { vnl: "cmd://'' a", includes: "received a program without a name" },
    { vnl: "cmd://cat 'a", includes: "a single quote must be closed" },
    { vnl: 'cmd://cat "a', includes: "a double quote must be closed" },
    { vnl: "cmd://cat \\", includes: "a character must follow a backslash" },
    { vnl: "cmd://no-such-program a", includes: 'Cannot start "no-such' },
    { vnl: "cmd:///etc/passwd", includes: "permission denied (EACCES)" },
  ],
});

/** Receives until the plug throws, each time as its cable would: when the descriptor says so. */
async function receiveToEnd(
  plug: Plug,
): Promise<{ frames: Uint8Array[]; error: unknown }> {
  const frames: Uint8Array[] = [];
  const polls = new PollSet(1);
  polls.set(0, plug.fd, POLLIN);
  for (;;) {
    await until(() => polls.wait(0) > 0);
    try {
      frames.push(...takeFrames(plug));
    } catch (error) {
      return { frames, error };
    }
  }
}

function inFolder(
  name: string,
  fn: (folder: string) => Promise<void>,
): void {
  ffiTest(name, async () => {
    const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
    try {
      await fn(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Process id that a script has written into the file `pid`. */
async function readPid(folder: string): Promise<number> {
  let text = "";
  await until(() => {
    try {
      text = Deno.readTextFileSync(`${folder}/pid`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return text.endsWith("\n");
  });
  return Number(text);
}

/** Whether a process is there, be it a zombie. */
function exists(pid: number): boolean {
  try {
    Deno.statSync(`/proc/${pid}`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

ffiTest("cmd plug hands words to the program as a shell would", async () => {
  const options = testOptions();
  const vnl = parseVnl(
    String.raw`cmd://sh -c 'test "$0 $1 $2" = "a b \$c d"' "a b" \$c 'd'`,
    cmdPlugin.syntax,
  );
  using plug = await cmdPlugin.open(vnl, options);
  const { error } = await receiveToEnd(plug);
  assertInstanceOf(error, LinkEnd);
  assertStringIncludes(error.message, "ended with exit status 0");
});

ffiTest("cmd plug says in the log what it runs", async () => {
  const options = testOptions();
  using _plug = await openScript("exec cat", options);
  assertStringIncludes(
    options.lines[0],
    'debug: command "sh" runs as process ',
  );
});

ffiTest("cmd plug hints at PATH when there is no such program", () => {
  const vnl = parseVnl("cmd://no-such-program", cmdPlugin.syntax);
  const error = assertThrows(
    () => void cmdPlugin.open(vnl, testOptions()),
    PlugError,
  );
  assertEquals(
    [error.code, error.hint],
    ["ENOENT", "no such program along PATH"],
  );
});

const ENDS = [
  { name: "status 0", script: "exit 0", says: "ended with exit status 0" },
  { name: "status 7", script: "exit 7", says: "it ended with exit status 7" },
  {
    name: "a signal",
    script: "kill -KILL $$",
    says: "signal 9 ended it (exit status 137)",
  },
  {
    name: "no end at all",
    script: "exec >&-; exec sleep 60",
    says: "closed the stream",
  },
] as const;

for (const { name, script, says } of ENDS) {
  ffiTest(`cmd plug tells of ${name}`, async () => {
    using plug = await openScript(script);
    const { error } = await receiveToEnd(plug);
    assertInstanceOf(error, PlugError);
    assertStringIncludes(error.message, says);
    assertStringIncludes(error.message, 'command "sh"');
    assertEquals(error instanceof LinkEnd, !/^(it|signal) /.test(says));
    // It is the same each time.
    assertEquals(assertThrows(() => takeFrames(plug)), error);
  });
}

inFolder(
  "cmd plug tells of the end of a program whose output another one holds open",
  async (folder) => {
    const frames = await writeFrames(`${folder}/frames`, 100);
    using plug = await openScript(
      `sleep 60 & echo $! >${folder}/pid; cat ${folder}/frames; exit 5`,
    );
    const { frames: got, error } = await receiveToEnd(plug);
    Deno.kill(await readPid(folder), "SIGKILL");
    assertFrames(got, frames);
    assertInstanceOf(error, PlugError);
    assertStringIncludes(error.message, "it ended with exit status 5");
  },
);

/** 60-byte frames in a file, in the stream form. */
async function writeFrames(
  path: string,
  count: number,
): Promise<Uint8Array[]> {
  const frames = Array.from(
    { length: count },
    (_, seed) => makeFrame(60, seed),
  );
  await Deno.writeFile(path, joinBytes(frames.map(encode)));
  return frames;
}

for (const code of [0, 3]) {
  inFolder(
    `cmd plug gives all frames of a program that ended with status ${code}`,
    async (folder) => {
      const frames = await writeFrames(`${folder}/frames`, 3000);
      using plug = await openScript(`cat ${folder}/frames; exit ${code}`);
      const { frames: got, error } = await receiveToEnd(plug);
      assertFrames(got, frames);
      assertEquals(error instanceof LinkEnd, code === 0);
    },
  );
}

inFolder(
  "cmd plug gives all frames of a program that is sent to after its death",
  async (folder) => {
    const frames = await writeFrames(`${folder}/frames`, 1000);
    const options = testOptions();
    using plug = await openScript(
      `exec <&-; cat ${folder}/frames; echo $$ >${folder}/pid; exit 0`,
      options,
    );
    const pid = await readPid(folder);
    const state = () => Deno.readTextFileSync(`/proc/${pid}/stat`);
    assert(await until(() => state().includes(") Z ")));
    const burst = burstOf([makeFrame(60, 1), makeFrame(60, 2)]);
    assertEquals(plug.send(burst, 0), 2);
    assertEquals(plug.send(burst, 1), 1);
    assertEquals(options.sendCounters.cells[Counter.down], 3);
    // They do not come back to the sender.
    const { frames: got, error } = await receiveToEnd(plug);
    assertFrames(got, frames);
    assertInstanceOf(error, LinkEnd);
  },
);

const SPLITS = [
  { name: "the body apart from its length", at: 2 },
  { name: "a length cut in two", at: 1 },
  { name: "a body cut in two", at: 40 },
] as const;

for (const { name, at } of SPLITS) {
  inFolder(`cmd plug keeps in step with ${name}`, async (folder) => {
    const frames = [makeFrame(60, 1), makeFrame(60, 2), makeFrame(60, 3)];
    const bytes = joinBytes(frames.map(encode));
    await Deno.writeFile(`${folder}/head`, bytes.subarray(0, at));
    await Deno.writeFile(`${folder}/tail`, bytes.subarray(at));
    // The tail comes once the head was read: the program waits for a frame.
    using plug = await openScript(
      `cat ${folder}/head; head -c 16 >/dev/null; cat ${folder}/tail`,
    );
    const polls = new PollSet(1);
    polls.set(0, plug.fd, POLLIN);
    assert(await until(() => polls.wait(0) > 0));
    assertEquals(takeFrames(plug), []);
    plug.send(burstOf([makeFrame(14, 9)]), 0);
    assertFrames(await receiveFrames(plug, 3), frames);
  });
}

const ENDERS = [
  { name: "that ends with its input", script: "cat >/dev/null" },
  { name: "that does not look at its input", script: "exec sleep 60" },
  { name: "that was stopped", script: "kill -STOP $$; sleep 60" },
] as const;

for (const { name, script } of ENDERS) {
  inFolder(`cmd plug ends a program ${name} when closed`, async (folder) => {
    const plug = await openScript(`echo $$ >${folder}/pid; ${script}`);
    const pid = await readPid(folder);
    const start = performance.now();
    plug[Symbol.dispose]();
    assertEquals(exists(pid), false);
    // Then it would have been killed.
    assertLess(performance.now() - start, TERM_PATIENCE_MS);
  });
}

inFolder(
  "cmd plug closed kills a program that pays no heed to SIGTERM",
  async (folder) => {
    const plug = await openScript(
      `trap "" TERM; echo $$ >${folder}/pid; while :; do sleep 1; done`,
    );
    const pid = await readPid(folder);
    const start = performance.now();
    plug[Symbol.dispose]();
    assertEquals(exists(pid), false);
    assertLess(performance.now() - start, 30_000);
  },
);

inFolder("cmd plug closed sends SIGTERM, no worse", async (folder) => {
  const plug = await openScript(
    `trap "echo told >${folder}/told; exit 0" TERM; echo $$ >${folder}/pid; ` +
      "while :; do sleep 0.05; done",
  );
  await readPid(folder);
  plug[Symbol.dispose]();
  assertEquals(await Deno.readTextFile(`${folder}/told`), "told\n");
});
