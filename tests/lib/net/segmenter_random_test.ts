import { assert, assertEquals } from "@std/assert";
import { SimdArena } from "../../../lib/net/arena.ts";
import { seededRandom } from "../../random.ts";
import { referenceSegments } from "./reference_segmenter.ts";
import {
  arena,
  assertCut,
  assertSegments,
  makeSegmenter,
  slotBytes,
} from "./segmenter_check.ts";
import {
  burstIn,
  Flag,
  makePlainFrame,
  makeSuperframe,
  place,
  type TestFrame,
} from "./superframes.ts";

const ACK = Flag.ack;

/** The frame with its payload cut off behind `payloadBytes`, its IP length likewise. */
function shortened(frame: TestFrame, cutBytes: number): TestFrame {
  const bytes = frame.bytes.slice(0, frame.bytes.length - cutBytes);
  const view = new DataView(bytes.buffer);
  const at = bytes[12] === 0x08 ? 16 : 18;
  view.setUint16(at, view.getUint16(at) - cutBytes);
  return { ...frame, bytes };
}

const SEED = 31;
const LONGEST = 9000;

const SWEEPS = [
  { name: "TCP over IPv4", fields: {}, sizes: [536, 1398, 1448, 8948] },
  { name: "TCP over IPv6", fields: { version: 6 }, sizes: [1428, 999] },
  { name: "UDP over IPv4", fields: { transport: "udp" }, sizes: [1472, 333] },
  {
    name: "UDP over IPv6",
    fields: { version: 6, transport: "udp" },
    sizes: [1201],
  },
] as const;

for (const { name, fields, sizes } of SWEEPS) {
  for (const size of sizes) {
    Deno.test(`Segmenter.cut() is the reference for ${name}, payloads of 1-${LONGEST} bytes in segments of ${size} (seed ${SEED})`, () => {
      const random = seededRandom(SEED + size);
      const tcpOptions = random.bytes(12);
      const payload = random.bytes(LONGEST);
      const whole = makeSuperframe({ ...fields, tcpOptions, payload }, size);
      const segmenter = makeSegmenter();
      const burst = burstIn(arena);
      for (let length = LONGEST; length > 0; length--) {
        const frame = shortened(whole, LONGEST - length);
        const what = `payload of ${length}`;
        const offset = random.below(1000);
        const options = { offset, maxFrameBytes: 9014, what };
        const count = assertCut(segmenter, burst, frame, options);
        assertEquals(count, Math.ceil(length / size), what);
      }
    });
  }
}

const FUZZ_ROUNDS = 200_000;

Deno.test(`Segmenter.cut() is the reference for ${FUZZ_ROUNDS} random and damaged frames (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const segmenter = makeSegmenter(200);
  const burst = burstIn(new SimdArena(4096));
  const pick = <T>(values: readonly T[]): T =>
    values[random.below(values.length)];
  const good = Array.from({ length: 400 }, (_, round) => {
    const version = pick([4, 6] as const);
    const fields = {
      version,
      transport: pick(["tcp", "tcp", "udp"] as const),
      tags: pick(["", "", "8100 0001", "88a8 0001 8100 0001"]),
      ipOptions: pick([
        undefined,
        random.bytes(version === 4 ? 4 * random.below(11) : 6),
      ]),
      flags: pick([ACK, ACK, random.below(256)]),
      tcpOptions: random.bytes(4 * random.below(11)),
      payload: random.bytes(random.below(200)),
    };
    return round % 2 === 0
      ? makeSuperframe(fields, 1 + random.below(100))
      : makePlainFrame({ ...fields, complete: pick([true, false]) });
  });
  let cut = 0;
  for (let round = 0; round < FUZZ_ROUNDS; round++) {
    const frame = random.below(4) === 0
      ? noise(random.bytes(random.below(160)), pick)
      : damaged(pick(good), random);
    const what = `round ${round}`;
    const options = {
      offset: random.below(64),
      maxFrameBytes: random.below(400),
      what,
    };
    if (assertCut(segmenter, burst, frame, options) > 0) cut++;
  }
  assert(cut > FUZZ_ROUNDS / 10, `only ${cut} frames could be cut`);
});

/** Random bytes that look a little like a frame, so that they are read on. */
function noise(
  bytes: Uint8Array<ArrayBuffer>,
  pick: (values: readonly number[]) => number,
): TestFrame {
  if (bytes.length > 24) {
    const isIpv4 = pick([0, 1]) === 1;
    bytes.set(isIpv4 ? [8, 0, pick([0x45, 0x46])] : [0x86, 0xdd, 0x60], 12);
    bytes.set([0, pick([0, 40, 80, bytes.length])], isIpv4 ? 16 : 18);
    if (isIpv4) bytes.set([0, 0, 64, pick([6, 17])], 20);
    else bytes[20] = pick([6, 17, 0]);
  }
  const kind = pick([0, 1, 3, 4, 5, 0x81, 0x84, 0x85]);
  const wants = pick([0, 34, 54]);
  return {
    bytes,
    kind,
    segmentSize: pick([0, 1, 10, 65535]),
    checksumStart: wants,
    checksumOffset: 16,
  };
}

/** A copy of a frame with a few bytes changed, or none, and perhaps cut off. */
function damaged(
  frame: TestFrame,
  random: ReturnType<typeof seededRandom>,
): TestFrame {
  const length = frame.bytes.length;
  const bytes = random.below(8) === 0
    ? frame.bytes.slice(0, random.below(length + 1))
    : frame.bytes.slice();
  for (let changes = random.below(3); changes > 0 && bytes.length > 0;) {
    const reach = random.below(2) === 0
      ? bytes.length
      : Math.min(80, bytes.length);
    bytes[random.below(reach)] ^= 1 << random.below(8);
    changes--;
  }
  return { ...frame, bytes };
}

Deno.test(`Segmenter.cut() is the reference for streams of superframes in one burst (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const segmenter = makeSegmenter(4000);
  const burst = burstIn(arena);
  for (let stream = 0; stream < 20; stream++) {
    burst.clear();
    segmenter.clear();
    const version = stream % 2 === 0 ? 4 : 6;
    let sequence = random.next();
    const want: Uint8Array[] = [];
    for (let round = 0; round < 12; round++) {
      const payload = random.bytes(1 + random.below(16_000));
      const flags = random.below(3) === 0 ? ACK | Flag.psh : ACK;
      const tcpOptions = random.bytes(12);
      const id = random.below(0x10000);
      const fields = {
        version,
        sequence,
        flags,
        id,
        tcpOptions,
        payload,
      } as const;
      const frame = makeSuperframe(fields, 500 + random.below(1000));
      const index = place(burst, frame, burst.tail + random.below(64));
      const limit = 600 + random.below(1000);
      const segments = referenceSegments(frame, limit, slotBytes(segmenter));
      assertEquals(segmenter.cut(burst, index, limit), segments.length);
      want.push(...segments);
      sequence = (sequence + payload.length) >>> 0;
    }
    assertSegments(segmenter, burst.bytes, 0, want, `stream ${stream}`);
  }
});
