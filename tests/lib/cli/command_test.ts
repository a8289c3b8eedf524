import {
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { plug } from "../../../lib/cli/plug.ts";
import { TERM_PATIENCE_MS } from "../../../lib/stream/ending.ts";
import { ffiTest } from "../../ffi/case.ts";
import { joinBytes } from "../../ffi/pipes.ts";
import { assertFrames, makeFrame, until } from "../../plugs.ts";
import { encode, ReferenceDecoder } from "../plug/stream_reference.ts";
import { Recorder } from "./recorder.ts";

const MODULES = [
  import.meta.resolve("../cable/test_plugins.ts"),
  import.meta.resolve("../../../plugins/mod.ts"),
];

/** Runs `vdeplug ARGS… = COMMAND…`. */
async function run(
  args: readonly string[],
  command: readonly string[],
): Promise<{ status: number; io: Recorder }> {
  const io = new Recorder(MODULES);
  return { status: await plug([...args, "=", ...command], io), io };
}

/** Lines that are not the plugin's own. */
function said({ errLines }: Recorder): string[] {
  return errLines.filter((line) => !line.startsWith("warning of"));
}

function commandTest(
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
  }, { threads: true });
}

commandTest(
  "vdeplug VNL = COMMAND says that there is no such command",
  async () => {
    const { status, io } = await run(["gives://0"], ["no-such-command", "x"]);
    assertEquals(status, 127);
    const [first, hint] = said(io);
    assertStringIncludes(first, 'Cannot start "no-such-command"');
    assertStringIncludes(hint, "no such program along PATH");
  },
);

commandTest(
  "vdeplug VNL = COMMAND says that a command cannot be run",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "no program\n");
    for (const path of [`${folder}/file`, folder]) {
      const { status, io } = await run(["gives://0"], [path]);
      assertEquals(status, 126);
      assertStringIncludes(said(io)[0], `Cannot start "${path}"`);
      assertStringIncludes(said(io)[0], "EACCES");
    }
  },
);

for (const code of [0, 1, 3, 127, 255]) {
  commandTest(
    `vdeplug VNL = COMMAND passes exit status ${code} on`,
    async () => {
      const { status, io } = await run(["gives://0"], [
        "sh",
        "-c",
        `exit ${code}`,
      ]);
      assertEquals(status, code);
      const lines = said(io);
      assertMatch(lines[0], /^ended as .*(closed the stream|hung up)$/);
      const told = `the command ended with exit status ${code}`;
      assertEquals(lines.slice(1), code === 0 ? [] : [told]);
    },
  );
}

commandTest(
  "vdeplug VNL = COMMAND tells of a signal that ended it as shells do",
  async () => {
    const { status } = await run(["gives://0"], ["sh", "-c", "kill -KILL $$"]);
    assertEquals(status, 128 + 9);
  },
);

commandTest(
  "vdeplug VNL = COMMAND gives it the network's frames in the stream form",
  async (folder) => {
    const script = `head -c 6200 >${folder}/frames`;
    const { status } = await run(["gives://100"], ["sh", "-c", script]);
    assertEquals(status, 0);
    const bytes = await Deno.readFile(`${folder}/frames`);
    const frames = new ReferenceDecoder().read(bytes, Infinity);
    assertFrames(
      frames,
      Array.from({ length: 100 }, (_, seed) => makeFrame(60, seed)),
    );
  },
);

commandTest(
  "vdeplug VNL = COMMAND delivers all that a command wrote before it ended",
  async (folder) => {
    const frames = Array.from(
      { length: 3000 },
      (_, seed) => makeFrame(60, seed),
    );
    await Deno.writeFile(`${folder}/frames`, joinBytes(frames.map(encode)));
    const command = ["sh", "-c", `cat ${folder}/frames; exit 5`];
    const { status, io } = await run(["--json", "null://"], command);
    assertEquals(status, 5);
    const { backward } = JSON.parse(io.dataLines[0]);
    assertEquals([backward.frames, backward.bytes], [3000, 180_000]);
  },
);

commandTest(
  "vdeplug VNL = COMMAND gives status 1 when the network breaks",
  async () => {
    const { status, io } = await run(["breaks://plug"], ["cat"]);
    assertEquals(status, 1);
    assertStringIncludes(said(io)[0], "(EIO)");
  },
);

/** Runs a command until it has written its process id, then stops the cable. */
async function stopped(
  script: string,
  folder: string,
): Promise<{ status: number; io: Recorder; pid: string; tookMs: number }> {
  const io = new Recorder(MODULES);
  const ready =
    `echo $$ >${folder}/pid.new; mv ${folder}/pid.new ${folder}/pid`;
  const args = ["gives://0", "=", "sh", "-c", `${ready}; ${script}`];
  const status = plug(args, io);
  let pid = "";
  await until(() => {
    try {
      pid = Deno.readTextFileSync(`${folder}/pid`).trim();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return pid !== "";
  });
  const start = performance.now();
  io.abort("SIGTERM");
  const ended = await status;
  return { status: ended, io, pid, tookMs: performance.now() - start };
}

function isAlive(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const STOPPED = [
  { name: "that ends with its input", script: "cat >/dev/null" },
  { name: "that does not look at its input", script: "exec sleep 60" },
] as const;

for (const { name, script } of STOPPED) {
  commandTest(
    `vdeplug VNL = COMMAND ends a command ${name} when it is stopped`,
    async (folder) => {
      const { status, io, pid, tookMs } = await stopped(script, folder);
      assertEquals([status, said(io)], [0, ["ended by SIGTERM"]]);
      assertEquals(isAlive(pid), false);
      // Then it would have been killed.
      assertLess(tookMs, TERM_PATIENCE_MS);
    },
  );
}
