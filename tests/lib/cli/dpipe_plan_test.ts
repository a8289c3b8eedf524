import { assert, assertEquals, assertThrows } from "@std/assert";
import { type PipePlan, planPipes } from "../../../lib/cli/dpipe_plan.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { seededRandom } from "../../random.ts";
import { PIPELINES } from "./dpipe_lines.ts";

/** The pipes as `from→to`; a command's alternate descriptors are `a'`. Sorted. */
function edges({ commands, pipes }: PipePlan): string[] {
  const readers: string[] = [];
  const writers: string[] = [];
  for (const { argv: [name], input, output, alternate } of commands) {
    readers[input] = name;
    writers[output] = name;
    if (alternate === undefined) continue;
    readers[alternate.input] = `${name}'`;
    writers[alternate.output] = `${name}'`;
  }
  assertEquals([readers.length, writers.length], [pipes, pipes]);
  return writers.map((writer, pipe) => `${writer}→${readers[pipe]}`).sort();
}

for (const { words, pipes } of PIPELINES) {
  Deno.test(`planPipes() lays the pipes of ${words}`, () => {
    assertEquals(edges(planPipes(words.split(" "))), pipes.split(" ").sort());
  });
}

Deno.test("planPipes() leaves a command's arguments to it", () => {
  const { commands } = planPipes(["a", "-n", "==", "=", "b", "x=}", "{", ""]);
  assertEquals(
    commands.map(({ argv }) => argv),
    [["a", "-n", "=="], ["b", "x=}", "{", ""]],
  );
});

const FAULTS = [
  { words: "", says: "none is given" },
  { words: "a", says: 'at least two are needed, with "=" between them' },
  { words: "=", says: 'found none before "="' },
  { words: "= a", says: 'found none before "="' },
  { words: "a =", says: "found none at the end" },
  { words: "a = = b", says: 'found none before "="' },
  { words: "a = b =", says: "found none at the end" },
  { words: "=} a }= b", says: 'found none before "=}"' },
  { words: "a =} b }=", says: "found none at the end" },
  { words: "a =} }= b", says: 'found none before "}="' },
  { words: "a =} b", says: '"=}" opens ends with "}=": found the end' },
  { words: "a =} b = c", says: '"=}" opens ends with "}=": found the end' },
  { words: "a ={ b = c", says: '"={" opens ends with "{=": found the end' },
  { words: "a }= b", says: '"}=" closes a part that "=}" opens: found none' },
  { words: "a {= b", says: '"{=" closes a part that "={" opens: found none' },
  { words: "a =} b {= c", says: '"{=" closes a part that "={" opens' },
  { words: "a ={ b }= c", says: '"}=" closes a part that "=}" opens' },
  { words: "a =} b ={ c }= d", says: '"}=" closes a part that "=}" opens' },
  { words: "a = b }= c", says: '"}=" closes a part that "=}" opens' },
  { words: "a }={ b {= c", says: '"}={" closes a part that "=}" opens' },
] as const;

for (const { words, says } of FAULTS) {
  Deno.test(`planPipes() refuses "${words}"`, () => {
    const given = words.split(" ").filter((word) => word !== "");
    assertThrows(() => planPipes(given), UsageError, says);
  });
}

const SEED = 0xd1be;
const WORDS = "a b c = = = =} ={ }= {= }=} }={ {={ {=}".split(" ");

Deno.test("planPipes() connects every command of a random line, or refuses it", () => {
  const random = seededRandom(SEED);
  let good = 0;
  for (let round = 0; round < 20_000; round++) {
    const words = Array.from(
      { length: random.below(12) },
      (_, at) => at % 2 ? WORDS[3 + random.below(WORDS.length - 3)] : `${at}`,
    );
    let plan: PipePlan;
    try {
      plan = planPipes(words);
    } catch (error) {
      assert(error instanceof UsageError, `${words} of seed ${SEED}: ${error}`);
      continue;
    }
    good++;
    const reads: number[] = [];
    const writes: number[] = [];
    for (const { input, output, alternate } of plan.commands) {
      reads.push(input, ...(alternate ? [alternate.input] : []));
      writes.push(output, ...(alternate ? [alternate.output] : []));
    }
    // Each pipe has one reader and one writer.
    const all = Array.from({ length: plan.pipes }, (_, pipe) => pipe);
    const sorted = [reads, writes].map((each) => each.sort((a, b) => a - b));
    assertEquals(sorted, [all, all], `${words.join(" ")} of seed ${SEED}`);
  }
  assert(good > 500, `only ${good} lines were good`);
});
