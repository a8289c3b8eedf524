import { assertEquals } from "@std/assert";
import { crc32c } from "../../../lib/net/crc32c.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const numbers = (length: number, at: (index: number) => number) =>
  Uint8Array.from({ length }, (_, index) => at(index));

// The last four are those of RFC 3720, appendix B.4.
const CASES = [
  { name: "no bytes", bytes: numbers(0, () => 0), want: 0 },
  { name: "123456789", bytes: ascii("123456789"), want: 0xe306_9283 },
  { name: "32 zeros", bytes: numbers(32, () => 0), want: 0x8a91_36aa },
  { name: "32 ones", bytes: numbers(32, () => 0xff), want: 0x62a8_ab43 },
  { name: "0 to 31", bytes: numbers(32, (at) => at), want: 0x46dd_794e },
  { name: "31 to 0", bytes: numbers(32, (at) => 31 - at), want: 0x113f_db5c },
];

for (const { name, bytes, want } of CASES) {
  Deno.test(`crc32c() of ${name} is 0x${want.toString(16)}`, () => {
    assertEquals(crc32c(bytes, 0, bytes.length), want);
  });
}

Deno.test("crc32c() takes the stretch alone", () => {
  const bytes = new Uint8Array(50).fill(0xa5);
  bytes.set(ascii("123456789"), 7);
  assertEquals(crc32c(bytes, 7, 9), 0xe306_9283);
});
