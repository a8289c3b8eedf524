import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  canMakeNamespaces,
  canMakeTaps,
  type LabHost,
  labTest,
  prepareVdeplug,
  reasonToSkip,
  type RunResult,
  vdeplug,
} from "../../lab/mod.ts";

const noNamespaces = await reasonToSkip(canMakeNamespaces());
const noTaps = await reasonToSkip(canMakeTaps());

async function run(host: LabHost, ...args: string[]): Promise<RunResult> {
  await prepareVdeplug();
  const [program, ...rest] = vdeplug(...args);
  return await host.attempt(program, rest);
}

async function interfaces(host: LabHost): Promise<string[]> {
  const links: { ifname: string }[] = JSON.parse(
    await host.run("ip", ["-json", "link", "show"]),
  );
  return links.map(({ ifname }) => ifname);
}

const UNREACHABLE = [
  { vnl: "vxvde://", code: "ENODEV", hint: "ip route add 224.0.0.0/4" },
  {
    vnl: "vxvde:///v6",
    code: "ENODEV",
    hint: "ip -6 route add multicast ff00::/8",
  },
] as const;

for (const { vnl, code, hint } of UNREACHABLE) {
  labTest(
    `vdeplug ${vnl} says how the group is reached where no route leads there`,
    noNamespaces,
    async (lab) => {
      const host = await lab.host("a");
      const result = await run(host, "null://", vnl);
      assertEquals(result.code, 1, result.stderr);
      for (
        const part of [
          `Cannot open "${vnl}"`,
          "join group",
          `(${code})`,
          "/if=IFACE",
          hint,
        ]
      ) {
        assertStringIncludes(result.stderr, part);
      }
    },
  );
}

labTest(
  "vdeplug tap://t0 says that the TAP is busy, and leaves it alone",
  noTaps,
  async (lab) => {
    const host = await lab.host("a");
    await prepareVdeplug();
    const [program, ...args] = vdeplug("null://", "tap://t0");
    const first = host.spawn(program, args);
    await host.waitForInterface("t0", { madeBy: first });
    const { code, stderr } = await run(host, "null://", "tap://t0");
    assertEquals(code, 1);
    for (
      const part of [
        '"tap://t0"',
        "(EBUSY)",
        "another program holds this interface",
      ]
    ) {
      assertStringIncludes(stderr, part);
    }
    assert((await interfaces(host)).includes("t0"));
    assertEquals((await first.terminate()).code, 0, first.report());
    assertEquals(await interfaces(host), ["lo"]);
  },
);

labTest(
  "vdeplug removes its TAP when the other side cannot be opened",
  noTaps,
  async (lab) => {
    const host = await lab.host("a");
    const bad = "vxvde:///if=no-such-if";
    for (const sides of [["tap://t0", bad], [bad, "tap://t0"]]) {
      const { code, stderr } = await run(host, ...sides);
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, '"no-such-if"');
      assertEquals(await interfaces(host), ["lo"]);
    }
  },
);

labTest(
  "vdeplug removes its TAP when the command cannot be started",
  noTaps,
  async (lab) => {
    const host = await lab.host("a");
    const { code, stderr } = await run(
      host,
      "tap://t0",
      "=",
      "no-such-command",
    );
    assertEquals(code, 127, stderr);
    assertEquals(await interfaces(host), ["lo"]);
  },
);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  labTest(
    `vdeplug removes its TAP when ${signal} comes`,
    noTaps,
    async (lab) => {
      const host = await lab.host("a");
      await prepareVdeplug();
      const [program, ...args] = vdeplug("null://", "tap://t0");
      const cable = host.spawn(program, args);
      await host.waitForInterface("t0", { madeBy: cable });
      assertEquals((await cable.terminate(signal)).code, 0, cable.report());
      assertStringIncludes(cable.stderr, `ended by ${signal}`);
      assertEquals(await interfaces(host), ["lo"]);
    },
  );
}
