import { assertEquals } from "@std/assert";
import type { OptionSpec } from "../../../lib/cli/getopt.ts";
import { valueInside, walkWords } from "../../../lib/completion/walk.ts";

const SPECS: readonly OptionSpec[] = [
  { name: "daemon", letter: "d", summary: "" },
  { name: "pidfile", letter: "p", value: "FILE", summary: "" },
  { name: "stats", value: "N", standard: "1", summary: "" },
  { name: "c", value: "COUNT", summary: "" },
];

const CASES: readonly {
  readonly name: string;
  readonly words: readonly string[];
  readonly operands?: readonly string[];
  readonly wants?: string;
  readonly ended?: boolean;
  readonly given?: Readonly<Record<string, readonly string[]>>;
}[] = [
  { name: "nothing", words: [] },
  { name: "operands", words: ["a", "-", "b"], operands: ["a", "-", "b"] },
  { name: "an option", words: ["--daemon"], given: { daemon: [""] } },
  { name: "a short form", words: ["--da"], given: { daemon: [""] } },
  { name: "an option that waits", words: ["--pidfile"], wants: "pidfile" },
  {
    name: "a letter that waits",
    words: ["-dp"],
    wants: "pidfile",
    given: { daemon: [""] },
  },
  { name: "a letter without a long name", words: ["-c"], wants: "c" },
  {
    name: "values",
    words: ["--pidfile", "x", "-py", "--pidfile=z", "-d"],
    given: { pidfile: ["x", "y", "z"], daemon: [""] },
  },
  {
    name: "a value that may be left out",
    words: ["--stats"],
    given: { stats: ["1"] },
  },
  {
    name: "the end of options",
    words: ["--", "-d"],
    operands: ["-d"],
    ended: true,
  },
  { name: "what is no option", words: ["--nope", "-x"] },
];

for (const { name, words, operands, wants, ended, given } of CASES) {
  Deno.test(`walkWords() reads ${name}`, () => {
    const walk = walkWords(words, SPECS);
    assertEquals(walk.operands.map(({ word }) => word), operands ?? []);
    assertEquals(walk.wants?.name, wants);
    assertEquals(walk.optionsEnded, ended ?? false);
    assertEquals(Object.fromEntries(walk.given), given ?? {});
  });
}

Deno.test("walkWords() ends options at the first operand if it is told to", () => {
  const walk = walkWords(["-d", "a", "-p"], SPECS, { stopEarly: true });
  assertEquals(walk.operands, [{ word: "a", index: 1 }, {
    word: "-p",
    index: 2,
  }]);
  assertEquals(walk.wants, undefined);
});

const VALUES = [
  { word: "--pidfile=x", want: ["pidfile", 10] },
  { word: "--pid=x", want: ["pidfile", 6] },
  { word: "-px", want: ["pidfile", 2] },
  { word: "-dpx", want: ["pidfile", 3] },
  { word: "-p", want: undefined },
  { word: "--pidfile", want: undefined },
  { word: "--daemon=x", want: undefined },
  { word: "-dx", want: undefined },
  { word: "-", want: undefined },
] as const;

for (const { word, want } of VALUES) {
  Deno.test(`valueInside() finds the value in ${word}`, () => {
    const found = valueInside(word, SPECS);
    assertEquals(found && [found.spec.name, found.from], want?.slice());
  });
}
