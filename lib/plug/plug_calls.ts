/**
 * Calls of a plug's functions: what they return is checked, once a burst, and
 * what goes wrong in them is told with the name of the plugin.
 *
 * A plug is often the work of somebody who wrote JavaScript. A wrong number of
 * frames would otherwise be added up: whoever drives the plug would count
 * frames that never were, or offer the same ones for ever.
 *
 * @module
 */

import type { Burst } from "../net/burst.ts";
import { PlugError } from "./errors.ts";
import { type Culprit, explainFault, SOMEBODY } from "./fault.ts";
import type { Plug } from "./plugin.ts";

/** What a plug is called in errors. */
export interface PlugName {
  /** The VNL, or what else was opened. */
  readonly vnl: string;
  /** The plugin that made it. */
  readonly culprit: Culprit;
}

/** Most turns in which whoever drives a plug looks for its last frames, once the other side has hung up. */
export const MAX_LAST_TURNS = 1000;

const NAMELESS: PlugName = { vnl: "", culprit: SOMEBODY };

const names = new WeakMap<Plug, PlugName>();

/**
 * Remembers what a plug is called in errors.
 *
 * @returns The plug.
 */
export function namePlug<P extends Plug>(plug: P, name: PlugName): P {
  names.set(plug, name);
  return plug;
}

/**
 * Has a plug append frames to a burst.
 *
 * @returns Number of frames appended.
 * @throws {PlugError} What the plug throws, {@linkcode LinkEnd} among it; or
 * if it returns anything but the number of frames that it appended, or
 * appended more than there is room for.
 */
export function receiveInto(plug: Plug, burst: Burst): number {
  const before = burst.count;
  let frames: number;
  try {
    frames = plug.receive(burst);
  } catch (error) {
    throw explainCall(plug, "receive from", error);
  }
  const appended = burst.count - before;
  if (burst.count > burst.capacityFrames) {
    throw wrongResult(plug, {
      attempt: "receive from",
      wanted: `a burst must hold at most ${burst.capacityFrames} frames`,
      found: `filled it with ${burst.count}`,
    });
  }
  if (frames === appended && frames >= 0) return frames;
  throw wrongResult(plug, {
    attempt: "receive from",
    wanted: `receive must return the number of frames it appended, ${appended}`,
    found: `returned ${Deno.inspect(frames)}`,
  });
}

/**
 * Offers a plug the frames of a burst from index `from` on.
 *
 * @returns Number of frames taken.
 * @throws {PlugError} What the plug throws, {@linkcode LinkEnd} among it; or
 * if it returns anything but a number of frames that it can have taken.
 */
export function sendFrom(plug: Plug, burst: Burst, from: number): number {
  const offered = burst.count - from;
  let taken: number;
  try {
    taken = plug.send(burst, from);
  } catch (error) {
    throw explainCall(plug, "send to", error);
  }
  // NaN is none of these, either.
  if (taken === offered) return taken;
  if (Number.isInteger(taken) && taken >= 0 && taken < offered) return taken;
  throw wrongResult(plug, {
    attempt: "send to",
    wanted: `send must return how many frames it took, 0 to ${offered}`,
    found: `returned ${Deno.inspect(taken)}`,
  });
}

/**
 * Sees to it that a plug that did not take all frames can be waited for.
 *
 * @throws {PlugError} If it has no `writeFd`.
 */
export function requireWriteFd(plug: Plug): void {
  if ((plug.writeFd ?? -1) >= 0) return;
  throw wrongResult(plug, {
    attempt: "send to",
    wanted: "a plug that leaves frames must have a writeFd",
    found: "has none, and left frames",
  });
}

/** The error for a descriptor of a plug at which poll(2) finds nothing open. */
export function notOpen(plug: Plug, fd: number | undefined): PlugError {
  const { vnl, culprit } = nameOf(plug);
  const owner = culprit.url === undefined ? "" : ` (${culprit.words})`;
  return new PlugError(
    `Cannot ${
      attemptOn("wait for", vnl)
    }: descriptor ${fd} is not open${owner}`,
    { code: "EBADF" },
  );
}

/** The error for a plug whose descriptor cannot be waited for together with others. */
export function notWatchable(
  plug: Plug,
  { message, code }: PlugError,
): PlugError {
  const { vnl } = nameOf(plug);
  return new PlugError(`Cannot ${attemptOn("wait for", vnl)}: ${message}`, {
    code,
  });
}

/** One of the errors that a link may throw, of whatever a plug threw. */
export function explainCall(
  plug: Plug,
  verb: string,
  error: unknown,
): Error {
  const { vnl, culprit } = nameOf(plug);
  return explainFault(error, attemptOn(verb, vnl), culprit);
}

/** What a function of a plug was to do, and did. */
export interface WrongResult {
  readonly attempt: string;
  readonly wanted: string;
  readonly found: string;
}

/** The error for a plug that has returned what no plug may. */
export function wrongResult(
  plug: Plug,
  { attempt, wanted, found }: WrongResult,
): PlugError {
  const { vnl, culprit } = nameOf(plug);
  return new PlugError(
    `Cannot ${attemptOn(attempt, vnl)} as ${wanted}: ${culprit.words} ${found}`,
  );
}

function nameOf(plug: Plug): PlugName {
  return names.get(plug) ?? NAMELESS;
}

function attemptOn(verb: string, vnl: string): string {
  return vnl === "" ? `${verb} a plug` : `${verb} "${vnl}"`;
}
