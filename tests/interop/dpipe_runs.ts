/**
 * `dpipe`, Debian's and ours, run with small programs that tell what they were
 * given.
 *
 * @module
 */

import { assert } from "@std/assert";
import {
  type LabProcess,
  PATIENCE_MS,
  peerAvailable,
  prepareVdeplug,
  reasonToSkip,
  spawn,
  type SpawnOptions,
  vdeplug,
} from "../lab/mod.ts";
import { until } from "../plugs.ts";

/** Debian's `dpipe`, or the one of this tree. */
export type Tool = "C" | "ours";

/** Both of them. */
export const TOOLS: readonly Tool[] = ["C", "ours"];

/** Why a tool cannot run here. */
const SKIPS: Readonly<Record<Tool, string | undefined>> = {
  C: await reasonToSkip(peerAvailable("dpipe")),
  ours: undefined,
};

/**
 * Registers a test of a tool.
 *
 * @param fn Is given a folder, which is removed afterwards.
 */
export function toolTest(
  tool: Tool,
  name: string,
  fn: (folder: string) => Promise<void>,
): void {
  const skip = SKIPS[tool];
  const title = tool === "C" ? `dpipe of Debian ${name}` : `dpipe ${name}`;
  Deno.test({
    name: skip === undefined ? title : `${title} (skipped: ${skip})`,
    ignore: skip !== undefined,
    fn: async () => {
      await (preparation ??= prepareVdeplug());
      const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
      try {
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** Settles once our program can be started. */
let preparation: Promise<void> | undefined;

/** Program and arguments of a tool. */
export function dpipe(tool: Tool, ...args: string[]): string[] {
  return tool === "C" ? ["dpipe", ...args] : vdeplug("dpipe", ...args);
}

/** Arguments that run a script. */
export function sh(script: string): string[] {
  return ["sh", "-c", script];
}

/** How a run ended. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line to its end. */
export async function run(
  argv: readonly string[],
  options: SpawnOptions = {},
): Promise<Run> {
  await using process: LabProcess = spawn(argv, options);
  const { code } = await process.exited;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

/** Waits until a process waits for something to happen (`S` in proc(5)). */
export async function untilAsleep(pid: number): Promise<void> {
  const isAsleep = () => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("S");
  };
  assert(await until(isAsleep, PATIENCE_MS), `process ${pid} does not wait`);
}

/**
 * Waits until a process group has so many members: what was killed, or has
 * closed all that it had, may take a moment to be gone.
 */
export async function untilGroupHas(
  count: number,
  group: number,
): Promise<void> {
  const isSo = () => groupMembers(group).length === count;
  const found = await until(isSo, PATIENCE_MS);
  assert(found, `process group ${group}: ${groupMembers(group)}`);
}

/** Process ids of the members of a process group, zombies left out. */
function groupMembers(group: number): number[] {
  const members: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      const [, state, , number] = stat.slice(stat.lastIndexOf(")")).split(" ");
      if (state !== "Z" && Number(number) === group) members.push(Number(name));
    } catch (error) {
      // It ended while the folder was read.
      if (error instanceof Deno.errors.NotFound) continue;
      if (String(error).includes("os error 3")) continue;
      throw error;
    }
  }
  return members;
}

/** Waits until a file holds a whole line; returns its text without the line's end. */
export async function readLine(path: string): Promise<string> {
  let text = "";
  const came = await until(() => {
    try {
      text = Deno.readTextFileSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return text.endsWith("\n");
  }, PATIENCE_MS);
  if (!came) throw new RangeError(`Cannot read "${path}": found "${text}"`);
  return text.trimEnd();
}

/** Whether a file is there. */
export function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Writes its descriptors (of the shell that runs it: the inner one moves them
 * about), then the alternate ones' numbers, into the
 * file of its name.
 */
const SHOW = '(ls -l /proc/$$/fd >"$1/$0.new"); ' +
  'echo "alternate $ALTERNATE_STDIN $ALTERNATE_STDOUT" >>"$1/$0.new"; ' +
  'mv "$1/$0.new" "$1/$0"';

/** Puts for each single letter of a line a program that shows its descriptors. */
export function showing(words: string, folder: string): string[] {
  return words.split(" ").flatMap((word) =>
    /^[a-z]$/.test(word) ? ["sh", "-c", SHOW, word, folder] : [word]
  );
}

/** What one program showed. */
export interface Shown {
  /** Numbers of the descriptors, and what they are: `pipe:[1]`. */
  readonly files: ReadonlyMap<number, string>;
  readonly alternates: readonly [input: number, output: number];
}

/** Reads what the programs of {@linkcode showing} showed, by their names. */
export async function readShown(folder: string): Promise<Map<string, Shown>> {
  const all = new Map<string, Shown>();
  for await (const { name } of Deno.readDir(folder)) {
    const text = await Deno.readTextFile(`${folder}/${name}`);
    const files = new Map<number, string>();
    for (const [, fd, file] of text.matchAll(/ (\d+) -> (.*)$/gm)) {
      files.set(Number(fd), file);
    }
    const [, input, output] = /^alternate (\d+) (\d+)$/m.exec(text) ?? [];
    all.set(name, { files, alternates: [Number(input), Number(output)] });
  }
  return all;
}

/**
 * The pipes as `from→to`, with `'` at alternate descriptors, sorted; `leaked`
 * holds what has one of these pipes at any other descriptor.
 */
export function edges(
  shown: ReadonlyMap<string, Shown>,
): { pipes: string[]; leaked: string[] } {
  const readers = new Map<string, string>();
  const writers = new Map<string, string>();
  const others: [file: string, where: string][] = [];
  for (const [name, { files, alternates }] of shown) {
    const places = new Map(
      [
        [0, [readers, name]],
        [1, [writers, name]],
        [alternates[0], [readers, `${name}'`]],
        [alternates[1], [writers, `${name}'`]],
      ] as const,
    );
    for (const [fd, file] of files) {
      const place = places.get(fd);
      if (place === undefined) others.push([file, `${name}${fd}`]);
      else place[0].set(file, place[1]);
    }
  }
  return {
    pipes: [...writers].map(([file, from]) => `${from}→${readers.get(file)}`)
      .sort(),
    leaked: others.filter(([file]) => writers.has(file) || readers.has(file))
      .map(([, where]) => where),
  };
}
