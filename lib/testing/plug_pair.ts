/**
 * The part of the plugins' contract that takes two plugs, which face each
 * other: what goes into one comes out of the other. Registered by
 * plugin_contract.ts.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "./assert.ts";
import { Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { Counter } from "../plug/counters.ts";
import type { Plug } from "../plug/plugin.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  openDescriptors,
  receiveFrames,
  sameFrame,
  takeFrames,
  type TestOptions,
  testOptions,
  until,
} from "./plugs.ts";

/** Two plugs that face each other: what one sends, the other receives. */
export interface PlugPair {
  /** One end. */
  readonly near: Plug;
  /** The other one. */
  readonly far: Plug;
  /** Gives back what stands between them; called after both are disposed of. */
  [Symbol.dispose]?(): void;
}

/** Opens a pair whose plugs already hear each other, each with its options. */
export type OpenPair = (
  near: TestOptions,
  far: TestOptions,
) => Promise<PlugPair>;

/** What is known of a link between two plugs. */
export interface PairTraits {
  /** A full link waits, and loses nothing. */
  readonly reliable?: boolean;
  /** Longest frame that what stands between the plugs lets pass, where that is less than the plugs do. */
  readonly maxFrameBytes?: number;
  /** How long a case waits for frames; 5 s where absent. */
  readonly timeoutMs?: number;
}

/** Two plugs and their options, for the cases below. */
export class Pair implements Disposable {
  readonly near: Plug;
  readonly far: Plug;
  #open = true;

  private constructor(
    private readonly opened: PlugPair,
    readonly nearOptions: TestOptions,
    readonly traits: PairTraits,
    /** Opens one more; for when this one is disposed of. */
    readonly openAnother: () => Promise<Pair>,
  ) {
    this.near = opened.near;
    this.far = opened.far;
  }

  static async open(
    openPair: OpenPair,
    traits: PairTraits,
  ): Promise<Pair> {
    const nearOptions = testOptions();
    const pair = await openPair(nearOptions, testOptions());
    const another = () => Pair.open(openPair, traits);
    return new Pair(pair, nearOptions, traits, another);
  }

  /** Longest frame that passes. */
  get maxFrameBytes(): number {
    return Math.min(
      this.near.maxFrameBytes,
      this.far.maxFrameBytes,
      this.traits.maxFrameBytes ?? Infinity,
    );
  }

  /** Tries until an attempt succeeds or time is up; returns whether it did. */
  until(attempt: () => boolean): Promise<boolean> {
    return until(attempt, this.traits.timeoutMs);
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.near[Symbol.dispose]();
    this.far[Symbol.dispose]();
    this.opened[Symbol.dispose]?.();
  }
}

/** What {@linkcode assertPasses} sends and expects. */
interface Sending {
  readonly burst: Burst;
  /** Index of the first frame to send; 0 where absent. */
  readonly from?: number;
  readonly wanted: readonly Uint8Array[];
  /** From the far plug to the near one. */
  readonly back?: boolean;
}

/**
 * Sends what `burst` holds from index `from` on, then a marker, and asserts
 * that `wanted` and the marker come out, and nothing else.
 */
async function assertPasses(pair: Pair, sending: Sending): Promise<void> {
  const { burst, from = 0, wanted, back = false } = sending;
  const [source, sink] = back ? [pair.far, pair.near] : [pair.near, pair.far];
  const got: Uint8Array[] = [];
  const pass = async (burst: Burst, from: number, frames: number) => {
    let sent = from;
    await pair.until(() => {
      if (sent < burst.count) sent += source.send(burst, sent);
      got.push(...takeFrames(sink));
      return sent === burst.count && got.length >= frames;
    });
    assertEquals(sent, burst.count, "not all frames were taken in time");
  };
  const marker = makeFrame(60, MARKER_SEED);
  await pass(burst, from, wanted.length);
  assertFrames(got, wanted);
  await pass(burstOf([marker]), 0, wanted.length + 1);
  assertFrames(got, [...wanted, marker]);
}

const MARKER_SEED = 0xfffffff0;
const LENGTHS = [14, 15, 60, 1514, 9018, 9234];

/** Names of the cases of two plugs. */
export type PairCaseName =
  | "passes frames of every length, both ways"
  | "passes the longest frame"
  | "appends behind the frames that a burst holds"
  | "sends only the frames from the given index on"
  | "drops and counts a runt"
  | "drops and counts an oversize frame"
  | "takes an empty burst"
  | "keeps frames for which a burst has no room"
  | "survives a full link"
  | "hands out what came before the other end left"
  | "gives the descriptors of both ends back";

/** Cases of two plugs. */
export const PAIR_CASES: Readonly<
  Record<PairCaseName, (pair: Pair) => Promise<void>>
> = {
  "passes frames of every length, both ways": async (pair: Pair) => {
    const fitting = LENGTHS.filter((length) => length <= pair.maxFrameBytes);
    for (const back of [false, true]) {
      const wanted = fitting.map((length, index) =>
        makeFrame(length, back ? 100 + index : index)
      );
      await assertPasses(pair, { burst: burstOf(wanted), wanted, back });
    }
  },

  "passes the longest frame": async (pair: Pair) => {
    const wanted = [makeFrame(pair.maxFrameBytes, 1)];
    await assertPasses(pair, { burst: burstOf(wanted), wanted });
  },

  "appends behind the frames that a burst holds": async (pair: Pair) => {
    const { near, far } = pair;
    const held = [makeFrame(60, 1), makeFrame(15, 2)];
    const sent = makeFrame(100, 3);
    near.send(burstOf([sent]), 0);
    const burst = burstOf(held);
    let frames = 0;
    const arrived = await pair.until(() => {
      frames += far.receive(burst);
      for (let index = held.length; index < burst.count; index++) {
        if (sameFrame(burst.frame(index), sent)) return true;
      }
      return false;
    });
    assert(arrived, "the frame did not come");
    assertEquals(burst.count, held.length + frames);
    assertFrames([burst.frame(0), burst.frame(1)], held);
  },

  "sends only the frames from the given index on": async (pair: Pair) => {
    const frames = [1, 2, 3].map((seed) => makeFrame(100, seed));
    const burst = burstOf(frames);
    await assertPasses(pair, { burst, from: 1, wanted: frames.slice(1) });
    assertEquals(burst.count, frames.length);
    assertFrames([0, 1, 2].map((index) => burst.frame(index)), frames);
  },

  "drops and counts a runt": async (pair: Pair) => {
    await assertDropped(pair, makeFrame(13, 2), "runt");
  },

  "drops and counts an oversize frame": async (pair: Pair) => {
    const frame = makeFrame(pair.near.maxFrameBytes + 1, 2);
    await assertDropped(pair, frame, "oversize");
  },

  "takes an empty burst": async (pair: Pair) => {
    const { near, nearOptions } = pair;
    const burst = new Burst();
    assertEquals(near.send(burst, 0), 0);
    assertEquals(nearOptions.sendCounters.dropped(), 0);
    await assertPasses(pair, { burst, wanted: [] });
  },

  "keeps frames for which a burst has no room": async (pair: Pair) => {
    const { near, far } = pair;
    const frames = [makeFrame(60, 1), makeFrame(1514, 2)];
    near.send(burstOf(frames), 0);
    const noFrames = new Burst(1);
    noFrames.push(makeFrame(60, 3));
    const noBytes = new Burst(8, FRAME_SLOT_BYTES);
    noBytes.push(makeFrame(FRAME_SLOT_BYTES, 3));
    for (const burst of [noFrames, noBytes]) {
      let tries = 0;
      await until(() => {
        assertEquals(far.receive(burst), 0);
        assertEquals(burst.count, 1);
        return ++tries === 5;
      });
    }
    const { timeoutMs } = pair.traits;
    assertFrames(await receiveFrames(far, frames.length, timeoutMs), frames);
  },

  "survives a full link": async (pair: Pair) => {
    if (pair.traits.reliable) await assertFullLinkWaits(pair);
    else await assertFullLinkRecovers(pair);
  },

  "hands out what came before the other end left": async (pair: Pair) => {
    const { near, far, traits } = pair;
    const frames = [1, 2, 3].map((seed) => makeFrame(60, seed));
    const burst = burstOf(frames);
    let sent = 0;
    await pair.until(() => {
      sent += near.send(burst, sent);
      return sent === burst.count;
    });
    near[Symbol.dispose]();
    const got = await receiveFrames(far, frames.length, traits.timeoutMs);
    assertFrames(got, frames);
  },

  "gives the descriptors of both ends back": async (pair: Pair) => {
    pair[Symbol.dispose]();
    const before = openDescriptors();
    (await pair.openAnother())[Symbol.dispose]();
    assertEquals(openDescriptors(), before);
  },
};

/** Asserts that of three frames the middle one is dropped, and counted as `reason`. */
async function assertDropped(
  pair: Pair,
  unfit: Uint8Array,
  reason: "runt" | "oversize",
): Promise<void> {
  const wanted = [makeFrame(60, 1), makeFrame(60, 3)];
  const burst = burstOf([wanted[0], unfit, wanted[1]]);
  await assertPasses(pair, { burst, wanted });
  const counters = pair.nearOptions.sendCounters;
  assertEquals(counters.cells[Counter[reason]], 1, `count of ${reason}`);
  assertEquals(counters.dropped(), 1);
}

const FULL_BURST_FRAMES = 64;
/** 39 MB: more than any socket or pipe holds. */
const RELIABLE_ROUNDS = 400;
const LOSSY_ROUNDS = 64;

function fullBurstFrames(pair: Pair): Uint8Array[] {
  const length = Math.min(1514, pair.maxFrameBytes);
  return Array.from(
    { length: FULL_BURST_FRAMES },
    (_, seed) => makeFrame(length, seed),
  );
}

/** Sends until the link takes no more, then reads: every frame is there, in order. */
async function assertFullLinkWaits(pair: Pair): Promise<void> {
  const { near, far } = pair;
  const frames = fullBurstFrames(pair);
  const burst = burstOf(frames);
  let rounds = 0;
  let sent = burst.count;
  while (sent === burst.count && rounds < RELIABLE_ROUNDS) {
    sent = near.send(burst, 0);
    rounds++;
  }
  assertLess(sent, burst.count, "the link never became full");
  const wanted = rounds * burst.count;
  let received = 0;
  await pair.until(() => {
    if (sent < burst.count) sent += near.send(burst, sent);
    for (const frame of takeFrames(far)) {
      const expected = frames[received++ % burst.count];
      assert(sameFrame(frame, expected), `frame ${received} of ${wanted}`);
    }
    return received >= wanted && sent === burst.count;
  });
  assertEquals([sent, received], [burst.count, wanted]);
  assertEquals(pair.nearOptions.sendCounters.dropped(), 0);
}

/** Sends more than the link holds, then reads: it still works. */
async function assertFullLinkRecovers(pair: Pair): Promise<void> {
  const { near, far } = pair;
  const marker = makeFrame(60, MARKER_SEED);
  const markerBurst = burstOf([marker]);
  let burst = burstOf(fullBurstFrames(pair));
  let sent = burst.count;
  for (let round = 0; round < LOSSY_ROUNDS && sent === burst.count; round++) {
    sent = near.send(burst, 0);
    const taken = near.writeFd === undefined ? burst.count : sent;
    assertEquals(sent, taken, "a plug without writeFd takes everything");
  }
  const came = await pair.until(() => {
    if (sent === burst.count) {
      burst = markerBurst;
      sent = 0;
    }
    sent += near.send(burst, sent);
    return takeFrames(far).some((frame) => sameFrame(frame, marker));
  });
  assert(came, "nothing passes after the link was full");
}
