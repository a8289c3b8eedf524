import { assertEquals } from "@std/assert";

const MODULE = import.meta.resolve("../../ffi/process_group.ts");

/** Runs code in a process of its own, which is not the leader of its group. */
async function run(code: string, ...prefix: string[]): Promise<string> {
  const source = `const groups = await import(${JSON.stringify(MODULE)});
    const group = () => Number(
      Deno.readTextFileSync("/proc/self/stat").replace(/.*\\) /s, "")
        .split(" ")[2]);
    ${code}`;
  const [program, ...args] = [...prefix, Deno.execPath(), "eval", source];
  const { stdout } = await new Deno.Command(program, { args }).output();
  return new TextDecoder().decode(stdout).trim();
}

const LEAD = `const before = group() === Deno.pid;
  const result = groups.leadProcessGroup() === Deno.pid;
  const again = groups.leadProcessGroup() === Deno.pid;
  console.log(before, result, again, group() === Deno.pid);`;

Deno.test("leadProcessGroup() makes a group, once", async () => {
  assertEquals(await run(LEAD), "false true true true");
});

Deno.test("leadProcessGroup() leaves the leader of a session alone", async () => {
  assertEquals(await run(LEAD, "setsid", "-w"), "true true true true");
});

Deno.test("inForeground() is false without a terminal", async () => {
  const code = "console.log(groups.inForeground())";
  assertEquals(await run(code, "setsid", "-w"), "false");
});
