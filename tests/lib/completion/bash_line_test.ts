import { assertEquals } from "@std/assert";
import { answerBash, readBashLine } from "../../../lib/completion/bash_line.ts";

/** As bash has it unless it is told otherwise. */
const BREAKS = " \t\n\"'@><=;|&(:";

const LINES: readonly {
  readonly name: string;
  readonly line: string;
  readonly words: readonly string[];
  readonly replaced: string;
}[] = [
  { name: "a word", line: "p ab", words: ["p", "ab"], replaced: "ab" },
  { name: "an empty word", line: "p  ", words: ["p", ""], replaced: "" },
  {
    name: "a word with a break in it",
    line: "p vxvde://a",
    words: ["p", "vxvde://a"],
    replaced: "//a",
  },
  {
    name: "a break that is quoted",
    line: "p a\\:b",
    words: ["p", "a:b"],
    replaced: "a\\:b",
  },
  {
    name: "an open quote",
    line: "p 'tap://x[m",
    words: ["p", "tap://x[m"],
    replaced: "tap://x[m",
  },
  {
    name: "an open quote inside a word",
    line: 'p tap:"//x y',
    words: ["p", "tap://x y"],
    replaced: "//x y",
  },
  {
    name: "closed quotes",
    line: `p 'a b'"c\\"d"e`,
    words: ["p", 'a bc"de'],
    replaced: `'a b'"c\\"d"e`,
  },
  {
    name: "a break behind closed quotes",
    line: "p 'a:b':c",
    words: ["p", "a:b:c"],
    replaced: "c",
  },
  {
    name: "escapes that are none in double quotes",
    line: 'p "a\\b\\$',
    words: ["p", "a\\b$"],
    replaced: "a\\b\\$",
  },
  {
    name: "an equals sign by itself",
    line: "p a = b",
    words: ["p", "a", "=", "b"],
    replaced: "b",
  },
  {
    name: "redirections before",
    line: "p >f 2>>g <h &>i a b",
    words: ["p", "a", "b"],
    replaced: "b",
  },
  {
    name: "letters outside the basic plane",
    line: "p 😀 x",
    words: ["p", "😀", "x"],
    replaced: "x",
  },
];

for (const { name, line, words, replaced } of LINES) {
  Deno.test(`readBashLine() reads ${name}`, () => {
    const read = readBashLine(line, BREAKS);
    assertEquals(read.words.map(({ text }) => text), words);
    assertEquals(read.replaced, replaced);
    assertEquals(read.isRedirected, false);
  });
}

Deno.test("readBashLine() breaks words where it is told to only", () => {
  assertEquals(readBashLine("p a://b", " =").replaced, "a://b");
});

const ANSWERS: readonly {
  readonly name: string;
  readonly line: string;
  readonly candidates: readonly string[];
  readonly want: readonly string[];
}[] = [
  {
    name: "what stands behind the last break",
    line: "p vxvde://a",
    candidates: ["vxvde://ab", "vxvde://ac"],
    want: ["//ab", "//ac"],
  },
  {
    name: "that no space is wanted",
    line: "p vxv",
    candidates: ["vxvde://"],
    want: ["\tnospace", "vxvde://"],
  },
  {
    name: "what is new in quotes of its own",
    line: "p a",
    candidates: ["a b[c"],
    want: ["a\\ b\\[c"],
  },
  {
    name: "what was typed as it was typed",
    line: "p a[b",
    candidates: ["a[bc]"],
    want: ["a[bc\\]"],
  },
  {
    name: "what is new in single quotes",
    line: "p 'a",
    candidates: ["a'b c"],
    want: ["a'\\''b c"],
  },
  {
    name: "what is new in double quotes",
    line: 'p "a',
    candidates: ['a"$b c'],
    want: ['a\\"\\$b c'],
  },
  {
    name: "a word twice whose quote is to stay open",
    line: "p 'tap://x[m",
    candidates: ["tap://x[mtu="],
    want: ["tap://x[mtu=", "tap://x[mtu= "],
  },
  {
    name: "nothing of other words, nor of lines",
    line: "p a",
    candidates: ["b", "a\nb"],
    want: [],
  },
];

for (const { name, line, candidates, want } of ANSWERS) {
  Deno.test(`answerBash() gives ${name}`, () => {
    const offer = { candidates: candidates.map((word) => ({ word })) };
    assertEquals(answerBash(offer, readBashLine(line, BREAKS)), want);
  });
}

Deno.test("answerBash() hands over files, folders and command lines", () => {
  const line = readBashLine("p >f a = b c", BREAKS);
  const answer = (handOver: Parameters<typeof answerBash>[0]["handOver"]) =>
    answerBash({ candidates: [], handOver }, line);
  assertEquals(answer({ to: "files", from: 0 }), ["\tfiles"]);
  assertEquals(answer({ to: "folders", from: 0 }), ["\tfolders"]);
  assertEquals(answer({ to: "command", from: 2 }), ["\tcommand 9"]);
});

Deno.test("answerBash() has bash complete the file of a redirection", () => {
  for (const line of ["p a >f", "p a 2> f", "p a < "]) {
    const read = readBashLine(line, BREAKS);
    assertEquals(answerBash({ candidates: [{ word: "f1" }] }, read), [
      "\tfiles",
    ]);
  }
});
