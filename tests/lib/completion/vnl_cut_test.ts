import { assertEquals } from "@std/assert";
import { cutPartial, unquotePart } from "../../../lib/completion/vnl_cut.ts";
import type { VnlSyntax } from "../../../lib/plug/vnl.ts";

const SLASH: VnlSyntax = { form: "slash", address: "A", keys: [] };
const BRACKET: VnlSyntax = { form: "bracket", address: "A", keys: [] };
const RAW: VnlSyntax = { form: "raw", address: "A", keys: [] };
const NESTED = { nested: "optional" } as const;

const CASES: readonly {
  readonly text: string;
  readonly syntax: VnlSyntax;
  readonly at: string;
  readonly from: number;
  readonly given?: readonly string[];
}[] = [
  { text: "", syntax: SLASH, at: "address", from: 0 },
  { text: "a[b", syntax: SLASH, at: "address", from: 0 },
  { text: "a/", syntax: SLASH, at: "key", from: 2 },
  { text: "a/b=c/d", syntax: SLASH, at: "key", from: 6, given: ["b"] },
  { text: "a//d/e", syntax: SLASH, at: "key", from: 5, given: ["d"] },
  { text: "a/b=c=d", syntax: SLASH, at: "value", from: 4 },
  { text: "a\\/b", syntax: SLASH, at: "address", from: 0 },
  { text: "'a/b'/c", syntax: SLASH, at: "key", from: 6 },
  { text: "a%2fb", syntax: SLASH, at: "address", from: 0 },
  { text: "a/b{c", syntax: SLASH, at: "key", from: 2 },
  { text: "a/b", syntax: BRACKET, at: "address", from: 0 },
  { text: "a[b", syntax: BRACKET, at: "key", from: 2 },
  { text: "a[b/c=", syntax: BRACKET, at: "value", from: 6, given: ["b"] },
  { text: "a[b]", syntax: BRACKET, at: "end", from: 4, given: ["b"] },
  { text: "a[b][c", syntax: BRACKET, at: "end", from: 4, given: ["b"] },
  { text: "a{b", syntax: BRACKET, at: "address", from: 0 },
  { text: "a{b", syntax: { ...BRACKET, ...NESTED }, at: "nested", from: 2 },
  { text: "a{b{c}", syntax: { ...BRACKET, ...NESTED }, at: "nested", from: 2 },
  { text: "a{b[c]}", syntax: { ...BRACKET, ...NESTED }, at: "end", from: 7 },
  { text: "a{b}[c", syntax: { ...BRACKET, ...NESTED }, at: "key", from: 5 },
  {
    text: "a[b]{c",
    syntax: { ...BRACKET, ...NESTED },
    at: "nested",
    from: 5,
    given: ["b"],
  },
  {
    text: "a/b{c",
    syntax: { ...SLASH, ...NESTED },
    at: "nested",
    from: 4,
    given: ["b"],
  },
  { text: "a/[b{c", syntax: RAW, at: "address", from: 0 },
  { text: "a/[b{c", syntax: { ...RAW, ...NESTED }, at: "nested", from: 5 },
];

for (const { text, syntax, at, from, given = [] } of CASES) {
  const nested = syntax.nested === undefined ? "" : " with nested VNLs";
  Deno.test(`cutPartial() cuts ${text} in ${syntax.form} form${nested}`, () => {
    const cut = cutPartial(text, syntax);
    assertEquals([cut?.at, cut?.from, cut?.given], [at, from, given]);
  });
}

for (const text of ["'a", '"a', "a\\", "a/'b'\"c"]) {
  Deno.test(`cutPartial() gives nothing for ${text}, which ends in a quote`, () => {
    assertEquals(cutPartial(text, SLASH), undefined);
    assertEquals(unquotePart(text), undefined);
  });
}

Deno.test("unquotePart() undoes quotes", () => {
  assertEquals(unquotePart(`a'b/'"c"\\d%2f%zz`), "ab/cd/%zz");
  assertEquals(unquotePart("%ff"), undefined);
});
