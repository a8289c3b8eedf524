import { assertEquals } from "@std/assert";
import {
  checksum,
  fold,
  pseudoHeaderSum4,
  pseudoHeaderSum6,
  sum,
} from "../../../lib/net/checksum.ts";
import { seededRandom } from "../../random.ts";

/** RFC 1071, word by word, each carry added at once. */
function slowSum(bytes: Uint8Array, initial: number): number {
  let total = initial;
  for (let at = 0; at < bytes.length; at += 2) {
    const second = at + 1 < bytes.length ? bytes[at + 1] : 0;
    total += bytes[at] * 256 + second;
    if (total > 0xffff) total -= 0xffff;
  }
  return total;
}

const SUMS = [
  { name: "is 0 for no bytes", bytes: [], want: 0 },
  { name: "is 0 for zeros", bytes: [0, 0, 0, 0], want: 0 },
  { name: "pads an odd last byte", bytes: [0x12], want: 0x1200 },
  { name: "adds a carry back in", bytes: [0xff, 0xff, 0, 2], want: 2 },
  {
    name: "is 0xffff, not 0, where words cancel out",
    bytes: [0xff, 0xfe, 0, 1],
    want: 0xffff,
  },
  {
    name: "is that of the example in RFC 1071 section 3",
    bytes: [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7],
    want: 0xddf2,
  },
];

for (const { name, bytes, want } of SUMS) {
  Deno.test(`sum() ${name}`, () => {
    assertEquals(fold(sum(new Uint8Array(bytes), 0, bytes.length, 0)), want);
  });
}

const SEED = 3;

for (const offset of [0, 1, 2, 3, 7, 16]) {
  Deno.test(`sum() is the slow one's at offset ${offset} for every length 0-9001 (seed ${SEED})`, () => {
    const random = seededRandom(SEED + offset);
    const bytes = random.bytes(offset + 9001 + 1);
    for (let length = 0; length <= 9001; length++) {
      const initial = random.below(0x10000);
      const want = slowSum(bytes.subarray(offset, offset + length), initial);
      const got = fold(sum(bytes, offset, length, initial));
      if (got !== want) assertEquals(got, want, `length ${length}`);
    }
  });
}

for (const length of [65_535, 70_000, 131_072]) {
  for (const fill of [0x00, 0xff, 0xa5]) {
    Deno.test(`sum() does not overflow over ${length} bytes of ${fill}`, () => {
      const bytes = new Uint8Array(length + 3).fill(fill);
      const want = slowSum(bytes.subarray(3), 0xffff);
      assertEquals(fold(sum(bytes, 3, length, 0xffff)), want);
    });
  }
}

Deno.test("sum() goes on from the sum of an even stretch", () => {
  const bytes = seededRandom(4).bytes(2000);
  const whole = sum(bytes, 0, bytes.length, 0);
  for (let cut = 0; cut <= bytes.length; cut += 2) {
    const head = sum(bytes, 0, cut, 0);
    assertEquals(sum(bytes, cut, bytes.length - cut, head), whole);
  }
});

Deno.test("sum() tells arrays apart that alternate or share a buffer", () => {
  const random = seededRandom(5);
  const whole = random.bytes(4096);
  const arrays = [whole, whole.subarray(1001), random.bytes(3000)];
  for (let round = 0; round < 30; round++) {
    const bytes = arrays[round % arrays.length];
    const want = slowSum(bytes.subarray(round, round + 999), 0);
    assertEquals(sum(bytes, round, 999, 0), want);
  }
});

const FOLDS = [
  { sum: 0, want: 0 },
  { sum: 0xffff, want: 0xffff },
  { sum: 0x10000, want: 1 },
  { sum: 0x1fffe, want: 0xffff },
  { sum: 0x1ffff, want: 1 },
  { sum: 0x7fff_8000, want: 0xffff },
  { sum: 0xffff_fffe, want: 0xfffe },
  { sum: 0xffff_ffff, want: 0xffff },
];

for (const { sum, want } of FOLDS) {
  Deno.test(`fold() makes 0x${want.toString(16)} of 0x${sum.toString(16)}`, () => {
    assertEquals(fold(sum), want);
  });
}

Deno.test("checksum() written into a header makes its sum 0xffff", () => {
  const random = seededRandom(6);
  for (let round = 0; round < 1000; round++) {
    const length = 20 + random.below(1500);
    const bytes = random.bytes(length);
    bytes.fill(0, 10, 12);
    new DataView(bytes.buffer).setUint16(10, checksum(bytes, 0, length));
    assertEquals(fold(sum(bytes, 0, length, 0)), 0xffff);
  }
});

Deno.test("checksum() is that of a known IPv4 header", () => {
  // deno-fmt-ignore
  const header = Uint8Array.of(
    0x45, 0, 0, 0x54, 0, 0, 0x40, 0, 64, 1, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
  );
  assertEquals(checksum(header, 0, header.length), 0xb6a5);
});

Deno.test("pseudoHeaderSum4() is that of the written-out pseudo-header", () => {
  const random = seededRandom(7);
  const OFFSET = 15;
  for (const length of [0, 8, 1480, 65_515]) {
    const bytes = random.bytes(OFFSET + 20);
    const pseudo = new Uint8Array(12);
    pseudo.set(bytes.subarray(OFFSET + 12, OFFSET + 20));
    pseudo[9] = 17;
    new DataView(pseudo.buffer).setUint16(10, length);
    assertEquals(
      fold(pseudoHeaderSum4(bytes, OFFSET, 17, length)),
      slowSum(pseudo, 0),
    );
  }
});

Deno.test("pseudoHeaderSum6() is that of the written-out pseudo-header", () => {
  const random = seededRandom(8);
  const OFFSET = 18;
  for (const length of [0, 8, 1440, 65_535, 70_000]) {
    const bytes = random.bytes(OFFSET + 40);
    const pseudo = new Uint8Array(40);
    pseudo.set(bytes.subarray(OFFSET + 8, OFFSET + 40));
    new DataView(pseudo.buffer).setUint32(32, length);
    pseudo[39] = 58;
    assertEquals(
      fold(pseudoHeaderSum6(bytes, OFFSET, 58, length)),
      slowSum(pseudo, 0),
    );
  }
});
