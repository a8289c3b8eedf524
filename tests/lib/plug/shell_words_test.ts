import { assertEquals, assertThrows } from "@std/assert";
import {
  quoteShellWord,
  splitShellWords,
} from "../../../lib/plug/shell_words.ts";
import { seededRandom } from "../../random.ts";

const CASES = [
  { name: "finds no word in nothing", text: "", want: [] },
  { name: "finds no word in blanks", text: " \t\n ", want: [] },
  { name: "takes a word as it is", text: "cat", want: ["cat"] },
  {
    name: "parts words at blanks, however many",
    text: "  ssh\thost \n vde_plug ",
    want: ["ssh", "host", "vde_plug"],
  },
  {
    name: "keeps what stands between single quotes",
    text: `a 'b  "c\\' d`,
    want: ["a", `b  "c\\`, "d"],
  },
  {
    name: "keeps what stands between double quotes",
    text: `a "b  'c'" d`,
    want: ["a", "b  'c'", "d"],
  },
  {
    name: "takes a quoted nothing for a word",
    text: `'' a "" b ''""`,
    want: ["", "a", "", "b", ""],
  },
  {
    name: "joins quoted and unquoted pieces",
    text: `a'b c'"d e"f`,
    want: ["ab cd ef"],
  },
  {
    name: "keeps the character behind a backslash",
    text: String.raw`a\ b \'c \"d \\e \f`,
    want: ["a b", "'c", '"d', "\\e", "f"],
  },
  {
    name: "takes a backslash between double quotes only before what is special",
    text: '"\\$ \\" \\\\ \\` \\a \\\' \\ "',
    want: ["$ \" \\ ` \\a \\' \\ "],
  },
  {
    name: "joins lines behind a backslash",
    text: 'a\\\nb "c\\\nd" \\\n e',
    want: ["ab", "cd", "e"],
  },
  {
    name: "gives no meaning to what else a shell knows",
    text: "a|b; $HOME `c` *.d # e > f & ~ {g,h} 'i'#",
    want: [
      ..."a|b; $HOME `c` *.d # e > f & ~ {g,h}".split(" "),
      "i#",
    ],
  },
  {
    name: "keeps characters of any kind",
    text: "käse '🧀 x' \\🧀",
    want: ["käse", "🧀 x", "🧀"],
  },
] as const;

for (const { name, text, want } of CASES) {
  Deno.test(`splitShellWords() ${name}`, () => {
    assertEquals(splitShellWords(text), [...want]);
  });
}

const FAULTS = [
  { text: "a 'b", says: "a single quote must be closed" },
  { text: `a "b`, says: "a double quote must be closed" },
  { text: `a "b\\"`, says: "a double quote must be closed" },
  { text: `a "b\\`, says: "a double quote must be closed" },
  { text: "a b\\", says: "a character must follow a backslash" },
] as const;

for (const { text, says } of FAULTS) {
  Deno.test(`splitShellWords() refuses ${text}`, () => {
    assertThrows(
      () => splitShellWords(text),
      SyntaxError,
      `Cannot split "${text}" into words as ${says}: found the end`,
    );
  });
}

const SEED = 0x5eed;
const PIECES = [..."ab '\"\\\n\t é$`", "''", '""'];

/** A text of pieces that quoting is about. */
function randomText(random: ReturnType<typeof seededRandom>): string {
  const length = random.below(12);
  return Array.from({ length }, () => PIECES[random.below(PIECES.length)])
    .join("");
}

/** The words, or undefined for a text that is not complete. */
function tryWords(text: string): string[] | undefined {
  try {
    return splitShellWords(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

Deno.test("splitShellWords() gives words or a SyntaxError for random texts", () => {
  const random = seededRandom(SEED);
  for (let round = 0; round < 20_000; round++) {
    const text = randomText(random);
    const words = tryWords(text) ?? [];
    const letters = (all: string) => all.replaceAll(/[^abé]/g, "");
    if (words.length === 0) continue;
    assertEquals(letters(words.join("")), letters(text), `seed ${SEED}`);
  }
});

Deno.test("splitShellWords() gives quoted words back, whatever is in them", () => {
  const random = seededRandom(SEED);
  const quotes = [
    (word: string) => `'${word.replaceAll("'", `'\\''`)}'`,
    (word: string) => `"${word.replaceAll(/[$`"\\]/g, "\\$&")}"`,
  ];
  for (let round = 0; round < 5000; round++) {
    const words = Array.from(
      { length: 1 + random.below(4) },
      () => randomText(random),
    );
    const line = words.map((word) => quotes[random.below(2)](word)).join(" ");
    assertEquals(splitShellWords(line), words, `seed ${SEED}`);
  }
});

/** Has /bin/sh print the words of each text, a 1 before each and a 2 behind all. */
async function shellWords(texts: readonly string[]): Promise<string[][]> {
  const script = 'for text; do eval "set -- $text"; ' +
    `for word; do printf '1%s\\0' "$word"; done; printf '2\\0'; done`;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", ...texts],
  }).output();
  const all: string[][] = [[]];
  for (const entry of new TextDecoder().decode(stdout).split("\0")) {
    if (entry.startsWith("1")) all.at(-1)!.push(entry.slice(1)); // never empty
    else if (entry === "2") all.push([]);
  }
  return all.slice(0, -1);
}

Deno.test("splitShellWords() splits random texts as a shell does", async () => {
  const random = seededRandom(SEED);
  // An unquoted $ or ` has a meaning in a shell only.
  const texts = Array.from({ length: 2000 }, () => randomText(random))
    .filter((text) => !/[$`]/.test(text))
    // The shell takes an unquoted line end for the end of the command.
    .map((text) => text.replaceAll("\n", " "))
    .filter((text) => tryWords(text) !== undefined);
  assertEquals(await shellWords(texts), texts.map((text) => tryWords(text)));
});

const QUOTED = [
  { word: "/tmp/a-b_c.ts", want: "/tmp/a-b_c.ts" },
  { word: "/tmp/a b", want: "'/tmp/a b'" },
  { word: "", want: "''" },
  { word: "it's", want: `'it'\\''s'` },
  { word: "~", want: "'~'" },
  { word: '$HOME*\n"`\\', want: "'$HOME*\n\"`\\'" },
] as const;

for (const { word, want } of QUOTED) {
  Deno.test(`quoteShellWord() makes ${JSON.stringify(want)}, which is one word again`, () => {
    assertEquals(quoteShellWord(word), want);
    assertEquals(splitShellWords(`a ${quoteShellWord(word)}`), ["a", word]);
  });
}
