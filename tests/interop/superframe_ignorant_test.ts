import { assert, assertEquals, assertLess } from "@std/assert";
import { canMakeTaps, labTest, reasonToSkip } from "../lab/mod.ts";
import { prepared } from "./nodes.ts";
import { assertSameBytes } from "./superframe_nodes.ts";

const noTaps = await reasonToSkip(canMakeTaps());

const BYTES = 20_000_000;
/** Longest frame of a TAP whose MTU is 1500. */
const FRAME_BYTES = 1514;
const PLUGIN = new URL("superframe_ignorant.ts", import.meta.url);

Deno.test("superframe_ignorant.ts has at most 30 lines of code that open a plug", async () => {
  const text = await Deno.readTextFile(PLUGIN);
  const code = text.slice(text.indexOf("function"), text.indexOf("/** The"));
  assertLess(code.trim().split("\n").length, 31);
});

for (const version of [4, 6]) {
  labTest(
    `a plugin that knows nothing of superframes works with taps that have them, over IPv${version}`,
    noTaps,
    async (lab) => {
      const [cables, a, b] = [
        await lab.host("cables"),
        await lab.host("a"),
        await lab.host("b"),
      ];
      await prepared();
      const file = (name: string) => new URL(name, import.meta.url).pathname;
      const joiner = cables.spawn(Deno.execPath(), [
        ...["run", "--quiet", "-A", "--config", file("../../deno.json")],
        ...[file("superframe_ignorant_main.ts"), "tap://t0", "tap://t1"],
      ], { input: true });
      await joiner.waitFor(/^joined$/m);
      const addresses = version === 4
        ? ["192.0.2.1", "192.0.2.2"]
        : ["2001:db8:1::1", "2001:db8:1::2"];
      for (const [index, host] of [a, b].entries()) {
        const netns = ["netns", String(host.pid)];
        await cables.run("ip", ["link", "set", `t${index}`, ...netns]);
        const prefix = version === 4 ? 25 : 64;
        await host.configure(`t${index}`, {
          addresses: [`${addresses[index]}/${prefix}`],
        });
      }
      await assertSameBytes(a, b, { address: addresses[1], bytes: BYTES });
      await assertSameBytes(b, a, { address: addresses[0], bytes: BYTES });
      await joiner.closeInput();
      const { code } = await joiner.exited;
      assertEquals(code, 0, joiner.report());
      const lines = joiner.stdout.split("\n").slice(1, 3);
      for (
        const { reason, out, back } of lines.map((line) => JSON.parse(line))
      ) {
        assertEquals({ reason, malformed: out.malformed }, {
          reason: "stopped",
          malformed: 0,
        });
        // The TAP gave superframes, and the socket no frame that is too long.
        assert(out.bytes / out.frames > 3 * FRAME_BYTES);
        assert(back.bytes / back.frames <= FRAME_BYTES);
      }
    },
  );
}
