/**
 * Installs vdeplug under a prefix, or takes it away:
 * `PREFIX=/usr/local install.ts [--uninstall] [--no-links]`.
 *
 * All is put together in a folder of its own below the prefix first, and then
 * moved to its places. With `$DESTDIR`, all goes below that folder, as packages
 * are made.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { compile } from "./compile.ts";
import { InstallError, putTree, takeAway } from "./prefix.ts";

const ROOT = fromFileUrl(new URL("..", import.meta.url));
const PROGRAM = join(ROOT, "dist/vdeplug");
const SOURCES = ["cli.ts", "deno.json", "ffi", "lib", "plugins"];
const LINKS = ["vde_plug", "dpipe"];
const INTERRUPTED = 130;

/** Where each shell looks for completions of a program. */
const COMPLETIONS = [
  {
    shell: "bash",
    place: (name: string) => `share/bash-completion/completions/${name}`,
  },
  {
    shell: "fish",
    place: (name: string) => `share/fish/vendor_completions.d/${name}.fish`,
  },
  // One file is for all names: it says so in its first line.
  {
    shell: "zsh",
    place: (name: string) =>
      name === "vdeplug" ? "share/zsh/site-functions/_vdeplug" : undefined,
  },
];

/**
 * Builds in a folder what shall be under the prefix.
 *
 * @param stage An empty folder.
 * @param names Of the links.
 */
async function build(stage: string, names: readonly string[]): Promise<void> {
  const place = async (path: string): Promise<string> => {
    const file = join(stage, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    return file;
  };
  const program = await place("bin/vdeplug");
  await Deno.copyFile(PROGRAM, program);
  await Deno.chmod(program, 0o755);
  for (const name of names) {
    await Deno.symlink("vdeplug", await place(`bin/${name}`));
  }
  await ask(["man", "--folder", join(stage, "share/man")]);
  for (const { shell, place: placeOf } of COMPLETIONS) {
    const script = await ask(["completion", shell]);
    for (const name of ["vdeplug", ...names]) {
      const path = placeOf(name);
      if (path !== undefined) await Deno.writeFile(await place(path), script);
    }
  }
  await makeReadable(join(stage, "share"));
}

/** What the program prints. */
async function ask(args: readonly string[]): Promise<Uint8Array> {
  const command = new Deno.Command(PROGRAM, {
    args: [...args],
    stderr: "inherit",
  });
  const { code, stdout } = await command.output();
  if (code === 0) return stdout;
  throw new InstallError(
    `Cannot install "${PROGRAM}": asked for ${
      args[0]
    }, it ended with status ${code}`,
  );
}

/** For everybody, whatever the umask. */
async function makeReadable(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await makeReadable(path);
    else await Deno.chmod(path, 0o644);
  }
}

/** When a file or what is below a folder was changed last, in ms. */
async function changedMs(path: string): Promise<number> {
  const { isDirectory, mtime } = await Deno.stat(path);
  let latest = mtime?.getTime() ?? 0;
  if (!isDirectory) return latest;
  for await (const { name } of Deno.readDir(path)) {
    latest = Math.max(latest, await changedMs(join(path, name)));
  }
  return latest;
}

/** Whether there is an executable of these sources. */
async function isCompiled(): Promise<boolean> {
  try {
    const compiledMs = await changedMs(PROGRAM);
    const times = SOURCES.map((name) => changedMs(join(ROOT, name)));
    return compiledMs >= Math.max(...await Promise.all(times));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function install(
  prefix: string,
  names: readonly string[],
): Promise<string> {
  if (!await isCompiled()) await compile();
  await Deno.mkdir(prefix, { recursive: true });
  const stage = await Deno.makeTempDir({ dir: prefix, prefix: ".vdeplug-" });
  const remove = () => Deno.removeSync(stage, { recursive: true });
  const interrupt = () => {
    remove();
    Deno.exit(INTERRUPTED);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, interrupt);
  }
  try {
    await build(stage, names);
    const count = await putTree(prefix, stage);
    return `installed vdeplug under ${prefix}: ${count} files`;
  } finally {
    remove();
  }
}

async function uninstall(prefix: string): Promise<string> {
  const changed = await takeAway(prefix);
  for (const path of changed) {
    console.error(`left "${path}": somebody has changed it since`);
  }
  return `took vdeplug away from ${prefix}`;
}

async function main(): Promise<string> {
  const wrong: string[] = [];
  const given = parseArgs([...Deno.args], {
    boolean: ["uninstall", "no-links"],
    unknown: (word: string) => {
      wrong.push(word);
      return false;
    },
  });
  if (wrong.length > 0) {
    throw new InstallError(
      `Cannot use "${wrong[0]}": there are --uninstall and --no-links`,
    );
  }
  // A task runs in the folder of deno.json, wherever it was called.
  const from = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const prefix = resolve(from, Deno.env.get("PREFIX") || "/usr/local");
  const below = Deno.env.get("DESTDIR");
  const target = below ? join(resolve(from, below), prefix) : prefix;
  try {
    return given.uninstall
      ? await uninstall(target)
      : await install(target, given["no-links"] ? [] : LINKS);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    const hint = error instanceof Deno.errors.PermissionDenied
      ? " (run as root, or name another place, as PREFIX=$HOME/.local does)"
      : "";
    throw new InstallError(
      `Cannot change "${target}": ${error.message}${hint}`,
    );
  }
}

if (import.meta.main) {
  try {
    console.log(await main());
    Deno.exit(0);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
