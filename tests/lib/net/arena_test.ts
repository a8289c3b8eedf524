import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  type Arena,
  copyBetween,
  makeArena,
  PlainArena,
  SimdArena,
} from "../../../lib/net/arena.ts";
import { sum } from "../../../lib/net/checksum.ts";
import { seededRandom } from "../../random.ts";

const SEED = 23;

const ARENAS: readonly { name: string; make: (size: number) => Arena }[] = [
  { name: "SimdArena", make: (size) => new SimdArena(size) },
  { name: "PlainArena", make: (size) => new PlainArena(size) },
];

for (const { name, make } of ARENAS) {
  Deno.test(`${name} has zeros, as many as asked for rounded up to 64`, () => {
    for (
      const [size, want] of [[0, 0], [1, 64], [64, 64], [65536, 65536], [
        65537,
        65600,
      ]]
    ) {
      const arena = make(size);
      assertEquals(arena.bytes.length, want);
      assertEquals(arena.bytes.every((byte) => byte === 0), true);
      assertEquals(arena.view.byteLength, want);
      assertEquals(arena.pieceSums.length, 65536);
    }
  });

  Deno.test(`${name}.view shows the bytes`, () => {
    const arena = make(128);
    arena.bytes.set([1, 2, 3, 4], 61);
    assertEquals(arena.view.getUint32(61), 0x01020304);
  });

  Deno.test(`${name}.sum() is that of checksum.ts up to the last byte (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const arena = make(70_016);
    arena.bytes.set(random.bytes(arena.bytes.length));
    arena.pieceSums.fill(0xffff);
    for (let round = 0; round < 2000; round++) {
      const length = random.below(round % 2 === 0 ? 100 : 70_000);
      const left = arena.bytes.length - length;
      const offset = round % 3 === 0 ? left : random.below(left);
      const want = sum(arena.bytes, offset, length, 0);
      assertEquals(arena.sum(offset, length), want);
    }
  });

  Deno.test(`${name}.sumPieces() writes the sum of each piece (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const arena = make(65_536);
    const { bytes, pieceSums } = arena;
    bytes.set(random.bytes(bytes.length));
    for (let round = 0; round < 500; round++) {
      const length = random.below(9000);
      const offset = random.below(bytes.length - length);
      const pieceBytes = 1 + random.below(2000);
      pieceSums.fill(0xa5a5);
      arena.sumPieces(offset, length, pieceBytes);
      const pieces = Math.ceil(length / pieceBytes);
      for (let piece = 0; piece < pieces; piece++) {
        const at = piece * pieceBytes;
        const size = Math.min(pieceBytes, length - at);
        assertEquals(pieceSums[piece], sum(bytes, offset + at, size, 0));
      }
      assertEquals(pieceSums[pieces], 0xa5a5);
    }
  });

  Deno.test(`${name}.sumPieces() has a cell for each byte of the longest stretch`, () => {
    const arena = make(65_536);
    const before = seededRandom(SEED).bytes(65_536);
    arena.bytes.set(before);
    arena.sumPieces(0, 65_536, 1);
    const wrong = arena.pieceSums.findIndex((sum, at) =>
      sum !== before[at] << 8
    );
    assertEquals(wrong, -1);
    assertEquals(arena.bytes.every((byte, at) => byte === before[at]), true);
  });
}

Deno.test("makeArena() makes a SimdArena where there are vectors", () => {
  assertInstanceOf(makeArena(100), SimdArena);
});

const NARROW = [
  { name: "where V8 has no WebAssembly", flags: ["--v8-flags=--jitless"] },
  { name: "where V8 has no vectors", flags: ["--v8-flags=--no-enable-sse4-1"] },
];

for (const { name, flags } of NARROW) {
  Deno.test(`makeArena() makes a PlainArena ${name}`, {
    ignore: Deno.build.arch !== "x86_64",
  }, async () => {
    const arena = new URL("../../../lib/net/arena.ts", import.meta.url);
    const source = `
      import { makeArena } from ${JSON.stringify(arena.href)};
      const arena = makeArena(64);
      arena.bytes.fill(1);
      console.log(arena.constructor.name, arena.sum(0, 4));
    `;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-config", ...flags, "-"],
      stdin: "piped",
      stdout: "piped",
    });
    await using child = command.spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(source));
    await writer.close();
    const { stdout } = await child.output();
    assertEquals(new TextDecoder().decode(stdout), "PlainArena 514\n");
  });
}

Deno.test("copyBetween() copies every length at every offset, and nothing around it", () => {
  const random = seededRandom(SEED);
  const source = new SimdArena(512);
  source.bytes.set(random.bytes(512));
  const sink = new PlainArena(512);
  for (let length = 0; length <= 100; length++) {
    const from = random.below(64);
    const to = random.below(64);
    sink.bytes.fill(0xa5);
    copyBetween(source, from, sink, to, length);
    const want = new Uint8Array(512).fill(0xa5);
    want.set(source.bytes.subarray(from, from + length), to);
    assertEquals(sink.bytes, want, `${length} bytes from ${from} to ${to}`);
  }
  assert(source.bytes.some((byte) => byte !== 0xa5));
});
