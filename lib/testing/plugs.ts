/**
 * What tests of plugs need again and again: frames that are known again,
 * options that record, and waiting for a condition instead of for a time.
 *
 * @module
 */

import { AssertionError } from "./assert.ts";
import { Burst } from "../net/burst.ts";
import { ETHERNET_HEADER_BYTES } from "../net/frame.ts";
import { PLUGIN_KIT } from "../kit/mod.ts";
import { THIS_MACHINE } from "../machine/mod.ts";
import { Counters } from "../plug/counters.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { Registry } from "../plug/registry.ts";
import { seededRandom } from "./random.ts";

/** Only what fails takes as long. */
const DEFAULT_TIMEOUT_MS = 30_000;
const SOURCE_OFFSET = 6;
const TYPE_OFFSET = 12;

/** IEEE 802's first local experimental type: no host answers it. */
const TEST_TYPE = 0x88b5;

/**
 * A broadcast frame of a local experimental type, the same for the same
 * arguments. The source address 02:00:… carries the seed, so that frames of a
 * header alone differ too; what follows the header is random.
 *
 * @param length In bytes; shorter than a header: the header's beginning.
 * @param seed 0 to 2^32 - 1.
 */
export function makeFrame(
  length: number,
  seed: number,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(Math.max(length, ETHERNET_HEADER_BYTES));
  const view = new DataView(frame.buffer);
  frame.fill(0xff, 0, SOURCE_OFFSET);
  view.setUint16(SOURCE_OFFSET, 0x0200);
  view.setUint32(SOURCE_OFFSET + 2, seed);
  view.setUint16(TYPE_OFFSET, TEST_TYPE);
  const payload = frame.length - ETHERNET_HEADER_BYTES;
  frame.set(seededRandom(seed).bytes(payload), ETHERNET_HEADER_BYTES);
  return frame.subarray(0, length);
}

/** A burst that holds copies of these frames. */
export function burstOf(frames: readonly Uint8Array[]): Burst {
  const burst = new Burst();
  for (const frame of frames) {
    if (!burst.push(frame)) throw new RangeError("Cannot fill burst: no room");
  }
  return burst;
}

/** Whether two frames are the same, byte for byte. */
export function sameFrame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, index) => byte === other[index]);
}

/** Asserts that these frames came, in this order; tells of the first that did not, not of all their bytes. */
export function assertFrames(
  got: readonly Uint8Array[],
  wanted: readonly Uint8Array[],
): void {
  const count = Math.max(got.length, wanted.length);
  for (let index = 0; index < count; index++) {
    const [one, other] = [got[index], wanted[index]];
    if (one && other && sameFrame(one, other)) continue;
    throw new AssertionError(
      `frame ${index} of ${wanted.length}: wanted ${describeFrame(other)}, ` +
        `received ${describeFrame(one)}`,
    );
  }
}

function describeFrame(frame: Uint8Array | undefined): string {
  if (frame === undefined) return "none";
  const header = Array.from(
    frame.subarray(SOURCE_OFFSET, ETHERNET_HEADER_BYTES),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
  return `${frame.length} bytes (source and type ${header})`;
}

/** Options whose counters are new and whose log is kept. */
export interface TestOptions extends OpenOptions {
  /** What was logged, each line behind `warn: ` or `debug: `. */
  readonly lines: readonly string[];
}

/** Named, as a program names it to a registry: `open` in the options opens these, too. */
const BUILT_IN = new URL("../../plugins/mod.ts", import.meta.url).href;

/** Makes options for one plug; their `open` knows the built-in schemes and those that are registered. */
export function testOptions(): TestOptions {
  const lines: string[] = [];
  const parts = {
    description: "test",
    kit: PLUGIN_KIT,
    receiveCounters: new Counters(),
    sendCounters: new Counters(),
    log: {
      warn: (line: string) => void lines.push(`warn: ${line}`),
      debug: (line: string) => void lines.push(`debug: ${line}`),
    },
    lines,
  };
  const registry = new Registry([BUILT_IN], THIS_MACHINE);
  return { ...parts, open: (vnl) => registry.open(vnl, parts) };
}

/** Received into by all, one after the other: arenas are large. */
let scratch: Burst | undefined;

/**
 * Takes the frames that wait, once. What the host sends of its own accord
 * (neighbour discovery on a TAP) is left out.
 *
 * @returns Copies of the frames that {@linkcode makeFrame} may have made.
 */
export function takeFrames(plug: Plug): Uint8Array[] {
  const burst = scratch ??= new Burst();
  burst.clear();
  plug.receive(burst);
  return Array.from({ length: burst.count }, (_, index) => burst.frame(index))
    .filter(isTestFrame)
    .map((frame) => frame.slice());
}

/** Whether {@linkcode makeFrame} may have made the frame; true for runts, which nobody else should make. */
export function isTestFrame(frame: Uint8Array): boolean {
  if (frame.length < ETHERNET_HEADER_BYTES) return true;
  return frame[TYPE_OFFSET] * 256 + frame[TYPE_OFFSET + 1] === TEST_TYPE;
}

/**
 * Receives until `wanted` frames have come or time is up.
 *
 * @returns The frames that came, perhaps fewer, perhaps more.
 * @throws What the plug throws.
 */
export async function receiveFrames(
  plug: Plug,
  wanted: number,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  await until(() => {
    frames.push(...takeFrames(plug));
    return frames.length >= wanted;
  }, timeoutMs);
  return frames;
}

/**
 * Tries again and again, other work of the event loop in between, until a try
 * succeeds or time is up.
 *
 * @param attempt Returns whether all is done.
 * @returns Whether it was done in time.
 */
export async function until(
  attempt: () => boolean,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!attempt()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return true;
}

/** This process's open descriptors, each as `number -> what it is`, sorted. */
export function openDescriptors(): string[] {
  const found: string[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      found.push(`${name} -> ${Deno.readLinkSync(`/proc/self/fd/${name}`)}`);
    } catch (error) {
      // The descriptor with which the folder itself was read.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return found.sort();
}
