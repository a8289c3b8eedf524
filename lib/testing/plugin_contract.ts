/**
 * The contract that every plugin keeps, as tests: `pluginContract` registers
 * them for one plugin. A plug that no scheme opens (the stream form on
 * standard input and output) is held to its part with `plugContract`.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "./assert.ts";
import { PlugError } from "../plug/errors.ts";
import { describeSyntax } from "../plug/help.ts";
import type { Plug, Plugin } from "../plug/plugin.ts";
import { findPluginFault } from "../plug/plugin_shape.ts";
import { parseVnl } from "../plug/vnl.ts";
import {
  type OpenPair,
  Pair,
  PAIR_CASES,
  type PairCaseName,
  type PairTraits,
  type PlugPair,
} from "./plug_pair.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  openDescriptors,
  receiveFrames,
  type TestOptions,
  testOptions,
  until,
} from "./plugs.ts";

export {
  assertFrames,
  burstOf,
  makeFrame,
  type OpenPair,
  type PairCaseName,
  type PairTraits,
  type PlugPair,
  receiveFrames,
  type TestOptions,
  testOptions,
  until,
};

/** What a plug is held to. */
export interface PlugContract extends PairTraits {
  /** Absent where nothing can face the plug: the cases of two are skipped. */
  readonly openPair?: OpenPair;
  /** Why this machine cannot open the plugs; stands in the tests' names. */
  readonly ignore?: string;
  /** Cases that this plug cannot do, each with the reason. */
  readonly skipCases?: Readonly<Partial<Record<CaseName, string>>>;
}

/** A VNL that must not open. */
export interface BadVnl {
  /** The VNL. */
  readonly vnl: string;
  /** Part of the error's message. */
  readonly includes: string;
  /** Why this machine cannot show it. */
  readonly ignore?: string;
}

/** What a plugin is held to. */
export interface PluginContract extends PlugContract {
  /** The plugin. */
  readonly plugin: Plugin;
  /** A VNL that opens. */
  readonly vnl: string;
  /** VNLs that must not open. */
  readonly badVnls: readonly BadVnl[];
}

/** One test of the contract, not registered yet. */
export interface ContractTest {
  /** What it shows. */
  readonly name: string;
  /** Why it is skipped, if it is. */
  readonly ignore?: string;
  /** Throws if that is not so. */
  readonly run: () => void | Promise<void>;
}

/** Registers the tests of a plugin. */
export function pluginContract(spec: PluginContract): void {
  register(pluginTests(spec));
}

/** Registers the tests of a plug that no plugin opens. */
export function plugContract(name: string, spec: PlugContract): void {
  register(pairTests(name, spec));
}

function register(tests: readonly ContractTest[]): void {
  for (const { name, ignore, run } of tests) {
    const skipped = ignore === undefined ? "" : ` (skipped: ${ignore})`;
    Deno.test({
      name: name + skipped,
      ignore: ignore !== undefined,
      // Libraries are opened at first use, and stay; descriptors are counted.
      sanitizeResources: false,
      fn: run,
    });
  }
}

/** The tests of a plugin: of its description, of one plug, and of a pair. */
export function pluginTests(spec: PluginContract): ContractTest[] {
  const { scheme } = spec.plugin;
  const skip = spec.skipCases ?? {};
  return [
    {
      name: `${scheme} plugin describes itself`,
      ignore: skip["describes itself"],
      run: () => checkDescription(spec),
    },
    ...spec.badVnls.map((bad) => ({
      name: `${scheme} plugin refuses ${bad.vnl}`,
      ignore: bad.ignore,
      run: () => checkRefusal(spec.plugin, bad),
    })),
    ...caseNames(SINGLE_CASES).map((name) => ({
      name: `${scheme} plug ${name}`,
      ignore: spec.ignore ?? skip[name],
      run: () => SINGLE_CASES[name](() => openOne(spec)),
    })),
    ...pairTests(scheme, spec),
  ];
}

/** The tests of two plugs that face each other. */
export function pairTests(name: string, spec: PlugContract): ContractTest[] {
  const { openPair, skipCases } = spec;
  const reason = openPair === undefined
    ? "nothing can face this plug"
    : spec.ignore;
  return caseNames(PAIR_CASES).map((title) => ({
    name: `${name} plug ${title}`,
    ignore: reason ?? skipCases?.[title],
    run: async () => {
      if (openPair === undefined) throw new TypeError("Cannot run: no pair");
      using pair = await Pair.open(openPair, spec);
      await PAIR_CASES[title](pair);
    },
  }));
}

function caseNames<T extends object>(cases: T): (keyof T & string)[] {
  return Object.keys(cases) as (keyof T & string)[];
}

async function openOne({ plugin, vnl }: PluginContract): Promise<Plug> {
  return await plugin.open(parseVnl(vnl, plugin.syntax), testOptions());
}

function checkDescription({ plugin, vnl }: PluginContract): void {
  const { scheme, summary, description = [], syntax } = plugin;
  assertMatch(scheme, /^[a-z][a-z0-9_]*$/);
  assertMatch(summary, /^[^\n]{1,120}\.$/);
  assert(!summary.includes(". "), `more than one sentence: ${summary}`);
  assertEquals(findPluginFault(plugin, scheme), undefined);
  for (const text of description) assertMatch(text, /^\S[^\n]*[.!?]$/);
  for (const key of syntax.keys) {
    assertMatch(key.name, /^[a-z][a-z0-9_]*$/);
    assertMatch(key.summary, /^[^\n]+$/, `summary of key ${key.name}`);
  }
  assert(syntax.examples?.length, "an example helps more than a rule");
  for (const example of syntax.examples) {
    assertEquals(parseVnl(example.vnl, syntax).scheme, scheme);
    assertMatch(example.summary, /^[^\n]+$/);
  }
  assertEquals(parseVnl(vnl, syntax).scheme, scheme);
  for (const line of describeSyntax(plugin).split("\n")) {
    assertLess(line.length, 81, line);
  }
}

async function checkRefusal(plugin: Plugin, bad: BadVnl): Promise<void> {
  const refuse = async () => {
    const error = await assertRejects(async () => {
      const vnl = parseVnl(bad.vnl, plugin.syntax);
      using _plug = await plugin.open(vnl, testOptions());
    });
    const documented = [TypeError, RangeError, SyntaxError, PlugError]
      .some((kind) => error instanceof kind);
    assert(documented, `undocumented ${error}`);
    assertInstanceOf(error, Error);
    assertStringIncludes(error.message, bad.includes);
    assertMatch(error.message, /^Cannot .*[^.]$/s);
  };
  // The first time, libraries and name services open what they keep.
  await refuse();
  const before = openDescriptors();
  await refuse();
  assertEquals(openDescriptors(), before);
}

/** Names of the cases of one plug. */
export type SingleCaseName =
  | "tells its facts"
  | "may be disposed of twice"
  | "gives its descriptors back"
  | "never blocks in receive";

/** A call that waits for a frame takes longer, however slow the machine. */
const LONGEST_CALL_MS = 10_000;

/** Cases of one plug, opened anew by each. */
const SINGLE_CASES: Readonly<
  Record<SingleCaseName, (open: () => Promise<Plug>) => Promise<void>>
> = {
  "tells its facts": async (open: () => Promise<Plug>) => {
    using plug = await open();
    const { maxFrameBytes, fd, accepts, writeFd, controlFd } = plug;
    assert(Number.isInteger(maxFrameBytes) && maxFrameBytes >= 1514);
    assert(Number.isInteger(fd) && fd >= -1);
    assert(Number.isInteger(accepts) && accepts >= 0);
    for (const other of [writeFd, controlFd]) {
      assert(other === undefined || (Number.isInteger(other) && other >= 0));
    }
  },

  "may be disposed of twice": async (open: () => Promise<Plug>) => {
    const plug = await open();
    plug[Symbol.dispose]();
    const before = openDescriptors();
    plug[Symbol.dispose]();
    assertEquals(openDescriptors(), before);
  },

  "gives its descriptors back": async (open: () => Promise<Plug>) => {
    (await open())[Symbol.dispose]();
    const before = openDescriptors();
    (await open())[Symbol.dispose]();
    assertEquals(openDescriptors(), before);
  },

  "never blocks in receive": async (open: () => Promise<Plug>) => {
    using plug = await open();
    const held = makeFrame(60, 1);
    const burst = burstOf([held]);
    const { tail } = burst;
    const start = performance.now();
    const frames = plug.receive(burst);
    assertLess(performance.now() - start, LONGEST_CALL_MS);
    assertEquals(burst.count, 1 + frames);
    if (frames === 0) assertEquals(burst.tail, tail);
    assertFrames([burst.frame(0)], [held]);
  },
};

/** A case of the contract that can be skipped by name. */
export type CaseName =
  | "describes itself"
  | SingleCaseName
  | PairCaseName;
