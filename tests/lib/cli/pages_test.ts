import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { optionNames } from "../../../lib/cli/getopt.ts";
import { commandHelp } from "../../../lib/cli/help.ts";
import { MAIN_NAME } from "../../../lib/cli/names.ts";
import { COMMAND_PAGES } from "../../../lib/cli/pages/mod.ts";

const ROOT = new URL("../../../", import.meta.url);

for (const [command, load] of Object.entries(COMMAND_PAGES)) {
  Deno.test(`the page of ${command} tells each option in a few words`, async () => {
    const { options } = await load();
    const names = options.flatMap(optionNames);
    assertEquals(new Set(names).size, names.length, names.join(" "));
    assert(names.includes("--help"));
    for (const { name, summary } of options) {
      assertMatch(summary, /^[a-z0-9].*[^.\s]$/, name);
      assert(!summary.includes("\n"), name);
    }
  });

  Deno.test(`the page of ${command} is whole`, async () => {
    const page = await load();
    const words = [MAIN_NAME, `${MAIN_NAME} ${command}`, command];
    assert(words.includes(page.name), page.name);
    assertMatch(page.summary, /^[a-z].*[^.\s]$/);
    assert(page.usage.length > 0);
    assertMatch(page.exitStatus, /\.$/);
    for (const { line } of page.usage) assert(line.startsWith(page.name), line);
    // With eight columns before it, it is shown in one line.
    for (const { line } of page.examples ?? []) {
      assertLess(line.length, 73, line);
    }
  });

  Deno.test(`the help of ${command} fits into 80 columns, without blanks at the ends of lines`, async () => {
    for (const line of (await commandHelp(command)).split("\n")) {
      assertLess(line.length, 81, line);
      assertEquals(line, line.trimEnd());
    }
  });
}

Deno.test("the page of the main command lists all others", async () => {
  const { sections = [] } = await COMMAND_PAGES[MAIN_NAME]();
  const rows = sections.find(({ title }) => title === "Commands")?.rows ?? [];
  assertEquals(
    [MAIN_NAME, ...rows.map(([name]) => name)],
    Object.keys(COMMAND_PAGES),
  );
  for (const [name, text] of rows) {
    assertEquals(text, (await COMMAND_PAGES[name]()).summary);
  }
});

Deno.test("commands that have a page are commands", async () => {
  const text = await Deno.readTextFile(new URL("lib/cli/main.ts", ROOT));
  for (const name of Object.keys(COMMAND_PAGES)) {
    if (name !== MAIN_NAME) assertStringIncludes(text, `\n  ${name}: async`);
  }
});

/** Modules that are loaded with a module, those of dynamic imports left out. */
async function loadedWith(path: string): Promise<Set<string>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--config", "deno.json", path],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  const graph: {
    readonly modules: readonly {
      readonly specifier: string;
      readonly dependencies?: readonly {
        readonly isDynamic?: boolean;
        readonly code?: { readonly specifier: string };
      }[];
    }[];
  } = JSON.parse(decoder.decode(stdout));
  const modules = new Map(graph.modules.map((one) => [one.specifier, one]));
  const loaded = new Set<string>();
  const visit = (specifier: string) => {
    if (loaded.has(specifier)) return;
    loaded.add(specifier);
    for (const one of modules.get(specifier)?.dependencies ?? []) {
      if (one.code !== undefined && !one.isDynamic) visit(one.code.specifier);
    }
  };
  visit(new URL(path, ROOT).href);
  return new Set([...loaded].map((url) => url.replace(ROOT.href, "")));
}

Deno.test("a cable carries no page, and nothing that writes one", async () => {
  for (const path of ["cli.ts", "lib/cli/plug.ts", "lib/cli/switch.ts"]) {
    const loaded = [...await loadedWith(path)];
    assert(loaded.length > 1, path);
    const wanted = /^lib\/(cli\/(page|man)|manual\/|plug\/help)/;
    assertEquals(loaded.filter((file) => wanted.test(file)), [], path);
  }
});
