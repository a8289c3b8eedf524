import { assertEquals } from "@std/assert";
import { Burst } from "../../lib/net/burst.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { nullPlugin } from "../../plugins/null.ts";
import { makeFrame, pluginContract } from "../plugin_contract.ts";
import { burstOf, testOptions } from "../plugs.ts";

pluginContract({
  plugin: nullPlugin,
  vnl: "null://",
  badVnls: [
    { vnl: "null://x", includes: "no address" },
    { vnl: "null:///port=1", includes: 'no key "port"' },
  ],
});

Deno.test("null plug takes everything, and gives nothing", async () => {
  const options = testOptions();
  using plug = await nullPlugin.open(
    parseVnl("null://", nullPlugin.syntax),
    options,
  );
  const burst = burstOf([makeFrame(60, 1), makeFrame(9234, 2)]);
  for (let round = 0; round < 1000; round++) {
    assertEquals(plug.send(burst, 0), 2);
    assertEquals(plug.send(burst, 1), 1);
    assertEquals(plug.receive(new Burst(1)), 0);
  }
  assertEquals(options.sendCounters.dropped(), 0);
  assertEquals(plug.writeFd, undefined);
});
