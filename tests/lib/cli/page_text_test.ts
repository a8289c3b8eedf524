import { assertEquals } from "@std/assert";
import type { CommandPage } from "../../../lib/cli/page.ts";
import { optionTitle, pageText } from "../../../lib/cli/page_text.ts";

const PAGE: CommandPage = {
  name: "wire",
  summary: "draw a wire",
  usage: [{ line: "wire [OPTIONS] PATH" }],
  description: [
    "Draws a wire, and says so in a paragraph that is longer than one line of a terminal.",
    "Another paragraph.",
  ],
  operands: [{ name: "PATH", summary: "where to", completes: "file" }],
  options: [
    { name: "colour", value: "NAME", summary: "of the wire" },
    { name: "c", value: "N", summary: "copies" },
    { name: "wait", letter: "w", value: "MS", standard: "5", summary: "long" },
    {
      name: "a-name-that-takes-a-line",
      summary: "its text stands below",
    },
  ],
  sections: [
    { title: "Ends", paragraphs: ["There are two."], rows: [["a", "one"]] },
    { title: "Signs", rows: [["=", "both ways"]] },
  ],
  examples: [
    { line: "wire /tmp/x", summary: "draw one" },
    { line: "wire -c 2 /tmp/x" },
  ],
  exitStatus: "0, or 1.",
};

const TEXT = `\
Usage: wire [OPTIONS] PATH

Draws a wire, and says so in a paragraph that is longer than one line of a
terminal.

Another paragraph.

  PATH      where to

Extra:
  x         more

Options:
      --colour NAME  of the wire
  -c N               copies
  -w, --wait[=MS]    long
      --a-name-that-takes-a-line
                     its text stands below

Ends:
  a         one

There are two.

Signs:
  =         both ways

Examples:
  wire /tmp/x
      draw one
  wire -c 2 /tmp/x

Exit status: 0, or 1.`;

Deno.test("pageText() writes all parts of a page in their order", () => {
  const behindOperands = { title: "Extra", rows: [["x", "more"]] as const };
  assertEquals(pageText(PAGE, { behindOperands }), TEXT);
});

Deno.test("pageText() sets ways to use a command side by side with what they do", () => {
  const text = pageText({
    ...PAGE,
    usage: [
      { line: "wire", summary: "list" },
      { line: "wire new NAME", summary: "begin" },
    ],
  });
  assertEquals(
    text.split("\n\n")[0],
    "Usage:\n  wire           list\n  wire new NAME  begin",
  );
});

Deno.test("pageText() leaves out what a page does not have", () => {
  const text = pageText({
    name: "wire",
    summary: "draw a wire",
    usage: [{ line: "wire" }],
    description: [],
    operands: [],
    options: [{ name: "help", summary: "this text" }],
    exitStatus: "0.",
  });
  assertEquals(
    text,
    "Usage: wire\n\nOptions:\n  --help    this text\n\nExit status: 0.",
  );
});

const TITLES = [
  { name: "verbose", letter: "v", want: "-v, --verbose" },
  { name: "json", want: "--json" },
  { name: "c", value: "N", want: "-c N" },
  { name: "file", letter: "f", value: "FILE", want: "-f, --file FILE" },
  { name: "stats", value: "S", standard: "1", want: "--stats[=S]" },
] as const;

for (const { want, ...spec } of TITLES) {
  Deno.test(`optionTitle() is ${want}`, () => {
    assertEquals(optionTitle({ ...spec, summary: "" }), want);
  });
}
