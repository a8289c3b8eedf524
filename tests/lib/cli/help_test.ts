import {
  assert,
  assertEquals,
  assertLess,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { helpText } from "../../../lib/cli/help.ts";
import { readPlugArgs } from "../../../lib/cli/plug_args.ts";
import { describeSyntax } from "../../../lib/plug/help.ts";
import { Registry } from "../../../lib/plug/registry.ts";
import { parseVnl } from "../../../lib/plug/vnl.ts";
import { plugins } from "../../../plugins/mod.ts";

const MODULE = import.meta.resolve("../../../plugins/mod.ts");

Deno.test("helpText() lists every scheme with its summary", async () => {
  const text = await helpText(await Registry.load([MODULE]), []);
  for (const [scheme, load] of Object.entries(plugins)) {
    const { summary } = await load();
    const words = text.replaceAll(/\s+/g, " ");
    assertStringIncludes(words, ` ${scheme}:// ${summary}`, scheme);
  }
});

Deno.test("helpText() fits into 80 columns, without blanks at the ends of lines", async () => {
  const text = await helpText(await Registry.load([MODULE]), []);
  for (const line of text.split("\n")) {
    assertLess(line.length, 81, line);
    assertEquals(line, line.trimEnd());
  }
});

Deno.test("helpText() names every option, and says what the statuses mean", async () => {
  const text = await helpText(await Registry.load([MODULE]), []);
  const names = [
    "-h, --help",
    "--version",
    "-v, --verbose",
    "--stats[=SECONDS]",
    "--json",
    "-D, --descr",
    "-d, --daemon",
    "-p, --pidfile FILE",
    "-l, --log",
    "-L, --iplog",
    "-g, --group GROUP",
    "-G, --group2 GROUP",
    "-m, --mod OCTAL",
    "--plugin FILE",
    "-M, --mod2 OCTAL",
    "--port N",
    "--port2 N",
  ];
  const others = ["Exit status: 0", "vdeplug ping", "\n  dpipe ", "\n  man "];
  for (const name of [...names, ...others]) {
    assertStringIncludes(text, name);
  }
});

Deno.test("helpText() gives examples that can be used", async () => {
  const registry = await Registry.load([MODULE]);
  const text = await helpText(registry, []);
  const lines = text.split("\n")
    .filter((line) => /^ {2}(sudo )?vdeplug .*:\/\//.test(line));
  assert(lines.length >= 4, text);
  for (const line of lines) {
    const typed = line.trim().replace(/^sudo /, "").replaceAll("'", "");
    const words = typed.split(" ").slice(1);
    const vnls = words[0] === "ping" ? [words[1]] : readPlugArgs(words).vnls;
    for (const vnl of vnls) {
      const { syntax } = await registry.plugin(vnl.split(":")[0]);
      assertEquals(parseVnl(vnl, syntax).text, vnl);
    }
  }
});

Deno.test("helpText() explains the schemes that it is asked for, by name or by VNL", async () => {
  const registry = await Registry.load([MODULE]);
  const text = await helpText(registry, ["udp", "tap://t0"]);
  const wanted = [await plugins.udp(), await plugins.tap()];
  assertEquals(text, wanted.map(describeSyntax).join("\n\n"));
});

Deno.test("helpText() names the schemes there are for one that is none", async () => {
  const registry = await Registry.load([MODULE]);
  await assertRejects(
    () => helpText(registry, ["tapp"]),
    TypeError,
    'perhaps "tap" is meant',
  );
});
