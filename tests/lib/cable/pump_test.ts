import { assertEquals, assertThrows } from "@std/assert";
import { BURST_FRAMES } from "../../../lib/cable/cable_burst.ts";
import { Pump, Wait } from "../../../lib/cable/pump.ts";
import { Counters } from "../../../lib/plug/counters.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import { assertFrames, makeFrame } from "../../plugs.ts";
import { MemoryPlug, type MemoryPlugSettings } from "./memory_plug.ts";

function makeFrames(count: number, length = 60): Uint8Array[] {
  return Array.from({ length: count }, (_, seed) => makeFrame(length, seed));
}

class Setup implements Disposable {
  readonly source: MemoryPlug;
  readonly sink: MemoryPlug;
  readonly counters = new Counters();
  readonly pump: Pump;

  constructor(settings: MemoryPlugSettings = {}) {
    this.source = new MemoryPlug();
    this.sink = new MemoryPlug(settings);
    this.pump = new Pump(this.source, this.sink, this.counters);
  }

  get counted(): [frames: number, bytes: number, bursts: number] {
    const { frames, bytes, bursts } = this.counters.snapshot();
    return [frames, bytes, bursts];
  }

  [Symbol.dispose](): void {
    this.source[Symbol.dispose]();
    this.sink[Symbol.dispose]();
  }
}

ffiTest("Pump.step() moves what waits, and counts it", () => {
  using setup = new Setup();
  const { pump, source, sink } = setup;
  const frames = [makeFrame(14, 1), makeFrame(9234, 2), makeFrame(60, 3)];
  source.offer(frames);
  assertEquals(pump.wait, Wait.source);
  pump.step();
  assertFrames(sink.taken, frames);
  assertEquals(setup.counted, [3, 14 + 9234 + 60, 1]);
  assertEquals([pump.frames, pump.wait], [3, Wait.source]);
});

ffiTest(
  "Pump.step() counts no burst where nothing came, and sends nothing",
  () => {
    using setup = new Setup();
    setup.pump.step();
    assertEquals(setup.counted, [0, 0, 0]);
    assertEquals([setup.source.calls.receive, setup.sink.calls.send], [1, 0]);
    assertEquals(setup.pump.wait, Wait.source);
  },
);

ffiTest(
  "Pump.step() goes on at once while the source may hold more than a burst",
  () => {
    using setup = new Setup();
    const { pump, source, sink } = setup;
    const frames = makeFrames(2 * BURST_FRAMES + 44);
    source.offer(frames);
    for (let bursts = 1; bursts <= 2; bursts++) {
      pump.step();
      assertEquals(
        [sink.taken.length, pump.wait],
        [bursts * BURST_FRAMES, Wait.nothing],
      );
    }
    pump.step();
    assertFrames(sink.taken, frames);
    assertEquals(pump.wait, Wait.source);
    assertEquals(setup.counted, [frames.length, frames.length * 60, 3]);
  },
);

ffiTest("Pump.step() leaves the source alone while the sink is full", () => {
  using setup = new Setup({ room: 5 });
  const { pump, source, sink } = setup;
  const frames = makeFrames(BURST_FRAMES + 2);
  source.offer(frames);
  pump.step();
  assertEquals([sink.taken.length, pump.wait], [5, Wait.sink]);
  for (let steps = 0; steps < 10; steps++) pump.step();
  assertEquals([source.calls.receive, source.waiting], [1, 2]);
  sink.makeRoom(7);
  pump.step();
  assertEquals([sink.taken.length, pump.wait], [12, Wait.sink]);
  sink.makeRoom(2 * BURST_FRAMES);
  pump.step();
  assertEquals([sink.taken.length, source.calls.receive], [BURST_FRAMES, 1]);
  pump.step();
  assertFrames(sink.taken, frames);
  assertEquals(setup.counted, [frames.length, frames.length * 60, 2]);
});

ffiTest("Pump.flush() offers what is left, and takes nothing new", () => {
  using setup = new Setup({ room: 1 });
  const { pump, source, sink } = setup;
  const frames = makeFrames(3);
  pump.flush();
  assertEquals(sink.calls.send, 0);
  source.offer(frames);
  pump.step();
  source.offer(makeFrames(5));
  sink.makeRoom(10);
  pump.flush();
  pump.flush();
  assertFrames(sink.taken, frames);
  assertEquals([source.waiting, pump.wait], [5, Wait.source]);
});

ffiTest(
  "Pump.step() throws what the source throws, after its last frames went",
  () => {
    using setup = new Setup();
    const { pump, source, sink } = setup;
    const frames = makeFrames(3);
    source.offer(frames);
    source.fail(new LinkEnd("it closed the stream"));
    pump.step();
    assertFrames(sink.taken, frames);
    assertThrows(() => pump.step(), LinkEnd, "it closed the stream");
  },
);

ffiTest("Pump.step() throws what the sink throws", () => {
  using setup = new Setup({ room: 2 });
  setup.source.offer(makeFrames(3));
  setup.sink.sendError = new PlugError("Cannot write", { code: "EIO" });
  assertThrows(() => setup.pump.step(), PlugError, "Cannot write");
});
