import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Connection } from "../../../lib/connection/connection.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { open } from "../../../mod.ts";
import { ffiTest } from "../../ffi/case.ts";
import { makeFrame } from "../../plugs.ts";

/** Sends until the link has ended; what ended it. */
async function sendToTheEnd(connection: Connection): Promise<unknown> {
  const deadline = performance.now() + 10_000;
  try {
    while (performance.now() < deadline) {
      await connection.send(makeFrame(60, 1));
    }
  } catch (error) {
    return error;
  }
  return "no end in ten seconds";
}

for (const receives of [true, false]) {
  const who = receives ? "both receives and sends" : "only sends";
  ffiTest(
    `cmd:// tells a program that ${who} how its command ended`,
    async () => {
      await using network = await open("cmd://sh -c 'exit 3'");
      if (receives) await assertRejects(() => network.receive(), PlugError);
      const error = await sendToTheEnd(network);
      assert(error instanceof PlugError, `${error}`);
      assertEquals(error instanceof LinkEnd, false);
      const { frames } = network.counters.sent.snapshot();
      await assertRejects(() => network.send(makeFrame(60, 1)), PlugError);
      assertEquals(network.counters.sent.snapshot().frames, frames);
      await assertRejects(() => network.receive(), PlugError, error.message);
    },
  );

  ffiTest(
    `vde:// tells a program that ${who} that the switch has closed`,
    async () => {
      const folder = await Deno.makeTempDir({ prefix: "ends-" });
      const network = await open(`switch://${folder}/net`);
      await using client = await open(`vde://${folder}/net`);
      await client.send(makeFrame(60, 1));
      await network.close();
      if (receives) assertEquals(await client.receive(), undefined);
      const error = await sendToTheEnd(client);
      assert(error instanceof PlugError, `${error}`);
      assertEquals(await client.receive().catch(() => undefined), undefined);
      await Deno.remove(folder, { recursive: true });
    },
  );
}
