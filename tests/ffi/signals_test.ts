import { assertEquals } from "@std/assert";
import { SIGUSR1 } from "../../ffi/signals.ts";

/** Runs code in a process of its own: what is done to its signals is not ours. */
async function run(lines: readonly string[]): Promise<string> {
  const url = (path: string) => JSON.stringify(import.meta.resolve(path));
  const code = [
    `import { ignoreSignal, SIGUSR1 } from ${url("../../ffi/signals.ts")};`,
    `import { spawnProgram, waitForExit } from ${url("../../ffi/spawn.ts")};`,
    ...lines,
  ].join("\n");
  const folder = await Deno.makeTempDir({ prefix: "signals-" });
  try {
    const file = `${folder}/main.ts`;
    await Deno.writeTextFile(file, code);
    const config = decodeURIComponent(
      new URL("../../deno.json", import.meta.url).pathname,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", "--config", config, file],
    }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("ignoreSignal() keeps a signal from the runtime, and not from programs", async () => {
  const kill = '["sh", "-c", "kill -USR1 $$; echo alive"]';
  const out = await run([
    'Deno.addSignalListener("SIGUSR1", () => console.log("heard"));',
    "ignoreSignal(SIGUSR1);",
    'Deno.kill(Deno.pid, "SIGUSR1");',
    `const { signal } = await waitForExit(spawnProgram(${kill}, []));`,
    "console.log(signal);",
    "Deno.exit();",
  ]);
  assertEquals(out, `${SIGUSR1}\n`);
});
