import { assert, assertEquals } from "@std/assert";
import { setNonBlocking } from "../../../ffi/fd.ts";
import { makeArena } from "../../../lib/net/arena.ts";
import { Burst, SUPERFRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { ffiTest } from "../../ffi/case.ts";
import { joinBytes, readOnce } from "../../ffi/pipes.ts";
import { type SeededRandom, seededRandom } from "../../random.ts";
import {
  makePlainFrame,
  makeSuperframe,
  place,
  type TestFrame,
} from "../net/superframes.ts";
import { ReferenceDecoder } from "../plug/stream_reference.ts";
import { StreamFixture } from "./streams.ts";

const FRAMES = 12;

/** Frames of all kinds: superframes, and plain ones that want a checksum or are no good. */
function someFrame(random: SeededRandom): TestFrame {
  const version = random.below(2) ? 4 : 6;
  const transport = random.below(3) ? "tcp" : "udp";
  const payload = random.bytes(100 + random.below(12_000));
  const fields = { version, transport, payload } as const;
  switch (random.below(4)) {
    case 0:
      return makePlainFrame({ ...fields, complete: random.below(2) === 1 });
    case 1:
      return { ...makePlainFrame(fields), bytes: random.bytes(5) };
    default:
      return makeSuperframe(fields, 40 + random.below(1400));
  }
}

function burstOf(frames: readonly TestFrame[]): Burst {
  const burst = new Burst(FRAMES, makeArena(FRAMES * SUPERFRAME_SLOT_BYTES));
  for (const frame of frames) place(burst, frame, burst.tail);
  return burst;
}

/** Sends a burst, reading at most so many bytes between two calls. */
function send(
  frames: readonly TestFrame[],
  pipeBytes: number,
  readBytes: () => number,
): { bytes: Uint8Array<ArrayBuffer>; dropped: Record<string, number> } {
  using fixture = new StreamFixture(pipeBytes);
  const { output, options, plug } = fixture;
  const burst = burstOf(frames);
  const parts: Uint8Array[] = [];
  setNonBlocking(output.readFd, true);
  const drain = () => {
    const part = readOnce(output.readFd, readBytes());
    return typeof part !== "number" && parts.push(part) > 0;
  };
  for (let sent = 0; sent < burst.count;) {
    sent += plug.send(burst, sent);
    drain();
  }
  while (drain());
  return {
    bytes: joinBytes(parts),
    dropped: options.sendCounters.snapshot(),
  };
}

ffiTest(
  "StreamPlug.send() writes the same records of superframes, however slow the reader",
  () => {
    for (let seed = 0; seed < 12; seed++) {
      const random = seededRandom(seed);
      const frames = Array.from({ length: FRAMES }, () => someFrame(random));
      const fast = send(frames, 1 << 20, () => 1 << 20);
      const slow = send(frames, 4096, () => 1 + random.below(5000));
      assertEquals(slow.bytes.length, fast.bytes.length, `seed ${seed}`);
      assert(
        slow.bytes.every((byte, at) => byte === fast.bytes[at]),
        `${seed}`,
      );
      assertEquals(slow.dropped, fast.dropped, `seed ${seed}`);
      const decoder = new ReferenceDecoder();
      const records = decoder.read(fast.bytes, Infinity);
      const { runts, oversize, desyncs } = decoder;
      assertEquals([runts, oversize, desyncs], [0, 0, 0], `seed ${seed}`);
      assert(records.length >= frames.length - fast.dropped.runt);
    }
  },
);
