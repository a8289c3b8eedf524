import { assert, assertEquals, assertLess } from "@std/assert";
import {
  bold,
  escapeLiteral,
  italic,
  RoffPage,
  sentence,
} from "../../../lib/manual/roff.ts";

const TITLE = {
  name: "wire-draw",
  part: 1,
  source: "wire 1.0",
  date: "2026-01-31",
  summary: "draw a wire",
} as const;

const HEAD = `.TH WIRE\\-DRAW 1 2026-01-31 "wire 1.0" "vdeplug manual"
.nh
.ad l
.SH NAME
wire\\-draw \\- draw a wire
`;

const LITERALS = [
  { text: "", want: "" },
  { text: "--help", want: "\\-\\-help" },
  { text: "a\\b", want: "a\\eb" },
  { text: "~/x^2`y`", want: "\\(ti/x\\(ha2\\(gay\\(ga" },
  { text: `'a' "b"`, want: "\\(aqa\\(aq \\(dqb\\(dq" },
  { text: "…é😀", want: "\\[u2026]\\[u00E9]\\[u1F600]" },
  { text: "a\nb\tc\0d\x7fe\x85f\ud800g", want: "a b c d e f g" },
];

for (const { text, want } of LITERALS) {
  Deno.test(`escapeLiteral() of ${JSON.stringify(text)}`, () => {
    assertEquals(escapeLiteral(text), want);
  });
}

Deno.test("bold() and italic() mark what they escape, and nothing at all", () => {
  assertEquals(bold("-p"), "\\fB\\-p\\fR");
  assertEquals(italic("A-B"), "\\fIA\\-B\\fR");
  assertEquals([bold(""), italic("")], ["", ""]);
});

const SENTENCES = [
  { text: "write it", want: "Write it." },
  { text: "is it there?", want: "Is it there?" },
  { text: "Done.", want: "Done." },
  { text: "lower-case letters", want: "Lower-case letters." },
  { text: "vde_switch, or ours", want: "vde_switch, or ours." },
  { text: "/tmp is full", want: "/tmp is full." },
  { text: "x:", want: "X:" },
  { text: "", want: "" },
  { text: " ", want: "" },
];

for (const { text, want } of SENTENCES) {
  Deno.test(`sentence() of ${JSON.stringify(text)}`, () => {
    assertEquals(sentence(text), want);
  });
}

/** Source of a paragraph. */
function paragraph(text: string): string[] {
  const page = new RoffPage(TITLE);
  page.paragraph(text);
  return page.toString().slice(HEAD.length).trimEnd().split("\n");
}

const PARAGRAPHS = [
  { text: "plain words", want: ["plain words"] },
  { text: " a\n b\t c ", want: ["a b c"] },
  { text: "One. Two! three.", want: ["One.", "Two! three."] },
  {
    text: 'It is there. "x" is not.',
    want: ["It is there.", "\\(dqx\\(dq is not."],
  },
  { text: "Give A ... B or C.", want: ["Give A ... B or C."] },
  { text: ".so is a suffix", want: ["\\&.so is a suffix"] },
  { text: "'x' is quoted", want: ["\\(aqx\\(aq is quoted"] },
  { text: "\\fB is text", want: ["\\efB is text"] },
  { text: "lower-case, (built-in)", want: ["lower-case, (built-in)"] },
  { text: "x86-64 and 5000->x", want: ["x86\\-64 and 5000\\->x"] },
  {
    text: 'with -p or "--pid-file", or -X.',
    want: [
      "with \\fB\\-p\\fR or \\(dq\\fB\\-\\-pid\\-file\\fR\\(dq, or \\fB\\-X\\fR.",
    ],
  },
  { text: "see (ip-link(8)).", want: ["see (\\fBip\\-link\\fR(8))."] },
  { text: "", want: ["\\&"] },
  { text: "\0a\x85", want: ["a"] },
];

for (const { text, want } of PARAGRAPHS) {
  Deno.test(`RoffPage.paragraph() of ${JSON.stringify(text)}`, () => {
    assertEquals(paragraph(text), want);
  });
}

Deno.test("RoffPage.paragraph() keeps lines short, and makes no sentences where they break", () => {
  for (let length = 1; length < 120; length++) {
    const word = "w".repeat(length % 7 + 1);
    const text = Array.from({ length }, () => `${word}. ${word}`).join(" ");
    const lines = paragraph(text);
    for (const line of lines.slice(0, -1)) {
      assertLess(line.length, 81, line);
      assert(!line.endsWith("."), line);
    }
    const words = lines.join(" ").replaceAll("\\&", "");
    assertEquals(words, text);
  }
});

Deno.test("RoffPage.entry() marks its own placeholder, not words that hold it", () => {
  const page = new RoffPage(TITLE);
  page.entry(bold("-n"), 'N of NAMES, "N", x/N and $N', "N");
  assertEquals(
    page.toString().slice(HEAD.length),
    ".TP\n\\fB\\-n\\fR\n\\fIN\\fR of NAMES, \\(dq\\fIN\\fR\\(dq, x/\\fIN\\fR and $\\fIN\\fR\n",
  );
});

Deno.test("RoffPage marks paragraphs but the first of a section", () => {
  const page = new RoffPage(TITLE);
  page.section("See also");
  page.paragraph("One.");
  page.paragraph("Two.");
  page.lines(["a", ".b"]);
  page.raw(".c");
  page.entry(".d", "Four.");
  page.section("end");
  page.raw("x");
  assertEquals(
    page.toString(),
    `${HEAD}.SH "SEE ALSO"
One.
.PP
Two.
.PP
.nf
a
\\&.b
.fi
.PP
\\&.c
.TP
\\&.d
Four.
.SH END
x
`,
  );
});
