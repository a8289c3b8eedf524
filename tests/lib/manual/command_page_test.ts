import { assertEquals } from "@std/assert";
import { commandManual } from "../../../lib/manual/command_page.ts";
import { MANUAL_DATE } from "../../../lib/manual/edition.ts";

const PLACE = {
  manualName: "wire-draw",
  version: "1.2.3",
  seeAlso: ["wire(1)", "ip(8)"],
};

const WHOLE = `.TH WIRE\\-DRAW 1 ${MANUAL_DATE} "vdeplug 1.2.3" "vdeplug manual"
.nh
.ad l
.SH NAME
wire\\-draw \\- draw wires
.SH SYNOPSIS
.nf
\\fBwire\\fR \\fBdraw\\fR [\\fIOPTIONS\\fR] \\fIPATH\\fR
\\fBwire\\fR \\fBundo\\fR
.fi
.SH DESCRIPTION
Draws.
.PP
More of it.
.TP
\\fBwire\\fR \\fBdraw\\fR [\\fIOPTIONS\\fR] \\fIPATH\\fR
Draw one.
.SH OPERANDS
.TP
\\fIPATH\\fR
Where \\fIPATH\\fR leads.
.SH OPTIONS
.TP
\\fB\\-c\\fR, \\fB\\-\\-colour\\fR[\\fB=\\fR\\fINAME\\fR]
Colour \\fINAME\\fR.
.TP
\\fB\\-W\\fR \\fIN\\fR
Wait.
.SH SIGNS
Two.
.TP
\\fB=\\fR
Both ways.
.SH KEYS
Three.
.SH EXAMPLES
.TP
\\fBwire draw /tmp/x\\fR
Draw one.
.PP
\\fBwire undo\\fR
.SH "EXIT STATUS"
0, or 1.
.SH FILES
.TP
\\fB\\(ti/.wire\\fR
It.
.SH "SEE ALSO"
\\fBwire\\fR(1), \\fBip\\fR(8), \\fBcat\\fR(1)
`;

Deno.test("commandManual() writes all parts of a page in their order", () => {
  const roff = commandManual({
    summary: "draw wires",
    usage: [
      { line: "wire draw [OPTIONS] PATH", summary: "draw one" },
      { line: "wire undo" },
    ],
    description: ["Draws."],
    operands: [{ name: "PATH", summary: "where PATH leads" }],
    options: [
      {
        title: "-c, --colour[=NAME]",
        value: "NAME",
        summary: "colour NAME",
      },
      { title: "-W N", value: "N", summary: "wait" },
    ],
    sections: [{
      title: "Signs",
      paragraphs: ["Two."],
      rows: [["=", "both ways"]],
    }],
    examples: [
      { line: "wire draw /tmp/x", summary: "draw one" },
      { line: "wire undo" },
    ],
    exitStatus: "0, or 1.",
    manual: {
      description: ["More of it."],
      sections: [{ title: "Keys", paragraphs: ["Three."] }],
      lastSections: [{ title: "Files", rows: [["~/.wire", "it"]] }],
      seeAlso: ["ip(8)", "cat(1)"],
    },
  }, PLACE);
  assertEquals(roff, WHOLE);
});

Deno.test("commandManual() leaves out what a page does not have", () => {
  const roff = commandManual({
    summary: "draw wires",
    usage: [{ line: "wire" }],
    description: ["Draws."],
    operands: [],
    options: [{ title: "--help", summary: "this text" }],
    exitStatus: "0.",
  }, PLACE);
  const titles = Array.from(
    roff.matchAll(/^\.SH (.*)$/gm),
    ([, title]) => title,
  );
  assertEquals(titles, [
    ...["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", '"EXIT STATUS"'],
    '"SEE ALSO"',
  ]);
});
