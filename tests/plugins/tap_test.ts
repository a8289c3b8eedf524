import { assertRejects } from "@std/assert";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { tapPlugin } from "../../plugins/tap.ts";
import { canMakeTaps, reasonToSkip } from "../lab/mod.ts";
import { testOptions } from "../plugs.ts";
import { testInNamespace } from "./in_namespace.ts";

/** Names that are refused before the kernel is asked: so without any privilege. */
const BAD_NAMES = [
  { vnl: "tap://abcdefghijklmnop", includes: "at most 15 bytes" },
  { vnl: "tap://éééééééé", includes: 'received "éééééééé", 16 bytes' },
  { vnl: "tap://a%20b", includes: 'no "/", ":", "%" or space' },
  { vnl: "tap://a%2fb", includes: 'received "a/b"' },
  { vnl: "tap://a:b", includes: 'received "a:b"' },
  { vnl: "tap://tap%25d", includes: 'received "tap%d"' },
  { vnl: "tap://.", includes: 'received "."' },
  { vnl: "tap://..", includes: 'received ".."' },
  { vnl: "tap://a%00b", includes: "NUL" },
] as const;

for (const { vnl, includes } of BAD_NAMES) {
  Deno.test(`tap plugin refuses ${vnl}`, async () => {
    await assertRejects(
      async () => {
        const parsed = parseVnl(vnl, tapPlugin.syntax);
        using _plug = await tapPlugin.open(parsed, testOptions());
      },
      Error,
      includes,
    );
  });
}

testInNamespace({
  name: "tap plug keeps the contract",
  file: "tests/plugins/tap_contract.ts",
  skip: await reasonToSkip(canMakeTaps()),
});
