import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { plug } from "../../../lib/cli/plug.ts";
import config from "../../../deno.json" with { type: "json" };
import { ffiTest } from "../../ffi/case.ts";
import { until } from "../../plugs.ts";
import { Recorder } from "./recorder.ts";

const MODULES = [
  import.meta.resolve("../cable/test_plugins.ts"),
  import.meta.resolve("../../../plugins/mod.ts"),
];

/** A run of the main command to its end. */
interface Run {
  readonly status: number;
  readonly io: Recorder;
}

interface RunOptions {
  /** Stops it once this is true; asked again and again. */
  readonly stopWhen?: (io: Recorder) => boolean;
  readonly signal?: string;
}

async function run(
  args: readonly string[],
  { stopWhen, signal }: RunOptions = {},
): Promise<Run> {
  const io = new Recorder(MODULES);
  let ended = false;
  const status = plug(args, io).finally(() => ended = true);
  if (stopWhen !== undefined) {
    await until(() => ended || stopWhen(io));
    io.abort(signal);
  }
  return { status: await status, io };
}

function plugTest(name: string, fn: () => Promise<void>): void {
  ffiTest(name, fn, { threads: true });
}

/** Whether both plugs have told: the cable is open. */
function isOpen(io: Recorder): boolean {
  return warningsOf(io) === 2;
}

function warningsOf({ errLines }: Recorder): number {
  return errLines.filter((line) => line.startsWith("warning of")).length;
}

/** How many plugs have told what they were described as. */
function descriptionsOf({ errLines }: Recorder): number {
  return errLines.filter((line) => line.startsWith("described")).length;
}

plugTest("plug() prints the version", async () => {
  const { status, io } = await run(["--version"]);
  assertEquals([status, io.outLines], [0, [`vdeplug ${config.version}`]]);
});

plugTest("plug() prints help to standard output", async () => {
  const { status, io } = await run(["--help"]);
  assertEquals([status, io.errLines], [0, []]);
  assertStringIncludes(io.outLines.join("\n"), "Usage:");
  assertStringIncludes((await run(["-h", "tap"])).io.outLines[0], "tap://NAME");
});

const REFUSALS = [
  { args: [], status: 2, includes: "no VNL is given", hint: "vdeplug --help" },
  { args: ["-x"], status: 2, includes: 'option "-x"', hint: "vdeplug --help" },
  {
    args: ["nul://", "tap://"],
    status: 2,
    includes: 'perhaps "null" is meant',
  },
  {
    args: ["null://", "./nothing"],
    status: 1,
    includes: "found no switch",
    hint: 'without "://", "./nothing" is the folder of a VDE switch',
  },
  { args: ["-d", "null://", "null://"], status: 1, includes: "background" },
  { args: ["null:///a=1", "null://"], status: 2, includes: 'no key "a"' },
  {
    args: ["refuses://type", "gives://0"],
    status: 2,
    includes: "a type is wrong",
  },
  {
    args: ["refuses://range", "gives://0"],
    status: 2,
    includes: "a range is wrong",
  },
  {
    args: ["refuses://syntax", "gives://0"],
    status: 2,
    includes: 'ends with "{"',
  },
  {
    args: ["gives://0", "refuses://plug"],
    status: 1,
    includes: "(EPERM)",
    hint: "run as root",
  },
  {
    args: ["refuses://plug", "=", "cat"],
    status: 1,
    includes: "(EPERM)",
    hint: "run as root",
  },
  { args: ["--help", "no-such"], status: 2, includes: '"no-such"' },
] as const;

for (const { args, status: wanted, includes, ...rest } of REFUSALS) {
  plugTest(
    `plug() gives status ${wanted} for ${JSON.stringify(args)}`,
    async () => {
      const { status, io } = await run(args);
      assertEquals(status, wanted);
      const lines = io.errLines.filter((line) =>
        !line.startsWith("warning of")
      );
      assertStringIncludes(lines[0], includes);
      const hints = "hint" in rest ? [rest.hint] : [];
      assertEquals(lines.length, 1 + hints.length);
      for (const hint of hints) assertStringIncludes(lines[1], hint);
      assertEquals(io.outLines, []);
    },
  );
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  plugTest(
    `plug() ends with status 0 when ${signal} comes, and says so`,
    async () => {
      const options = { stopWhen: isOpen, signal };
      const { status, io } = await run(["gives://1", "gives://1"], options);
      assertEquals([status, io.errLines.at(-1)], [0, `ended by ${signal}`]);
    },
  );
}

plugTest("plug() ends when it was told to before it began", async () => {
  const io = new Recorder(MODULES);
  io.abort("SIGINT");
  assertEquals(await plug(["gives://1", "gives://1"], io), 0);
  assertEquals(io.errLines.at(-1), "ended by SIGINT");
});

const ENDS = [
  {
    vnl: "breaks://plug",
    status: 1,
    said: "Cannot read from it: input/output error (EIO) (replace the disk)",
  },
  {
    vnl: "breaks://type",
    status: 1,
    said: `Cannot receive from "breaks://type": the plugin of ${
      new URL("../cable/test_plugins.ts", import.meta.url).pathname
    } threw TypeError: x is not a function (LINE)`,
  },
  { vnl: "breaks://end", status: 0, said: "ended as it is over" },
] as const;

for (const { vnl, status: wanted, said } of ENDS) {
  plugTest(
    `plug() gives status ${wanted} when ${vnl} ends, and says why`,
    async () => {
      const { status, io } = await run(["null://", vnl]);
      const last = io.errLines.at(-1)?.replace(/\(file:.*\)$/, "(LINE)");
      assertEquals([status, last], [wanted, said]);
    },
  );
}

plugTest("plug() tells more with --verbose", async () => {
  for (const [args, lines] of [[[], 0], [["--verbose"], 2]] as const) {
    const { io } = await run([...args, "gives://1", "gives://1"], {
      stopWhen: (io) => isOpen(io) && descriptionsOf(io) >= lines,
    });
    assertEquals(descriptionsOf(io), lines);
  }
});

plugTest("plug() hands the description on", async () => {
  const args = ["-v", "-D", "it is me", "gives://1", "null://"];
  const { io } = await run(args, {
    stopWhen: (io) => descriptionsOf(io) > 0,
  });
  assert(io.errLines.includes("described as it is me"), `${io.errLines}`);
});

plugTest("plug() prints counters in the end with --json", async () => {
  const { status, io } = await run(["--json", "breaks://end", "null://"]);
  assertEquals([status, io.dataLines.length], [0, 1]);
  const { forward, backward } = JSON.parse(io.dataLines[0]);
  assertEquals([forward.frames, forward.bytes, backward.frames], [3, 180, 0]);
});

plugTest("plug() prints lines and a summary with --stats", async () => {
  const { io } = await run(["--stats=0.01", "gives://7", "null://"], {
    stopWhen: (io) =>
      io.errLines.filter((line) => line.includes("→ 7 frames")).length > 2,
  });
  const summary = io.errLines.filter((line) => line.includes("on average"));
  assertEquals(summary.length, 2);
  assertMatch(summary[0], /^→ 7 frames, 420 B, /);
});
