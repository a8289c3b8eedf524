import { assertEquals, assertLess, assertMatch } from "@std/assert";
import {
  canMakeNamespaces,
  canMakeTaps,
  labTest,
  reasonToSkip,
} from "../lab/mod.ts";

const DEMO = new URL("../demo.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const MAX_SECONDS = 20;

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
    const start = performance.now();
    const command = [
      "run",
      "--quiet",
      "--allow-all",
      "--config",
      CONFIG,
      DEMO,
      ...args,
    ];
    const { code, stdout, stderr } = await host.attempt(
      Deno.execPath(),
      command,
    );
    assertEquals(code, 0, stdout + stderr);
    assertMatch(stdout, says);
    assertLess((performance.now() - start) / 1000, MAX_SECONDS);
  });
}
