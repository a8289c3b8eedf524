import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";

const ROOT = new URL("../../../", import.meta.url).pathname;

Deno.test("runLoop() carries ten million frames, and its heap does not grow", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-ffi"],
      ...["--v8-flags=--expose-gc", "--config", `${ROOT}deno.json`],
      `${ROOT}tests/lib/cable/flood.ts`,
    ],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { taken, frames, bytes, heapBytes } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  assertGreaterOrEqual(taken[0], 10_000_000);
  assertEquals(taken, frames, "every frame that was counted was taken");
  assertEquals(bytes, frames.map((count: number) => count * 1514));
  assertEquals(heapBytes.length, 10);
  // The first million compiles the code.
  assertLess(heapBytes.at(-1) - heapBytes[1], 200_000, `${heapBytes}`);
});
