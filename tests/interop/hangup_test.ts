import { assert, assertEquals } from "@std/assert";
import {
  canMakeTaps,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { start } from "./nodes.ts";
import { makePlace } from "./switch_server.ts";
import { VdeSwitch } from "./vde_switch.ts";

const skip = await reasonToSkip(canMakeTaps(), peerAvailable("vde_switch"));

/** Ways for a switch and its client to end at one moment. */
const ENDINGS = [
  {
    name: "SIGTERM comes just after the switch was killed",
    first: "SIGKILL",
    then: "SIGTERM",
  },
  {
    name: "SIGINT comes just after the switch was killed",
    first: "SIGKILL",
    then: "SIGINT",
  },
  {
    name: "SIGHUP comes while the switch ends",
    first: "SIGTERM",
    then: "SIGHUP",
  },
] as const;

for (const { name, first, then } of ENDINGS) {
  labTest(
    `a TAP client of vde_switch ends cleanly when ${name}`,
    skip,
    async (lab) => {
      for (let round = 0; round < 5; round++) {
        using place = makePlace();
        const host = await lab.host(`h${round}`);
        const vdeSwitch = await VdeSwitch.start(place.path);
        const cable = await start(
          host,
          "ours",
          `vde://${place.path}`,
          "tap://t0",
        );
        await host.waitForInterface("t0", { madeBy: cable });
        vdeSwitch.process.signal(first);
        cable.signal(then);
        const { code, signal } = await cable.exited;
        assertEquals(
          { code, signal },
          { code: 0, signal: null },
          cable.report(),
        );
        assert(/ended (by|as)/.test(cable.stderr), cable.report());
        await vdeSwitch[Symbol.asyncDispose]();
        const links = await host.run("ip", ["-o", "link"]);
        assert(!links.includes("t0"), "the interface is gone");
      }
    },
  );
}
