/**
 * `cmd://` through the command line: programs that carry frames, Debian's and
 * ours, and programs that end in every way.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  canMakeTaps,
  labTest,
  PATIENCE_MS,
  peerAvailable,
  reasonToSkip,
  spawn,
  vdeplug,
} from "../lab/mod.ts";
import { joinBytes } from "../ffi/pipes.ts";
import { encode } from "../lib/plug/stream_reference.ts";
import { makeFrame, until } from "../plugs.ts";
import { readLine, run } from "./dpipe_runs.ts";
import {
  address,
  assertPings,
  assertTransfer,
  command,
  plugIn,
  prepared,
  type Tool,
} from "./nodes.ts";

const needs = [canMakeTaps(), peerAvailable("ping")];
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noTap = await reasonToSkip(...needs);

await prepared();

const NET = "vxvde://";
const BYTES = 10_000_000;

/** A command line for cmd://: words that need no quotes. */
function commandLine(tool: Tool, ...args: string[]): string {
  const words = command(tool, ...args);
  assert(words.every((word) => /^[\w./:@-]+$/.test(word)), words.join(" "));
  return `cmd://${words.join(" ")}`;
}

const CARRIERS = [
  { outer: "ours", inner: "C", skip: noC },
  { outer: "ours", inner: "ours", skip: noTap },
  { outer: "C", inner: "ours", skip: noC },
] as const;

for (const { outer, inner, skip } of CARRIERS) {
  labTest(
    `cmd:// of ${outer}, with a program of ${inner}, carries pings and 10 MB each way`,
    skip,
    async (lab) => {
      const [a, b] = [await lab.host("a"), await lab.host("b")];
      await lab.link(a, b);
      const vnl = commandLine(inner, NET);
      const [program, ...args] = command(outer, "tap://t0", vnl);
      const cable = a.spawn(program, args, { input: true });
      const settings = { tool: outer, vnl, number: 1 } as const;
      const here = await address(a, cable, settings);
      const there = await plugIn(b, { tool: "ours", vnl: NET, number: 2 });
      await assertPings(here, there);
      await assertTransfer(here, there, { bytes: BYTES });
      await assertTransfer(there, here, { bytes: BYTES, ipv6: true });
    },
  );
}

/** Runs a test with a folder that is removed. */
function folderTest(
  name: string,
  fn: (folder: string) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
    try {
      await fn(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const ENDS = [
  { line: "true", code: 0, says: 'command "true" ended with exit status 0' },
  {
    line: "sh -c 'exit 3'",
    code: 1,
    says: 'Cannot go on with command "sh": it ended with exit status 3',
  },
  {
    line: "sh -c 'kill -KILL $$'",
    code: 1,
    says: "signal 9 ended it (exit status 137)",
  },
  {
    line: "no-such-program",
    code: 1,
    says:
      'Cannot open "cmd://no-such-program": Cannot start "no-such-program": ' +
      "no such file or directory (ENOENT)",
  },
  {
    line: "/etc",
    code: 1,
    says: 'Cannot start "/etc": permission denied (EACCES)',
  },
  { line: "cat 'a", code: 2, says: "a single quote must be closed" },
] as const;

for (const { line, code, says } of ENDS) {
  for (const place of ["first", "second"] as const) {
    Deno.test(`vdeplug with cmd://${line} as the ${place} VNL tells how it ended`, async () => {
      const vnls = [`cmd://${line}`, "null://"];
      if (place === "second") vnls.reverse();
      const result = await run(vdeplug(...vnls));
      assertEquals(result.code, code, result.stderr);
      assertStringIncludes(result.stderr, says);
    });
  }
}

for (const code of [0, 3]) {
  folderTest(
    `vdeplug delivers all that a cmd:// program wrote before it ended with ${code}`,
    async (folder) => {
      const frames = Array.from(
        { length: 10_000 },
        (_, seed) => encode(makeFrame(60 + seed % 1000, seed)),
      );
      const bytes = joinBytes(frames);
      await Deno.writeFile(`${folder}/frames`, bytes);
      const vnl = `cmd://sh -c "cat ${folder}/frames; exit ${code}"`;
      // The reader is slow: all is in the pipes when the program ends.
      const script = `{ sleep 0.5; exec cat; } >${folder}/out`;
      const cable = vdeplug(vnl).map((word) =>
        `'${word.replaceAll("'", `'\\''`)}'`
      );
      const shell = `{ ${
        cable.join(" ")
      }; echo $? >${folder}/code; } | ${script}`;
      // Standard input stays open: the end is the program's.
      await using process = spawn(["sh", "-c", shell], { input: true });
      await process.exited;
      assertEquals(await readLine(`${folder}/code`), code === 0 ? "0" : "1");
      assertEquals(await Deno.readFile(`${folder}/out`), bytes);
    },
  );
}

folderTest(
  "vdeplug told to end ends its cmd:// program, too",
  async (folder) => {
    const script = `trap "echo told >${folder}/told; exit 0" TERM; ` +
      `echo $$ >${folder}/pid; while :; do sleep 0.05; done`;
    await using cable = spawn(vdeplug("null://", `cmd://sh -c '${script}'`));
    const pid = await readLine(`${folder}/pid`);
    const { code } = await cable.terminate();
    assertEquals(code, 0, cable.stderr);
    assertEquals(await readLine(`${folder}/told`), "told");
    const isGone = () => {
      try {
        Deno.statSync(`/proc/${pid}`);
        return false;
      } catch (error) {
        return error instanceof Deno.errors.NotFound;
      }
    };
    assert(await until(isGone, PATIENCE_MS));
  },
);
