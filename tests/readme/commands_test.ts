/** What is taken for a command, and what is not. */

import { assertEquals, assertThrows } from "@std/assert";
import { type Commands, findCommands } from "./commands.ts";
import { formsOf, isExplained } from "./synopsis.ts";

const NOTHING: Commands = {
  blocks: [],
  spans: [],
  synopses: [],
  options: [],
  keys: [],
  vnls: [],
  vnlTable: [],
  typescript: [],
};

interface Case {
  readonly name: string;
  readonly text: string;
  /** What is not named here is empty. */
  readonly want: Partial<Commands>;
}

const CASES: readonly Case[] = [
  {
    name: "nothing in sentences",
    text: "# A title\n\nUse vdeplug ping.\n",
    want: {},
  },
  {
    name: "lines of an indented block, without comments",
    text: "Do:\n\n    # first\n    a b   # why\n\n    c '#d'\n\nDone.\n",
    want: { blocks: [["a b", "c '#d'"]] },
  },
  {
    name: "no block in a sentence that is indented",
    text: "Do\n    this\n",
    want: {},
  },
  {
    name: "lines of a fenced block, continued ones as one, without prompts",
    text: "```sh\n$ a \\\n    b\nc\n```\n\n```console\nd\n```\n",
    want: { blocks: [["a b", "c"], ["d"]] },
  },
  {
    name: "no command in a drawing, nor in another language",
    text: "```\n┌─┐\n└─┘\n```\n\n```json\n{}\n```\n",
    want: {},
  },
  {
    name: "whole commands in sentences, also across lines, each once",
    text: "Say `deno\n  doc`, `deno doc`, `vdeplug`, `$HOME` or `sudo a`.\n",
    want: { spans: ["deno doc", "sudo a"] },
  },
  {
    name: "synopses in tables and sentences",
    text:
      "| c | d |\n| - | - |\n| `vdeplug man a\\|b` | `deno x` |\n\nand `vdeplug ping VNL …`.\n",
    want: { synopses: ["vdeplug man a|b", "vdeplug ping VNL …"] },
  },
  {
    name: "options and keys in sentences",
    text: "`-d`, `--pid FILE`, `/exp=30`, `mac=` and `-1`.\n",
    want: { options: ["-d", "--pid FILE"], keys: ["/exp=30", "mac="] },
  },
  {
    name: "VNLs of commands, sentences and tables",
    text: "Say `a://b`.\n\n    v tap://t0 c:d\n\n" +
      "| VNL |\n| --- |\n| `e://[F]`, `g://…` |\n\n" +
      "| n |\n| - |\n| `h://` |\n| `i` |\n",
    want: {
      blocks: [["v tap://t0 c:d"]],
      vnls: ["tap://t0", "a://b", "e://[F]", "g://…", "h://"],
      vnlTable: ["e://[F]", "g://…"],
    },
  },
  {
    name: "examples in TypeScript",
    text: "```ts ignore\nlet a;\n```\n",
    want: { typescript: ["let a;\n"] },
  },
];

for (const { name, text, want } of CASES) {
  Deno.test(`findCommands() finds ${name}`, () => {
    assertEquals(findCommands(text), { ...NOTHING, ...want });
  });
}

Deno.test("findCommands() does not guess what a block is", () => {
  assertThrows(() => findCommands("```\nls\n```\n"), TypeError, '"ls"');
});

const HELP = `Usage:
  vdeplug a [OPTIONS] [B [C]]...  text
  vdeplug a x|y D

A text.
`;

const FORMS = [
  { synopsis: "vdeplug a …", forms: ["a"], explained: true },
  { synopsis: "vdeplug a [B]", forms: ["a B", "a"], explained: true },
  { synopsis: "vdeplug a B C", forms: ["a B C"], explained: true },
  { synopsis: "vdeplug a C", forms: ["a C"], explained: false },
  { synopsis: "vdeplug a y|x D", forms: ["a x|y D"], explained: true },
  { synopsis: "vdeplug a x D", forms: ["a x D"], explained: false },
  { synopsis: "vdeplug b", forms: ["b"], explained: false },
];

for (const { synopsis, forms, explained } of FORMS) {
  Deno.test(`isExplained() is ${explained} for "${synopsis}"`, () => {
    assertEquals(formsOf(synopsis), forms);
    const found = forms.every((form) => isExplained(form, HELP));
    assertEquals(found, explained);
  });
}
