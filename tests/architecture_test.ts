/**
 * The rules of the house: who may import whom, and what may stand where.
 * Deno itself is asked for the imports, so that text that looks like one (a
 * comment, a file that is written by a command) does not count.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";

const ROOT = new URL("../", import.meta.url);

/** One import, dynamic ones included; paths from the repository's top, or URLs. */
interface Import {
  readonly from: string;
  readonly to: string;
  /** Whether types are all that is imported: it is gone before the code runs. */
  readonly isType: boolean;
}

/** What `deno info --json` tells, as far as it is used. */
interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

/** The files that run, not those that test them or declare types for others. */
const FILES: readonly string[] = [
  "cli.ts",
  "mod.ts",
  ...["ffi", "lib", "plugins"].flatMap(filesIn),
].filter((path) => !/\.(d|as)\.ts$/.test(path));

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return filesIn(path);
    return path.endsWith(".ts") ? [path] : [];
  });
}

let reading: Promise<readonly Import[]> | undefined;

/** All imports of {@linkcode FILES}. */
function imports(): Promise<readonly Import[]> {
  return reading ??= readImports();
}

async function readImports(): Promise<Import[]> {
  const folder = await Deno.makeTempDir({ prefix: "architecture-" });
  try {
    // Deno draws the graph of one file: of one, then, that imports the others.
    const path = join(folder, "all.ts");
    const lines = FILES.map((file) =>
      `import ${JSON.stringify(new URL(file, ROOT).href)};\n`
    );
    await Deno.writeTextFile(path, lines.join(""));
    return importsOf(await graphOf(path));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function graphOf(path: string): Promise<Graph> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--config", "deno.json", path],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

function importsOf({ modules }: Graph): Import[] {
  const known = new Set(FILES);
  return modules.flatMap(({ specifier, error, dependencies = [] }) => {
    assertEquals(error, undefined, specifier);
    const from = fromTop(specifier);
    if (!known.has(from)) return [];
    return dependencies.map(({ specifier, code, type }) => ({
      from,
      to: fromTop(code?.specifier ?? type?.specifier ?? specifier),
      isType: code === undefined,
    }));
  });
}

function fromTop(specifier: string): string {
  return specifier.startsWith(ROOT.href)
    ? specifier.slice(ROOT.href.length)
    : specifier;
}

Deno.test("the graph of imports has every file, and imports of all three kinds", async () => {
  const found = await imports();
  const sources = new Set(found.map(({ from }) => from));
  assert(sources.size > FILES.length / 2, `${sources.size} files import`);
  const wanted: readonly Import[] = [
    { from: "cli.ts", to: "lib/cli/main.ts", isType: false },
    { from: "plugins/mod.ts", to: "plugins/tap.ts", isType: false },
    { from: "plugins/mod.ts", to: "lib/plug/plugin.ts", isType: true },
  ];
  for (const one of wanted) {
    assert(
      found.some(({ from, to, isType }) =>
        from === one.from && to === one.to && isType === one.isType
      ),
      `no import of ${one.to} in ${one.from}`,
    );
  }
});

// ---- Who may import whom ----

interface ImportRule {
  readonly name: string;
  /** Whose imports are looked at. */
  readonly from: RegExp;
  /** What they may be; everything, if absent. */
  readonly only?: RegExp;
  /** What they may not be. */
  readonly never?: RegExp;
}

const IMPORT_RULES: readonly ImportRule[] = [
  {
    name: "ffi/ is the ground, and knows nothing of the rest",
    from: /^ffi\//,
    only: /^ffi\//,
  },
  {
    name: "lib/net is pure, and stands on itself alone",
    from: /^lib\/net\//,
    only: /^lib\/net\//,
  },
  {
    name: "lib/plug is pure, and stands on itself and lib/net",
    from: /^lib\/plug\//,
    only: /^lib\/(plug|net)\//,
  },
  {
    // What a cable does for its sink, a link does for a plug's author.
    name: "lib/kit takes of the cables what makes plain frames, and no more",
    from: /^lib\/kit\//,
    only: /^(ffi|lib\/(kit|plug|net))\/|^lib\/cable\/(cable_burst|unfolder)\./,
  },
  {
    name: "lib/ never imports a plugin: they are handed in",
    from: /^lib\//,
    never: /^plugins\//,
  },
  {
    name: "a plugin never imports another plugin, nor their list",
    from: /^plugins\/(?!mod\.ts$)/,
    never: /^plugins\//,
  },
  {
    // What draws and completes command lines is part of them.
    name: "nothing but cli.ts, manual and completion imports the command line",
    from: /^(?!cli\.ts$|lib\/(cli|completion|manual)\/)/,
    never: /^lib\/(cli|completion|manual)\//,
  },
  {
    name: "nothing imports what is there for the tests of plugins",
    from: /^(?!lib\/testing\/)/,
    never: /^lib\/testing\//,
  },
  {
    name: "nothing imports the tests",
    from: /^/,
    never: /^tests\//,
  },
  {
    name: "nothing imports mod.ts or cli.ts, which put the parts together",
    from: /^/,
    never: /^(mod|cli)\.ts$/,
  },
];

function offends({ from, to }: Import, rule: ImportRule): boolean {
  if (!rule.from.test(from)) return false;
  return rule.only?.test(to) === false || rule.never?.test(to) === true;
}

for (const rule of IMPORT_RULES) {
  Deno.test(`imports: ${rule.name}`, async () => {
    const all = await imports();
    assert(all.some(({ from }) => rule.from.test(from)), "no such files");
    assertEquals(
      all.filter((one) => offends(one, rule)).map(({ from, to }) =>
        `${from} imports ${to}`
      ),
      [],
    );
  });
}

// ---- Circles ----

/** A circle of imports, its first file again at its end; undefined if there is none. */
function findCircle(
  all: readonly Pick<Import, "from" | "to">[],
): string[] | undefined {
  const next = Map.groupBy(all, ({ from }) => from);
  const done = new Set<string>();
  const visit = (
    file: string,
    way: readonly string[],
  ): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const { to } of next.get(file) ?? []) {
      const circle = visit(to, [...way, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const circle = visit(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

const CIRCLES = [
  { name: "none in a diamond", imports: "ab ac bd cd", want: undefined },
  { name: "one behind a way in", imports: "ab bc cd db", want: "bcdb" },
  { name: "a file that imports itself", imports: "ab bb", want: "bb" },
];

for (const { name, imports, want } of CIRCLES) {
  Deno.test(`findCircle() finds ${name}`, () => {
    const all = imports.split(" ").map(([from, to]) => ({ from, to }));
    assertEquals(findCircle(all)?.join(""), want);
  });
}

Deno.test("imports go in no circle", async () => {
  // Types alone may: two of them may well speak of one another, as a plug's
  // options and the kit in them do, and nothing of that is left to run.
  const run = (await imports()).filter(({ isType }) => !isType);
  assertEquals(findCircle(run)?.join(" imports "), undefined);
});

// ---- What may stand where ----

const WORD_RULES = [
  {
    name: "lib/plug and lib/net look at no file, variable or permission",
    word: /\bDeno\.(env|permissions|cwd|\w+Sync)\b/,
    home: /^(?!lib\/(plug|net)\/)/,
  },
  {
    name: "the command line alone exits",
    word: /\bDeno\.exit(Code)?\b/,
    home: /^(cli\.ts$|lib\/cli\/)/,
  },
  {
    name: "ffi/ alone opens libraries and knows pointers",
    word: /\bDeno\.(dlopen|Unsafe\w+|Pointer\w+)\b/,
    home: /^ffi\//,
  },
] as const;

/** What writes to the console; words go through the command's own output, or a log. */
const CONSOLE = /\bconsole\s*[.[]/;

/** Files in whose code, comments left out, a word stands. */
function filesWith(word: RegExp): string[] {
  return FILES.filter((file) => {
    const text = Deno.readTextFileSync(new URL(file, ROOT));
    return text.split("\n").some((line) =>
      !/^\s*(\/?\*|\/\/)/.test(line) && word.test(line)
    );
  });
}

for (const { name, word, home } of WORD_RULES) {
  Deno.test(`code: ${name}`, () => {
    const found = filesWith(word);
    assert(found.some((file) => home.test(file)), "not even where it may be");
    assertEquals(found.filter((file) => !home.test(file)), []);
  });
}

Deno.test("code: the command line alone uses the console", () => {
  assertEquals(
    filesWith(CONSOLE).filter((file) => !/^(cli\.ts$|lib\/cli\/)/.test(file)),
    [],
  );
});
