import { assertEquals } from "@std/assert";
import { Burst } from "../../../lib/net/burst.ts";
import { Counters } from "../../../lib/plug/counters.ts";
import { countUnfit, countUnfitFrames, fits } from "../../../lib/plug/fit.ts";

const LENGTHS = [
  { length: -1, fit: false, counted: "oversize" },
  { length: 0, fit: false, counted: "runt" },
  { length: 13, fit: false, counted: "runt" },
  { length: 14, fit: true },
  { length: 1514, fit: true },
  { length: 9234, fit: true },
  { length: 9235, fit: false, counted: "oversize" },
  { length: 65535, fit: false, counted: "oversize" },
] as const;

for (const { length, fit, ...rest } of LENGTHS) {
  Deno.test(`fits() is ${fit} for ${length} bytes`, () => {
    assertEquals(fits(length), fit);
  });

  if (!("counted" in rest)) continue;
  const { counted } = rest;

  Deno.test(`countUnfit() counts ${length} bytes as ${counted}`, () => {
    const counters = new Counters();
    countUnfit(length, counters);
    assertEquals(counters.snapshot()[counted], 1);
    assertEquals(counters.dropped(), 1);
  });
}

Deno.test("countUnfitFrames() counts what does not fit, of the frames it is given", () => {
  const counters = new Counters();
  const burst = new Burst(8);
  for (const length of [13, 14, 0, 9235, 9234, 5, 9236]) {
    burst.append(0, length);
  }
  countUnfitFrames(burst, 1, 6, counters);
  const { runt, oversize } = counters.snapshot();
  assertEquals([runt, oversize, counters.dropped()], [2, 1, 3]);
  countUnfitFrames(burst, 6, 6, counters);
  assertEquals(counters.dropped(), 3);
});
