/**
 * Peers that are programs of Debian's libvdeplug: vdepeer.c, compiled when it
 * is first needed.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  type Availability,
  LabError,
  type LabProcess,
  searchPath,
  spawn,
} from "../lab/mod.ts";

const SOURCE = new URL("vdepeer.c", import.meta.url).pathname;
const STANDARD = ["-std=gnu11", "-O2", "-Wall", "-Wextra"];

/** What is sent, and looked for. */
export interface Load {
  /** Number of frames. */
  readonly count: number;
  /** How many a second. */
  readonly rate: number;
  /** `MIN-MAX/STEP` in bytes. */
  readonly sizes: string;
}

/** What a sink has seen, frame by frame. */
export interface Tally {
  readonly received: number;
  readonly lost: number;
  readonly reordered: number;
  readonly duplicated: number;
  readonly truncated: number;
  readonly corrupt: number;
  readonly foreign: number;
}

/** Longer than anything of ours holds a frame back. */
const IDLE_MS = 10_000;

/**
 * Frames that may be under way: as many as the queue of a socket has room for.
 * Whoever takes nothing for some time loses what does not wait there.
 */
const WINDOW_FRAMES = 8;
const STEP_FRAMES = 4;

let compiled: Promise<string | LabError> | undefined;

/** Whether the program can be compiled here, found out by doing it. */
export async function canMakePeers(): Promise<Availability> {
  const result = await (compiled ??= compile());
  return result instanceof LabError
    ? { ok: false, reason: result.message }
    : { ok: true };
}

/** The compiled program's path, or why there is none. */
async function compile(): Promise<string | LabError> {
  const folder = await Deno.makeTempDir({ prefix: "vdepeer-" });
  globalThis.addEventListener("unload", () => {
    Deno.removeSync(folder, { recursive: true });
  });
  const program = join(folder, "vdepeer");
  try {
    const { code, stderr } = await new Deno.Command("cc", {
      args: [...STANDARD, "-o", program, SOURCE, "-lvdeplug"],
      env: { PATH: searchPath(), LC_ALL: "C" },
    }).output();
    if (code === 0) return program;
    const text = new TextDecoder().decode(stderr);
    const line = text.split("\n").find((each) => each.includes("error")) ?? "";
    return new LabError(
      `no program of libvdeplug can be compiled: ${line.trim()}`,
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return new LabError("no program of libvdeplug can be compiled: no cc");
  }
}

/** Starts a peer; settled once it has joined. Needs `canMakePeers`. */
async function start(vnl: string, ...args: string[]): Promise<LabProcess> {
  const program = await (compiled ??= compile());
  if (program instanceof LabError) throw program;
  const process = spawn([program, vnl, ...args], { input: true });
  try {
    await process.waitFor(/^ready$/m);
    return process;
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

/** A peer that sends every frame back, its addresses swapped. */
export function startEcho(vnl: string): Promise<LabProcess> {
  return start(vnl, "echo");
}

/** A peer that takes a load; see `tally`. */
export function startSink(vnl: string, load: Load): Promise<LabProcess> {
  return start(vnl, "sink", `${load.count}`, `${IDLE_MS}`, load.sizes);
}

/** What a sink has seen, once it has seen all, or nothing more comes. */
export async function tally(sink: LabProcess): Promise<Tally> {
  return JSON.parse(await lastLine(sink));
}

/** A peer's last line. */
const RESULT = /^\{.*\}$/m;

/** Who takes a load. */
export interface Takers {
  readonly sinks: readonly LabProcess[];
  /** Each gets its share, not all. */
  readonly shared: boolean;
}

/**
 * Sends a load, no faster than it is taken, and asserts that the library took
 * all of it.
 */
export async function send(
  vnl: string,
  load: Load,
  takers: Takers,
): Promise<void> {
  const { count, rate, sizes } = load;
  await using source = await start(
    vnl,
    "source",
    `${count}`,
    `${rate}`,
    sizes,
  );
  await feed(source, count, takers);
  for (const sink of takers.sinks) await sink.waitFor(RESULT);
  await source.closeInput();
  const { sent, failed, error } = JSON.parse(await lastLine(source));
  assertEquals({ sent, failed, error }, { sent: count, failed: 0, error: "" });
}

/** Lets a source send as its frames are taken. */
async function feed(
  source: LabProcess,
  count: number,
  { sinks, shared }: Takers,
): Promise<void> {
  let limit = 0;
  while (limit < count) {
    limit = limit === 0 ? WINDOW_FRAMES : limit + STEP_FRAMES;
    await source.write(new TextEncoder().encode(`${limit}\n`));
    const taken = Math.min(limit + STEP_FRAMES, count) - WINDOW_FRAMES;
    const share = shared ? taken / sinks.length : taken;
    for (const sink of sinks) {
      await sink.waitFor(new RegExp(`^taken ${share - share % 2}$`, "m"));
    }
  }
}

async function lastLine(peer: LabProcess): Promise<string> {
  const [line] = await peer.waitFor(RESULT);
  const { code } = await peer.exited;
  assertEquals(code, 0, peer.report());
  return line;
}
