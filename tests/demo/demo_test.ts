import { assertEquals, assertLess, assertMatch } from "@std/assert";
import {
  canMakeNamespaces,
  canMakeTaps,
  type LabHost,
  labTest,
  reasonToSkip,
} from "../lab/mod.ts";

const DEMO = new URL("../demo.ts", import.meta.url).pathname;
const CLI = new URL("../../cli.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
/** Of a machine that starts Deno in less than a second; more of a slower or busier one. */
const MAX_SECONDS = 20;
const MAX_STARTS = 20;
/** Far above what a slow machine needs. */
const PATIENCE_MS = 300_000;

/** Seconds that a command takes on a host, which must succeed; and what it prints. */
async function timed(
  host: LabHost,
  ...args: string[]
): Promise<{ seconds: number; stdout: string }> {
  const start = performance.now();
  const { code, stdout, stderr } = await host.attempt(
    Deno.execPath(),
    ["run", "--quiet", "--allow-all", "--config", CONFIG, ...args],
    { timeoutMs: PATIENCE_MS },
  );
  assertEquals(code, 0, stdout + stderr);
  return { seconds: (performance.now() - start) / 1000, stdout };
}

const noLab = await reasonToSkip(canMakeNamespaces());
const noTap = await reasonToSkip(canMakeTaps());

const CASES = [
  {
    name: "joins two hosts where it may make them",
    args: [],
    skip: noTap,
    says: /Gbit|Mbit/,
  },
  {
    name: "joins two processes over loopback where it may not",
    args: ["--loopback"],
    skip: noLab,
    says: /192\.0\.2\.1 exists nowhere but/,
  },
] as const;

for (const { name, args, skip, says } of CASES) {
  // On a host of its own, so that nothing it sends leaves the machine.
  labTest(`demo ${name}`, skip, async (lab) => {
    const host = await lab.host("a");
    const started = await timed(host, CLI, "--version");
    const { seconds, stdout } = await timed(host, DEMO, ...args);
    assertMatch(stdout, says);
    assertLess(seconds, Math.max(MAX_SECONDS, MAX_STARTS * started.seconds));
  });
}
