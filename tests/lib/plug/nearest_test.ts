import { assertEquals } from "@std/assert";
import { nearestWord } from "../../../lib/plug/nearest.ts";

const SCHEMES = ["tap", "udp", "vxvde", "vxlan", "null", "probe"];

const CASES = [
  { word: "vxvde", want: "vxvde" },
  { word: "VXVDE", want: "vxvde" },
  { word: "vxvd", want: "vxvde" },
  { word: "vxdve", want: "vxvde" },
  { word: "xvxlan", want: "vxlan" },
  { word: "vxlen", want: "vxlan" },
  { word: "tpa", want: "tap" },
  { word: "tab", want: "tap" },
  { word: "nul", want: "null" },
  { word: "probes", want: "probe" },
  { word: "up", want: "udp" },
  { word: "xyz", want: undefined },
  { word: "switch", want: undefined },
  { word: "", want: undefined },
  { word: "x".repeat(100_000), want: undefined },
] as const;

for (const { word, want } of CASES) {
  const short = word.slice(0, 20);
  Deno.test(`nearestWord() finds ${want} for "${short}"`, () => {
    assertEquals(nearestWord(word, SCHEMES), want);
  });
}

Deno.test("nearestWord() takes the first of equally near words", () => {
  assertEquals(nearestWord("tax", ["tan", "tap"]), "tan");
});

Deno.test("nearestWord() finds nothing among nothing", () => {
  assertEquals(nearestWord("tap", []), undefined);
});
