import { assertEquals, assertStringIncludes } from "@std/assert";
import { MANUAL_DATE } from "../../../lib/manual/edition.ts";
import { schemeManual } from "../../../lib/manual/scheme_page.ts";
import type { Plugin } from "../../../lib/plug/plugin.ts";
import type { VnlSyntax } from "../../../lib/plug/vnl.ts";

const PLACE = { version: "1.2.3", seeAlso: ["vdeplug(1)"] };

function plugin(summary: string, syntax: VnlSyntax): Plugin {
  return {
    scheme: "wire",
    summary,
    syntax,
    open: () => {
      throw new TypeError("Cannot open: it is only described");
    },
  };
}

const SLASH =
  `.TH VDEPLUG\\-WIRE 7 ${MANUAL_DATE} "vdeplug 1.2.3" "vdeplug manual"
.nh
.ad l
.SH NAME
vdeplug\\-wire \\- a wire: of copper
.SH SYNOPSIS
\\fBwire://\\fR[\\fIGROUP\\fR]\\:[\\fB/v4\\fR]\\:[\\fB/port=\\fR\\fIN\\fR]
.SH DESCRIPTION
A wire: of copper.
.PP
A VNL of this scheme may stand wherever \\fBvdeplug\\fR(1) takes one.
Keys follow the address behind /, with / between them.
They may be shortened, and text in them and in the address may be quoted, as
\\fBvdeplug\\fR(1) tells.
.SH ADDRESS
.TP
\\fIGROUP\\fR
Multicast group.
.SH KEYS
.TP
\\fBv4\\fR
IPv4 only.
.TP
\\fBport=\\fR\\fIN\\fR
UDP port (1 to 9, default 5).
.SH EXAMPLES
.TP
\\fBwire:///port=5\\fR
Another.
.SH "SEE ALSO"
\\fBvdeplug\\fR(1)
`;

Deno.test("schemeManual() writes all that a plugin of the slash form declares", () => {
  const roff = schemeManual(
    plugin("A wire: of copper.", {
      form: "slash",
      address: "GROUP",
      addressOptional: true,
      addressSummary: "multicast group",
      keys: [
        { name: "v4", type: "flag", summary: "IPv4 only" },
        {
          name: "port",
          type: "integer",
          min: 1,
          max: 9,
          default: 5,
          summary: "UDP port",
        },
      ],
      examples: [{ vnl: "wire:///port=5", summary: "another" }],
    }),
    PLACE,
  );
  assertEquals(roff, SLASH);
});

Deno.test("schemeManual() marks brackets that are typed, and a nested VNL", () => {
  const roff = schemeManual(
    plugin("TCP.", {
      form: "bracket",
      address: "PATH",
      nested: "required",
      keys: [{ name: "X", type: "text", placeholder: "Y", summary: "is Y" }],
    }),
    PLACE,
  );
  assertStringIncludes(roff, "\\- TCP\n");
  assertStringIncludes(
    roff,
    "\n\\fBwire://\\fR\\fIPATH\\fR\\:\\fB[\\fR\\fIX\\fR\\fB=\\fR\\fIY\\fR\\fB]\\fR\\:\\fB{\\fR\\fIVNL\\fR\\fB}\\fR\n",
  );
  assertStringIncludes(roff, ".TP\n\\fBX=\\fR\\fIY\\fR\nIs \\fIY\\fR.\n");
  assertStringIncludes(roff, ".TP\n\\fB{\\fR\\fIVNL\\fR\\fB}\\fR\nA VNL of");
});

Deno.test("schemeManual() tells that nothing is read in the raw form, and where a plugin is from", () => {
  const roff = schemeManual(
    plugin("It.", { form: "raw", address: "LINE", keys: [] }),
    { ...PLACE, from: "/home/a-b/.x.ts" },
  );
  assertStringIncludes(roff, "there are no keys and no\nquoting.");
  assertStringIncludes(roff, ".SH FILES\n.TP\n\\fB/home/a\\-b/.x.ts\\fR\n");
});

Deno.test("schemeManual() has the paragraphs of a description behind the summary", () => {
  const roff = schemeManual({
    ...plugin("A wire.", { form: "slash", keys: [] }),
    description: ["It is of copper. It is long.", ".Nobody may cut it."],
  }, PLACE);
  assertStringIncludes(
    roff,
    ".SH DESCRIPTION\nA wire.\n.PP\nIt is of copper.\nIt is long.\n.PP\n" +
      "\\&.Nobody may cut it.\n.PP\nA VNL of this",
  );
});

Deno.test("schemeManual() has nothing to tell of a scheme without anything", () => {
  const roff = schemeManual(plugin("", { form: "slash", keys: [] }), PLACE);
  const titles = Array.from(
    roff.matchAll(/^\.SH (.*)$/gm),
    ([, title]) => title,
  );
  assertEquals(titles, ["NAME", "SYNOPSIS", "DESCRIPTION", '"SEE ALSO"']);
});
