import { assertEquals, assertRejects } from "@std/assert";
import { PlugError } from "../../../lib/plug/errors.ts";
import { open } from "../../../mod.ts";
import { ffiTest } from "../../ffi/case.ts";
import { makeFrame } from "../../plugs.ts";

const WAYS = [
  { name: "one after the other", isTogether: false },
  { name: "at once", isTogether: true },
] as const;

for (const { name, isTogether } of WAYS) {
  ffiTest(
    `open() gives both ends of a pair to one program, ${name}`,
    async () => {
      const folder = await Deno.makeTempDir({ prefix: "pair-" });
      const vnl = `ptp://${folder}/pair`;
      {
        const opening = isTogether
          ? await Promise.all([open(vnl), open(vnl)])
          : [await open(vnl), await open(vnl)];
        await using first = opening[0];
        await using second = opening[1];
        await first.send(makeFrame(60, 1));
        await second.send(makeFrame(60, 2));
        assertEquals(await second.receive(), makeFrame(60, 1));
        assertEquals(await first.receive(), makeFrame(60, 2));
        // Not after two seconds, for want of somebody who answers.
        await assertRejects(() => open(vnl), PlugError, "EISCONN");
      }
      await Deno.remove(folder, { recursive: true });
    },
  );
}
