import { assert, assertEquals, assertRejects } from "@std/assert";
import { Connection } from "../../../lib/connection/connection.ts";
import { Burst } from "../../../lib/net/burst.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import type { Plug, Serving } from "../../../lib/plug/plugin.ts";
import { ffiTest } from "../../ffi/case.ts";
import { assertFrames, makeFrame, until } from "../../plugs.ts";
import { MemoryPlug } from "../cable/memory_plug.ts";
import { altered, isPending, take } from "./memory_link.ts";

/** A connection of a plug with work of its own. */
function serving(serve: (plug: MemoryPlug) => void) {
  const plug = new MemoryPlug();
  const served: Plug & Serving = {
    ...altered(plug, {}),
    serve: () => serve(plug),
  };
  return { plug, connection: new Connection(served) };
}

ffiTest("Connection serves a switch whose frames nobody takes", async () => {
  let calls = 0;
  const lost = new Burst();
  const { plug, connection } = serving((plug) => {
    calls++;
    plug.receive(lost);
  });
  await using _closing = connection;
  plug.offer([makeFrame(60, 1)]);
  assert(await until(() => calls > 0), "nobody served it");
  assertEquals(plug.waiting, 0);
});

ffiTest(
  "Connection leaves a switch alone while somebody waits for frames",
  async () => {
    let calls = 0;
    const { plug, connection } = serving(() => calls++);
    await using _closing = connection;
    for (let seed = 0; seed < 20; seed++) {
      const frame = take(connection, 1);
      await isPending(frame);
      plug.offer([makeFrame(60, seed)]);
      assertFrames(await frame, [makeFrame(60, seed)]);
    }
    assertEquals(calls, 0);
  },
);

ffiTest(
  "Connection tells of a switch that failed while it was served",
  async () => {
    let calls = 0;
    const { plug, connection } = serving(() => {
      calls++;
      throw new PlugError("Cannot go on: EIO", { code: "EIO" });
    });
    await using _closing = connection;
    plug.offer([makeFrame(60, 1)]);
    assert(await until(() => calls > 0), "nobody served it");
    // The failure is told in the turn that follows.
    await isPending(Promise.resolve());
    await assertRejects(() => connection.receive(), PlugError, "EIO");
  },
);
