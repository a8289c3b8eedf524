import "../../ffi/preload.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Shown, showStats } from "../../../lib/cli/stats_display.ts";
import { Counter, Counters } from "../../../lib/plug/counters.ts";
import type { PlugStatus } from "../../../lib/plug/status.ts";
import { until } from "../../plugs.ts";
import { Recorder } from "./recorder.ts";

/** A cable that has moved five frames. */
function cable(plugs: readonly PlugStatus[] = []): Shown {
  const counters = [new Counters(), new Counters()] as const;
  counters[0].add(Counter.frames, 5);
  return { counters, status: () => Promise.resolve(plugs) };
}

const SWITCH: PlugStatus = {
  vnl: "switch:///tmp/sw",
  ports: [],
  stations: [{
    mac: "02:00:00:00:00:01",
    vlan: 0,
    port: 1,
    ageSeconds: 3,
  }],
};

Deno.test("showStats() says nothing unless it is asked to", async () => {
  const io = new Recorder();
  await showStats(cable(), { statsSeconds: undefined, json: false }, io)();
  assertEquals([...io.errLines, ...io.dataLines], []);
});

Deno.test("showStats() prints a line each period, and a summary in the end", async () => {
  const io = new Recorder();
  const options = { statsSeconds: 0.01, json: false };
  const finish = showStats(cable(), options, io);
  assert(await until(() => io.errLines.length >= 3));
  await finish();
  const summary = io.errLines.splice(-2);
  for (const line of io.errLines) assertMatch(line, /^0:0\d {2}→ 5 frames/);
  assertMatch(summary[0], /^→ 5 frames, .* on average, none dropped$/);
  assertMatch(summary[1], /^← 0 frames, /);
});

Deno.test("showStats() draws one line again and again on a terminal", async () => {
  const io = new Recorder([], { terminal: true });
  const options = { statsSeconds: 0.01, json: false };
  const finish = showStats(cable(), options, io);
  assert(await until(() => io.drawnLines.length >= 3));
  await finish();
  assertEquals(io.errLines.length, 2, "the summary alone");
});

Deno.test("showStats() prints JSON each period, and in the end", async () => {
  const io = new Recorder([], { terminal: true });
  const finish = showStats(cable(), { statsSeconds: 0.01, json: true }, io);
  assert(await until(() => io.dataLines.length >= 2));
  const { length } = io.dataLines;
  await finish();
  assertEquals(io.dataLines.length, length + 1);
  for (const line of io.dataLines) {
    assertEquals(JSON.parse(line).forward.frames, 5);
  }
  assertEquals([...io.errLines, ...io.drawnLines], []);
});

Deno.test("showStats() prints JSON once where no period is given", async () => {
  const io = new Recorder();
  const options = { statsSeconds: undefined, json: true };
  const finish = showStats(cable(), options, io);
  assertEquals(io.dataLines, []);
  await finish();
  assertEquals(io.dataLines.length, 1);
});

Deno.test("showStats() counts a switch's stations each period, a line each port", async () => {
  const io = new Recorder([], { terminal: true });
  const options = { statsSeconds: 0.01, json: false };
  const finish = showStats(cable([SWITCH]), options, io);
  assert(await until(() => io.dataLines.length >= 2));
  await finish();
  assertEquals(io.dataLines[0], "switch:///tmp/sw: 0 ports, 1 station");
  assertEquals(io.dataLines.filter((line) => line.includes("02:00")), []);
});

Deno.test("showStats() shows everything on SIGUSR1, stations too", async () => {
  const io = new Recorder();
  const options = { statsSeconds: undefined, json: false };
  const finish = showStats(cable([SWITCH]), options, io);
  Deno.kill(Deno.pid, "SIGUSR1");
  assert(await until(() => io.dataLines.length > 0));
  await finish();
  assertMatch(io.errLines[0], /^→ 5 frames/);
  assertMatch(io.dataLines.join("\n"), /02:00:00:00:00:01 +- +1 +0:03/);
});

Deno.test("showStats() has a switch's ports and stations in its JSON", async () => {
  const io = new Recorder();
  const options = { statsSeconds: undefined, json: true };
  await showStats(cable([SWITCH]), options, io)();
  assertEquals(JSON.parse(io.dataLines[0]).plugs, [SWITCH]);
});
