import { assertEquals } from "@std/assert";
import { markUsage } from "../../../lib/manual/usage.ts";

/** Marks as one reads them: `*typed*`, `_placeholder_`. */
function read(roff: string): string {
  return roff.replaceAll(/\\f([BI])(.*?)\\fR/g, (_, font, text) => {
    const mark = font === "B" ? "*" : "_";
    return mark + text + mark;
  });
}

const CASES = [
  { line: "", want: "" },
  { line: "vdeplug", want: "*vdeplug*" },
  {
    line: "vdeplug [OPTIONS] VNL = COMMAND ...",
    want: "*vdeplug* [_OPTIONS_] _VNL_ *=* _COMMAND_ ...",
  },
  { line: "a new-b [FOLDER2]", want: "*a* *new\\-b* [_FOLDER2_]" },
  { line: "[= COMMAND]...", want: "[*=* _COMMAND_]..." },
  { line: "vxvde://[GROUP][/v4]", want: "*vxvde://*[_GROUP_][*/v4*]" },
  { line: "x://P->R:P", want: "*x://*_P_*\\->*_R_*:*_P_" },
  {
    line: "x://NAME[N/m=N]",
    typed: true,
    want: "*x://*_NAME_*[*_N_*/m=*_N_*]*",
  },
  { line: "x://{VNL}", typed: true, want: "*x://{*_VNL_*}*" },
  { line: "a.b", want: "*a.b*" },
];

for (const { line, typed, want } of CASES) {
  Deno.test(`markUsage() of "${line}"${typed ? ", brackets typed" : ""}`, () => {
    assertEquals(read(markUsage(line, typed)), want);
  });
}
