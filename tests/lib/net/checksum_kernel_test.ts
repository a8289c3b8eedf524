import { assertEquals } from "@std/assert";
import { sum } from "../../../lib/net/checksum.ts";
import { bindChecksumKernel } from "../../../lib/net/checksum_kernel.ts";
import { seededRandom } from "../../random.ts";

const SEED = 17;
const PAGE_BYTES = 65536;
const FILL = 0xa5;

/** A kernel on a memory that it fills with random bytes. */
function makeKernel(pages: number) {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(seededRandom(SEED).bytes(bytes.length));
  return { bytes, kernel: bindChecksumKernel(memory) };
}

Deno.test(`ChecksumKernel.sum() is that of TypeScript for every length 0-9001 (seed ${SEED})`, () => {
  const { bytes, kernel } = makeKernel(1);
  const random = seededRandom(SEED);
  for (let length = 0; length <= 9001; length++) {
    const offset = random.below(64);
    const want = sum(bytes, offset, length, 0);
    const got = kernel.sum(offset, length);
    if (got !== want) assertEquals(got, want, `${length} bytes at ${offset}`);
  }
});

Deno.test("ChecksumKernel.sum() is that of TypeScript at every offset 0-64 for lengths 0-200", () => {
  const { bytes, kernel } = makeKernel(1);
  for (let offset = 0; offset <= 64; offset++) {
    for (let length = 0; length <= 200; length++) {
      const want = sum(bytes, offset, length, 0);
      const got = kernel.sum(offset, length);
      if (got !== want) assertEquals(got, want, `${length} bytes at ${offset}`);
    }
  }
});

Deno.test("ChecksumKernel.sum() reads up to the last byte of its memory", () => {
  const { bytes, kernel } = makeKernel(1);
  for (let length = 0; length <= 100; length++) {
    const offset = PAGE_BYTES - length;
    assertEquals(kernel.sum(offset, length), sum(bytes, offset, length, 0));
  }
});

for (const fill of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
  Deno.test(`ChecksumKernel.sum() does not overflow over up to 1 MiB of ${fill}`, () => {
    const { bytes, kernel } = makeKernel(17);
    bytes.fill(fill);
    for (const length of [65_535, 131_072, 0x10_0000 - 1, 0x10_0000]) {
      for (const offset of [0, 1, 15, 16, 33]) {
        const odd = length % 2 === 0 ? 0 : fill << 8;
        const words = Math.floor(length / 2) * (fill << 8 | fill) + odd;
        const want = words === 0 ? 0 : words % 0xffff || 0xffff;
        assertEquals(kernel.sum(offset, length), want, `${length} ${offset}`);
      }
    }
  });
}

Deno.test("ChecksumKernel.sum() counts nothing that stands around the stretch", () => {
  const { bytes, kernel } = makeKernel(1);
  bytes.fill(0xff);
  for (let offset = 100; offset < 132; offset++) {
    for (let length = 0; length <= 150; length++) {
      bytes.fill(0, offset, offset + length);
      assertEquals(kernel.sum(offset, length), 0);
      bytes.fill(0xff, offset, offset + length);
    }
  }
});

Deno.test("ChecksumKernel.sumPieces() writes the sum of each piece, and nothing else", () => {
  const { bytes, kernel } = makeKernel(2);
  const random = seededRandom(SEED);
  const table = PAGE_BYTES;
  for (let round = 0; round < 3000; round++) {
    const offset = random.below(64);
    const length = random.below(3000);
    const pieceBytes = 1 + random.below(round % 2 === 0 ? 40 : 1500);
    const pieces = Math.ceil(length / pieceBytes);
    bytes.fill(FILL, table - 32);
    kernel.sumPieces(offset, length, pieceBytes, table);
    const view = new DataView(bytes.buffer, table);
    for (let piece = 0; piece < pieces; piece++) {
      const at = piece * pieceBytes;
      const size = Math.min(pieceBytes, length - at);
      const want = sum(bytes, offset + at, size, 0);
      const got = view.getUint16(2 * piece, true);
      if (got !== want) assertEquals(got, want, `piece ${piece} of ${length}`);
    }
    const before = bytes.subarray(table - 32, table);
    const behind = bytes.subarray(table + 2 * pieces);
    assertEquals(before.every((byte) => byte === FILL), true);
    assertEquals(behind.findIndex((byte) => byte !== FILL), -1);
  }
});

Deno.test("bindChecksumKernel() keeps memories apart", () => {
  const one = makeKernel(1);
  const other = makeKernel(1);
  other.bytes.fill(0);
  assertEquals(other.kernel.sum(0, 1000), 0);
  assertEquals(one.kernel.sum(0, 1000), sum(one.bytes, 0, 1000, 0));
});

Deno.test("bindChecksumKernel() works in a worker", async () => {
  const kernel = new URL(
    "../../../lib/net/checksum_kernel.ts",
    import.meta.url,
  );
  const source = `
    const { bindChecksumKernel } = await import(${JSON.stringify(kernel.href)});
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    new Uint8Array(memory.buffer).set([0x12, 0x34, 0x56], 5);
    self.postMessage(bindChecksumKernel(memory).sum(5, 3));
  `;
  const blob = new Blob([source], { type: "text/javascript" });
  const url = URL.createObjectURL(blob);
  const worker = new Worker(url, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  try {
    assertEquals(await promise, 0x1234 + 0x5600);
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
});
