import { assert, assertEquals, assertMatch } from "@std/assert";
import { showStats } from "../../../lib/cli/stats_display.ts";
import { Counter, Counters } from "../../../lib/plug/counters.ts";
import { until } from "../../plugs.ts";
import { Recorder } from "./recorder.ts";

function counters(): [Counters, Counters] {
  const pair: [Counters, Counters] = [new Counters(), new Counters()];
  pair[0].add(Counter.frames, 5);
  return pair;
}

Deno.test("showStats() says nothing unless it is asked to", () => {
  const io = new Recorder();
  showStats(counters(), { statsSeconds: undefined, json: false }, io)();
  assertEquals([...io.errLines, ...io.dataLines], []);
});

Deno.test("showStats() prints a line each period, and a summary in the end", async () => {
  const io = new Recorder();
  const options = { statsSeconds: 0.01, json: false };
  const finish = showStats(counters(), options, io);
  assert(await until(() => io.errLines.length >= 3));
  finish();
  const summary = io.errLines.splice(-2);
  for (const line of io.errLines) assertMatch(line, /^0:0\d {2}→ 5 frames/);
  assertMatch(summary[0], /^→ 5 frames, .* on average, none dropped$/);
  assertMatch(summary[1], /^← 0 frames, /);
});

Deno.test("showStats() draws one line again and again on a terminal", async () => {
  const io = new Recorder([], { terminal: true });
  const options = { statsSeconds: 0.01, json: false };
  const finish = showStats(counters(), options, io);
  assert(await until(() => io.drawnLines.length >= 3));
  finish();
  assertEquals(io.errLines.length, 2, "the summary alone");
});

Deno.test("showStats() prints JSON each period, and in the end", async () => {
  const io = new Recorder([], { terminal: true });
  const finish = showStats(counters(), { statsSeconds: 0.01, json: true }, io);
  assert(await until(() => io.dataLines.length >= 2));
  const { length } = io.dataLines;
  finish();
  assertEquals(io.dataLines.length, length + 1);
  for (const line of io.dataLines) {
    assertEquals(JSON.parse(line).forward.frames, 5);
  }
  assertEquals([...io.errLines, ...io.drawnLines], []);
});

Deno.test("showStats() prints JSON once where no period is given", () => {
  const io = new Recorder();
  const options = { statsSeconds: undefined, json: true };
  const finish = showStats(counters(), options, io);
  assertEquals(io.dataLines, []);
  finish();
  assertEquals(io.dataLines.length, 1);
});
