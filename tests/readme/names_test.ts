/**
 * The names that README.md uses are the program's: ways to call it, options,
 * networks and their keys.
 */

import { assert, assertEquals } from "@std/assert";
import { prepareVdeplug, spawn, vdeplug } from "../lab/mod.ts";
import { readmeCommands } from "./commands.ts";
import { formsOf, isExplained } from "./synopsis.ts";

const { blocks, synopses, options, keys, vnls, vnlTable } =
  await readmeCommands();
const PEERS = new URL("../../.ci/install_peers", import.meta.url);
const INSTALLER = new URL("../../.ci/install.ts", import.meta.url);

/** A scheme, as `vdeplug plugins --json` tells it. */
interface Scheme {
  readonly scheme: string;
  readonly from: string;
  readonly syntax?: { readonly keys: readonly { readonly name: string }[] };
}

/** Runs the program; gives what it printed. */
async function ask(...args: string[]): Promise<string> {
  await prepareVdeplug();
  // An empty home has no plugins of its own.
  const command = ["env", "VDEPLUG_PLUGIN_PATH=", ...vdeplug(...args)];
  await using process = spawn(command);
  const { code } = await process.exited;
  assertEquals(code, 0, process.report());
  return process.stdout;
}

/** The words behind `vdeplug` that name a command. */
const commands = new Set(
  synopses.map((synopsis) => synopsis.split(" ")[1])
    .filter((word) => /^[a-z]/.test(word)),
);

const pages = new Map<string, Promise<string>>();

/** Help for a command; "" is the main one. */
function help(command: string): Promise<string> {
  const page = pages.get(command) ??
    ask(...command === "" ? [] : [command], "--help");
  pages.set(command, page);
  return page;
}

let schemes: Promise<readonly Scheme[]> | undefined;

function readSchemes(): Promise<readonly Scheme[]> {
  return schemes ??= ask("plugins", "--json").then((text) => JSON.parse(text));
}

for (const synopsis of synopses) {
  Deno.test(`README.md: "${synopsis}" is a way to call it`, async () => {
    const [, word] = synopsis.split(" ");
    const page = await help(commands.has(word) ? word : "");
    for (const form of formsOf(synopsis)) {
      assert(isExplained(form, page), `not in its help: ${form}\n${page}`);
    }
  });
}

Deno.test("README.md: its table has all commands", async () => {
  const [, list = ""] = (await help("")).split(/^Commands:/m);
  const names = Array.from(
    list.matchAll(/^ {2}([a-z]\w*) {2,}\S/gm),
    ([, name]) => name,
  );
  assertEquals([...commands].sort(), names.sort());
});

/** Options of deno itself, which `deno run` has. */
const DENO_OPTIONS = /^(-A|--allow-(ffi|read|env))$/;

for (
  const option of options.flatMap((each) =>
    each.match(/(?<!\S)--?[a-zA-Z][\w-]*/g) ?? []
  )
) {
  Deno.test(`README.md: the option ${option} exists`, async () => {
    if (DENO_OPTIONS.test(option)) return await assertDenoHas(option);
    const texts = await Promise.all(["", ...commands].map(help));
    const installer = await Deno.readTextFile(INSTALLER);
    const [usage] = installer.split("*/");
    const found = [...texts, usage].some((text) =>
      new RegExp(`(?<![\\w-])${option}(?![\\w-])`).test(text)
    );
    assert(found, `no command has ${option}`);
  });
}

async function assertDenoHas(option: string): Promise<void> {
  await using deno = spawn([Deno.execPath(), "run", option, "--help=full"]);
  assertEquals((await deno.exited).code, 0, deno.report());
  assert(deno.stdout.includes(option), `deno run has no ${option}`);
}

/** Of plugins in examples, which README.md itself has. */
const OWN: readonly string[] = ["mine", "no6"];

/** Names of keys in a VNL, and in what stands for one. */
function keysOf(vnl: string): string[] {
  const found = vnl.matchAll(/([a-z]\w*)=|\[\/([a-z]\w*)/g);
  return Array.from(found, ([, valued, flag]) => valued ?? flag);
}

for (const vnl of vnls) {
  Deno.test(`README.md: ${vnl} has a scheme and keys that exist`, async () => {
    const [name, rest] = vnl.split("://");
    const known = await readSchemes();
    const syntax = known.find(({ scheme }) => scheme === name)?.syntax;
    const names = syntax?.keys.map((key) => key.name) ?? [];
    for (const key of keysOf(rest)) {
      assert(names.includes(key), `${name}:// has no key ${key}, but ${names}`);
    }
    if (syntax !== undefined || OWN.includes(name)) return;
    // A native one may be missing here, but not where all tests are run.
    const packages = (await Deno.readTextFile(PEERS)).split(/\s+/);
    assert(packages.includes(`libvdeplug-${name}`), `there is no ${name}://`);
  });
}

for (const key of keys) {
  Deno.test(`README.md: ${key} is a key of some network, or of its examples`, async () => {
    const [name] = key.replace("/", "").split("=");
    const known = (await readSchemes()).flatMap(({ syntax }) =>
      syntax?.keys.map((each) => each.name) ?? []
    );
    const line = blocks.flat().some((each) => each.includes(`,${name}=`));
    assert(line || known.some((each) => each.startsWith(name)), name);
  });
}

Deno.test("README.md: its table has all networks", async () => {
  const builtIn = (await readSchemes())
    .filter(({ from }) => from === "built-in").map(({ scheme }) => scheme);
  const names = vnlTable.map((vnl) => vnl.split("://")[0]);
  assertEquals(names.sort(), builtIn.sort());
});
