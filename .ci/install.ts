/**
 * Installs vdeplug under a prefix, or takes it away:
 * `PREFIX=/usr/local install.ts [--uninstall] [--no-links]`.
 *
 * All is put together in a folder of its own first. What was put where is
 * written to `share/vdeplug/installed` under the prefix; that and nothing else
 * is taken away. A file that somebody else put there stays, and is an error.
 * With `$DESTDIR`, all goes below that folder, as packages are made.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { compile } from "./compile.ts";

const PROGRAM = fromFileUrl(new URL("../dist/vdeplug", import.meta.url));
const RECORD = "share/vdeplug/installed";
const LINKS = ["vde_plug", "dpipe"];

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
  await Deno.copyFile(PROGRAM, await place("bin/vdeplug"));
  await Deno.chmod(join(stage, "bin/vdeplug"), 0o755);
  for (const name of names) {
    await Deno.symlink("vdeplug", await place(`bin/${name}`));
  }
  await ask(["man", "--folder", join(stage, "share/man")]);
  for (const { shell, place: placeOf } of COMPLETIONS) {
    const script = await ask(["completion", shell]);
    for (const name of ["vdeplug", ...names]) {
      const path = placeOf(name);
      if (path === undefined) continue;
      await Deno.writeFile(await place(path), script);
    }
  }
}

/** What the program prints. */
async function ask(args: readonly string[]): Promise<Uint8Array> {
  const command = new Deno.Command(PROGRAM, {
    args: [...args],
    stderr: "inherit",
  });
  const { code, stdout } = await command.output();
  if (code === 0) return stdout;
  throw new TypeError(
    `Cannot install "${PROGRAM}": with ${
      args[0]
    }, it ended with status ${code}`,
  );
}

/** Paths of all files below a folder, relative to it, in order. */
async function filesBelow(folder: string, path = ""): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(folder, path)));
  const names = entries.sort((a, b) => a.name < b.name ? -1 : 1);
  const lists = await Promise.all(names.map(({ name, isDirectory }) => {
    const below = path === "" ? name : `${path}/${name}`;
    return isDirectory ? filesBelow(folder, below) : Promise.resolve([below]);
  }));
  return lists.flat();
}

/** Whether there is a name, whatever it leads to. */
async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What an earlier run has put under the prefix; folders end with a slash. */
async function readRecord(prefix: string): Promise<string[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(join(prefix, RECORD));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const paths = text.split("\n").filter(Boolean);
  const strange = paths.find((path) =>
    path.startsWith("/") || path.split("/").includes("..")
  );
  if (strange === undefined) return paths;
  throw new TypeError(
    `Cannot trust "${join(prefix, RECORD)}": it names "${strange}", ` +
      `which is not below the prefix`,
  );
}

/** Puts a staged tree under a prefix. If that fails, what is new there goes again. */
async function put(stage: string, prefix: string): Promise<string[]> {
  const files = await filesBelow(stage);
  const earlier = await readRecord(prefix);
  for (const path of files) {
    const file = join(prefix, path);
    if (earlier.includes(path) || !await exists(file)) continue;
    throw new TypeError(
      `Cannot install "${file}": there is one that somebody else put there ` +
        `(--no-links leaves vde_plug and dpipe out; PREFIX names another place)`,
    );
  }
  const added: string[] = [];
  try {
    for (const path of [...files, RECORD]) {
      await makeFolders(prefix, dirname(path), added);
      if (path === RECORD) break;
      if (!earlier.includes(path)) added.push(path);
      await replace(join(stage, path), join(prefix, path));
    }
    const folders = new Set([...earlier, ...added].filter(isFolder));
    const lines = [...files, RECORD, ...folders].map((path) => `${path}\n`);
    await Deno.writeTextFile(join(prefix, RECORD), lines.join(""));
  } catch (error) {
    await takeAway(prefix, added);
    throw error;
  }
  await takeAway(
    prefix,
    earlier.filter((path) =>
      !isFolder(path) && path !== RECORD && !files.includes(path)
    ),
  );
  return files;
}

function isFolder(path: string): boolean {
  return path.endsWith("/");
}

/** Makes the folders that lead to a path, and notes which of them are new. */
async function makeFolders(
  prefix: string,
  path: string,
  added: string[],
): Promise<void> {
  await Deno.mkdir(prefix, { recursive: true });
  let folder = "";
  for (const name of path.split("/")) {
    folder += `${name}/`;
    if (await exists(join(prefix, folder))) continue;
    await Deno.mkdir(join(prefix, folder), { mode: 0o755 });
    added.push(folder);
  }
}

/** Takes the place of a file at once, since it may be running. */
async function replace(source: string, target: string): Promise<void> {
  const fresh = `${target}.new`;
  const { isSymlink, mode } = await Deno.lstat(source);
  if (await exists(fresh)) await Deno.remove(fresh);
  if (isSymlink) await Deno.symlink(await Deno.readLink(source), fresh);
  else {
    await Deno.copyFile(source, fresh);
    await Deno.chmod(fresh, (mode ?? 0) & 0o111 ? 0o755 : 0o644);
  }
  await Deno.rename(fresh, target);
}

/** Removes files, then those of the folders that are empty, the innermost first. */
async function takeAway(
  prefix: string,
  paths: readonly string[],
): Promise<void> {
  const folders = paths.filter(isFolder).sort().reverse();
  for (const path of paths.filter((path) => !isFolder(path))) {
    if (await exists(join(prefix, path))) await Deno.remove(join(prefix, path));
  }
  for (const path of folders) {
    const folder = join(prefix, path);
    if (!await exists(folder)) continue;
    const entries = await Array.fromAsync(Deno.readDir(folder));
    if (entries.length === 0) await Deno.remove(folder);
  }
}

async function install(
  prefix: string,
  names: readonly string[],
): Promise<string> {
  if (!await exists(PROGRAM)) await compile();
  const stage = await Deno.makeTempDir({ prefix: "vdeplug-install" });
  try {
    await build(stage, names);
    const files = await put(stage, prefix);
    return `installed vdeplug under ${prefix}: ${files.length} files`;
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

async function uninstall(prefix: string): Promise<string> {
  const paths = await readRecord(prefix);
  if (paths.length === 0) {
    throw new TypeError(
      `Cannot uninstall vdeplug from "${prefix}": found no "${RECORD}" there`,
    );
  }
  await takeAway(prefix, paths);
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
    throw new TypeError(
      `Cannot use "${wrong[0]}": there are --uninstall and --no-links`,
    );
  }
  const prefix = join(
    Deno.env.get("DESTDIR") ?? "",
    resolve(Deno.env.get("PREFIX") || "/usr/local"),
  );
  try {
    return given.uninstall
      ? await uninstall(prefix)
      : await install(prefix, given["no-links"] ? [] : LINKS);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new TypeError(
      `Cannot change "${prefix}": ${error.message} ` +
        `(run as root, or name another place, as PREFIX=$HOME/.local does)`,
    );
  }
}

if (import.meta.main) {
  try {
    console.log(await main());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
