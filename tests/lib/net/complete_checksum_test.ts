import { assertEquals } from "@std/assert";
import { type Arena, PlainArena, SimdArena } from "../../../lib/net/arena.ts";
import { completeChecksum } from "../../../lib/net/complete_checksum.ts";
import { crc32c } from "../../../lib/net/crc32c.ts";
import { seededRandom } from "../../random.ts";
import { ethernet, hex, ip, join, plainChecksum, u16 } from "./packets.ts";
import {
  burstIn,
  makePlainFrame,
  makeSuperframe,
  place,
  type TestFrame,
} from "./superframes.ts";

const SEED = 41;
const FILL = 0xa5;
const MACS = { to: "02:00:00:00:00:02", from: "02:00:00:00:00:01" };

const simdArena = new SimdArena(16384);

/** A burst of one frame, at an odd offset of an arena that is filled. */
function burstOf(frame: TestFrame, arena: Arena = simdArena) {
  const burst = burstIn(arena);
  burst.bytes.fill(FILL);
  place(burst, frame, 131);
  return burst;
}

for (const transport of ["tcp", "udp"] as const) {
  for (const version of [4, 6] as const) {
    Deno.test(`completeChecksum() completes ${transport} over IPv${version} with payloads of 0-3000 bytes`, () => {
      const random = seededRandom(SEED);
      for (let length = 0; length <= 3000; length += 1 + random.below(9)) {
        const fields = { version, transport, payload: random.bytes(length) };
        const burst = burstOf(makePlainFrame({ ...fields, complete: false }));
        assertEquals(completeChecksum(burst, 0), true);
        assertEquals(burst.frame(0), makePlainFrame(fields).bytes);
        assertEquals(burst.checksumStart[0], 0);
        const behind = burst.bytes[burst.start[0] + burst.length[0]];
        assertEquals(behind, FILL);
      }
    });
  }
}

Deno.test("completeChecksum() works in a PlainArena, and with tags", () => {
  const payload = seededRandom(SEED).bytes(999);
  const fields = { tags: "88a8 0001 8100 0002", payload } as const;
  const frame = makePlainFrame({ ...fields, complete: false });
  const burst = burstOf(frame, new PlainArena(16384));
  assertEquals(completeChecksum(burst, 0), true);
  assertEquals(burst.frame(0), makePlainFrame(fields).bytes);
});

Deno.test("completeChecksum() leaves a frame that wants none as it is", () => {
  const frame = makePlainFrame({ payload: hex("010203") });
  frame.bytes[50] ^= 1;
  const burst = burstOf(frame);
  assertEquals(completeChecksum(burst, 0), true);
  assertEquals(burst.frame(0), frame.bytes);
});

Deno.test("completeChecksum() refuses superframes, whether they want a checksum or not", () => {
  for (const transport of ["tcp", "udp"] as const) {
    const payload = new Uint8Array(3000);
    const frame = makeSuperframe({ transport, payload }, 1000);
    for (const checksumStart of [0, frame.checksumStart]) {
      const burst = burstOf({ ...frame, checksumStart });
      assertEquals(completeChecksum(burst, 0), false);
      assertEquals(burst.frame(0), frame.bytes);
      assertEquals(burst.checksumStart[0], checksumStart);
    }
  }
});

Deno.test("completeChecksum() writes 0xffff for 0 in UDP, and 0 elsewhere", () => {
  for (const transport of ["tcp", "udp"] as const) {
    const at = transport === "tcp" ? 50 : 40;
    const payload = new Uint8Array(20);
    const fields = { transport, payload };
    const checksum = makePlainFrame(fields).bytes.subarray(at, at + 2);
    payload.set(checksum, 4);
    const burst = burstOf(makePlainFrame({ ...fields, complete: false }));
    assertEquals(completeChecksum(burst, 0), true);
    const want = transport === "tcp" ? hex("0000") : hex("ffff");
    assertEquals(burst.frame(0).slice(at, at + 2), want);
  }
});

Deno.test("completeChecksum() sums up any protocol from where the frame says", () => {
  const random = seededRandom(SEED);
  for (let round = 0; round < 200; round++) {
    const bytes = random.bytes(60 + random.below(100));
    const checksumStart = 14 + random.below(40);
    const checksumOffset = 2 *
      random.below((bytes.length - checksumStart) >> 1);
    const frame = { bytes, kind: 0, segmentSize: 0, checksumStart };
    const burst = burstOf({ ...frame, checksumOffset });
    assertEquals(completeChecksum(burst, 0), true);
    const want = bytes.slice();
    let checksum = plainChecksum(bytes.subarray(checksumStart));
    if (checksum === 0 && checksumOffset === 6) checksum = 0xffff;
    want.set(u16(checksum), checksumStart + checksumOffset);
    assertEquals(burst.frame(0), want);
  }
});

const OUTSIDE = [
  { name: "begins in the Ethernet header", start: 13, offset: 16 },
  { name: "begins behind the frame", start: 75, offset: 0 },
  { name: "ends behind the frame", start: 34, offset: 39 },
  { name: "stands behind the frame", start: 34, offset: 40 },
  { name: "stands far behind the frame", start: 65535, offset: 65535 },
];

for (const { name, start, offset } of OUTSIDE) {
  Deno.test(`completeChecksum() refuses a checksum that ${name}`, () => {
    const frame = makePlainFrame({ payload: new Uint8Array(20) });
    const says = { checksumStart: start, checksumOffset: offset };
    const burst = burstOf({ ...frame, ...says });
    const before = burst.bytes.slice();
    assertEquals(completeChecksum(burst, 0), false);
    assertEquals(burst.bytes, before);
    assertEquals(burst.checksumStart[0], start);
  });
}

Deno.test("completeChecksum() takes a checksum that ends with the frame", () => {
  const frame = makePlainFrame({ payload: new Uint8Array(20) });
  const burst = burstOf({ ...frame, checksumStart: 34, checksumOffset: 38 });
  assertEquals(completeChecksum(burst, 0), true);
});

/** An IP packet of SCTP as the kernel leaves it, its checksum zero or left over. */
function sctp(version: 4 | 6, checksum: Uint8Array): TestFrame {
  const data = join(
    u16(5000),
    u16(5001),
    hex("01020304"),
    checksum,
    hex("0003001000000001000000000000"),
  );
  const packet = version === 4
    ? join(
      hex("4500"),
      u16(20 + data.length),
      hex("0001 4000 40 84 0000"),
      ip("192.0.2.1"),
      ip("192.0.2.2"),
      data,
    )
    : join(
      hex("60000000"),
      u16(data.length),
      hex("84 40"),
      ip("2001:db8::1"),
      ip("2001:db8::2"),
      data,
    );
  return {
    bytes: ethernet(MACS, version === 4 ? 0x0800 : 0x86dd, packet),
    kind: 0,
    segmentSize: 0,
    checksumStart: version === 4 ? 34 : 54,
    checksumOffset: 8,
  };
}

for (const version of [4, 6] as const) {
  Deno.test(`completeChecksum() writes SCTP's CRC32c over IPv${version}, least significant byte first`, () => {
    for (const old of [hex("00000000"), hex("a5a5a5a5")]) {
      const frame = sctp(version, old);
      const burst = burstOf(frame);
      assertEquals(completeChecksum(burst, 0), true);
      const zeroed = sctp(version, hex("00000000")).bytes;
      const start = frame.checksumStart;
      const crc = crc32c(zeroed, start, zeroed.length - start);
      new DataView(zeroed.buffer).setUint32(start + 8, crc, true);
      assertEquals(burst.frame(0), zeroed);
      assertEquals(burst.checksumStart[0], 0);
    }
  });
}

Deno.test("completeChecksum() refuses SCTP that ends within its checksum", () => {
  const frame = sctp(4, hex("00000000"));
  const bytes = frame.bytes.slice(0, 34 + 10);
  bytes.set(u16(bytes.length - 14), 16);
  const burst = burstOf({ ...frame, bytes });
  assertEquals(completeChecksum(burst, 0), false);
  assertEquals(burst.frame(0), bytes);
});
