/**
 * Compiles vdeplug to one self-contained executable:
 * `compile.ts [--target TRIPLE] [--output FILE] [--compiler DENO]`.
 *
 * The modules are bundled first, so that nothing is embedded but what is used,
 * and a process has to read a tenth of the text: it starts sooner, and takes
 * 5 MB less. What is loaded by its URL stays a module of its own: the thread of
 * a cable, and the table of plugins.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { fromFileUrl, join, resolve } from "@std/path";

/** Where the program runs; the first one's systems are Debian's amd64, the second one's arm64. */
const TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

const ROOT = fromFileUrl(new URL("..", import.meta.url));
const ENTRIES = ["cli.ts", "lib/cable/worker.ts", "plugins/mod.ts"];

/**
 * The bundler puts what modules share beside the first entry. From there, these
 * are found under the names by which the sources ask for them.
 */
const ALIASES = [
  { name: "worker.ts", text: 'import "./lib/cable/worker.js";\n' },
  { name: "plugins/mod.ts", text: 'export * from "./mod.js";\n' },
];

/** What to compile. */
interface Order {
  /** Absent: for this machine. */
  readonly target?: string;
  /** The executable; absent: `dist/vdeplug`, with the target's name for another machine. */
  readonly output?: string;
  /** The `deno` that compiles; absent: the one that runs this. */
  readonly compiler?: string;
}

/**
 * Compiles.
 *
 * @returns Path of the executable.
 * @throws {Deno.errors.NotFound} If a program is not there.
 * @throws {TypeError} If the target is none of {@linkcode TARGETS}, or a step fails.
 */
export async function compile(order: Order = {}): Promise<string> {
  const { target, compiler = Deno.execPath() } = order;
  if (target !== undefined && !TARGETS.includes(target)) {
    throw new TypeError(
      `Cannot compile for "${target}" as --target must be one of ${
        TARGETS.join(", ")
      }: vdeplug calls the Linux kernel`,
    );
  }
  const output = resolve(order.output ?? standardOutput(target));
  const stage = await Deno.makeTempDir({ prefix: "vdeplug-compile" });
  try {
    await run(Deno.execPath(), bundleArgs(stage), ROOT);
    for (const { name, text } of ALIASES) {
      await Deno.writeTextFile(join(stage, name), text);
    }
    await run(compiler, compileArgs(output, target), stage);
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
  return output;
}

function standardOutput(target: string | undefined): string {
  const isHere = target === undefined || target === Deno.build.target;
  const suffix = isHere ? "" : `-${target.split("-")[0]}`;
  return join(ROOT, "dist", `vdeplug${suffix}`);
}

function bundleArgs(stage: string): string[] {
  const shape = ["--platform", "deno", "--code-splitting", "--minify"];
  return ["bundle", "--quiet", ...shape, "--outdir", stage, ...ENTRIES];
}

/**
 * Without a code cache: it would be a file of a known name in the folder for
 * temporary files, where anybody could put code that root then runs.
 */
function compileArgs(output: string, target: string | undefined): string[] {
  return [
    ...["compile", "--quiet", "--no-config", "--no-check"],
    ...["--allow-all", "--no-prompt", "--no-code-cache"],
    ...ALIASES.flatMap(({ name }) => ["--include", name]),
    ...target === undefined ? [] : ["--target", target],
    ...["--output", output, "cli.js"],
  ];
}

/** Runs a program, its words on our terminal. */
async function run(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<void> {
  const command = new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  });
  const { code } = await command.output();
  if (code === 0) return;
  throw new TypeError(
    `Cannot compile vdeplug: "${program} ${args[0]}" ended with status ${code}`,
  );
}

function readOrder(args: readonly string[]): Order {
  const unknown: string[] = [];
  const given = parseArgs([...args], {
    string: ["target", "output", "compiler"],
    unknown: (word: string) => {
      unknown.push(word);
      return false;
    },
  });
  if (unknown.length > 0) {
    throw new TypeError(
      `Cannot use "${
        unknown[0]
      }": there are --target TRIPLE, --output FILE and --compiler DENO`,
    );
  }
  const value = (name: string): string | undefined => {
    const text = given[name];
    if (typeof text !== "string" && text !== undefined || text === "") {
      throw new TypeError(
        `Cannot use --${name} as it takes one value: received ${
          Deno.inspect(text)
        }`,
      );
    }
    return text;
  };
  return {
    target: value("target"),
    output: value("output"),
    compiler: value("compiler"),
  };
}

if (import.meta.main) {
  try {
    const file = await compile(readOrder(Deno.args));
    const { size } = await Deno.stat(file);
    console.log(`${file}: ${Math.round(size / 1e6)} MB`);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
