import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  ABSOLUTE,
  addressOf,
  IOVEC_BYTES,
  Iovecs,
  putWord64,
} from "../../ffi/memory.ts";

const WORD = 2 ** 32;
/** The greatest address that a program on x86-64 has. */
const TOP = 2 ** 47 - 1;

Deno.test("addressOf() gives the address at which C finds the first byte", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5);
  const pointer = Deno.UnsafePointer.create(BigInt(addressOf(bytes)));
  assertNotEquals(pointer, null);
  const view = new Deno.UnsafePointerView(pointer!); // just compared with null
  assertEquals(view.getUint8(0), 1);
  bytes[4] = 9;
  assertEquals(view.getUint8(4), 9);
});

Deno.test("addressOf() follows the offset of a view", () => {
  const bytes = new Uint8Array(64);
  assertEquals(addressOf(bytes.subarray(3)), addressOf(bytes) + 3);
  assertEquals(
    addressOf(new Uint32Array(bytes.buffer, 8)),
    addressOf(bytes) + 8,
  );
});

Deno.test("addressOf() refuses an empty array, which C would get as NULL", () => {
  assertThrows(() => addressOf(new Uint8Array(0)), TypeError, "it is empty");
});

const VALUES = [0, 1, WORD - 1, WORD, WORD + 5, TOP, 2 ** 53 - 1] as const;

for (const value of VALUES) {
  Deno.test(`putWord64() writes ${value} as C reads a 64-bit number`, () => {
    const words = new Uint32Array(4).fill(0xa5a5a5a5);
    putWord64(words, 1, value);
    const view = new DataView(words.buffer);
    assertEquals(view.getBigUint64(4, true), BigInt(value));
    assertEquals([words[0], words[3]], [0xa5a5a5a5, 0xa5a5a5a5]);
  });
}

Deno.test("Iovecs lays entries out as struct iovec: address, then length", () => {
  const iovecs = new Iovecs(3);
  iovecs.words.fill(0xa5a5a5a5);
  // The upper half of a length is zero from the start, and set() leaves it alone.
  for (const index of [3, 7, 11]) iovecs.words[index] = 0;
  iovecs.set(1, ABSOLUTE, TOP, 9234);
  const view = new DataView(iovecs.words.buffer);
  assertEquals(view.getBigUint64(IOVEC_BYTES, true), BigInt(TOP));
  assertEquals(view.getBigUint64(IOVEC_BYTES + 8, true), 9234n);
  assertEquals(view.getUint32(0), 0xa5a5a5a5, "entry 0 is untouched");
  assertEquals(view.getUint32(2 * IOVEC_BYTES), 0xa5a5a5a5, "and entry 2");
  assertEquals(iovecs.address, addressOf(iovecs.words));
  assertEquals(iovecs.words.byteLength, 3 * IOVEC_BYTES);
});

Deno.test("Iovecs.set() follows the array that a base points to", () => {
  const iovecs = new Iovecs(1);
  const view = new DataView(iovecs.words.buffer);
  const [one, other] = [new Uint8Array(8), new Uint8Array(8)];
  for (const array of [one, one, other, one, other.subarray(2)]) {
    iovecs.bases.point(3, array);
    iovecs.set(0, 3, 5, 1);
    assertEquals(view.getBigUint64(0, true), BigInt(addressOf(array) + 5));
  }
});
