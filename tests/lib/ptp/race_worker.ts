/**
 * One of several ends that start at the same moment, again and again, each in
 * a thread of its own; started by race_test.ts.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { monotonicMs } from "../../../ffi/clock.ts";
import { burstOf, makeFrame, takeFrames, until } from "../../plugs.ts";
import { open } from "./places.ts";

/** What a racer is told. */
export interface Race {
  /** One path a round, the same for all racers. */
  readonly vnls: readonly string[];
  /** 0 or 1. */
  readonly number: number;
  /** Two words: how many racers have arrived, ever, at the start and at the end of a round. */
  readonly gates: SharedArrayBuffer;
}

const RACERS = 2;
/** Far above what an end takes that has to look twice. */
const PATIENCE_MS = 8000;

self.onmessage = async ({ data }: MessageEvent<Race>) => {
  monotonicMs();
  const failures: string[] = [];
  for (const [round, vnl] of data.vnls.entries()) {
    pass(data, 0, round);
    const failure = await meet(vnl, data, round);
    if (failure !== undefined) failures.push(`${vnl}: ${failure}`);
  }
  self.postMessage(failures);
};

/** Waits, without giving the thread away, until all have come so far. */
function pass({ gates }: Race, gate: number, round: number): void {
  const words = new Int32Array(gates);
  Atomics.add(words, gate, 1);
  while (Atomics.load(words, gate) < (round + 1) * RACERS);
}

/** Opens an end, and waits until frames of the other came and ours have gone there. */
async function meet(
  vnl: string,
  race: Race,
  round: number,
): Promise<string | undefined> {
  try {
    using plug = await open(vnl);
    const burst = burstOf([makeFrame(60, race.number)]);
    const words = new Int32Array(race.gates);
    let met = false;
    const done = await until(() => {
      plug.send(burst, 0);
      if (takeFrames(plug).length > 0 && !met) {
        met = true;
        Atomics.add(words, 1, 1);
      }
      return Atomics.load(words, 1) >= (round + 1) * RACERS;
    }, PATIENCE_MS);
    if (done) return undefined;
    if (!met) Atomics.add(words, 1, 1);
    return "heard nobody";
  } catch (error) {
    Atomics.add(new Int32Array(race.gates), 1, 1);
    return String(error);
  }
}
