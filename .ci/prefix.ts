/**
 * A prefix that a program is installed under, and the record of what was put
 * there.
 *
 * The record, `share/vdeplug/installed`, has a line for each name: what it is
 * (`folder`, `link:TARGET` or `sha256:HEX`), a tab, and its path below the
 * prefix. What is not any more as it was put there belongs to somebody else by
 * now: it is neither replaced nor taken away.
 *
 * The record is written before anything is put in its place, with all that is
 * about to be: whatever interrupts that, the next time tidies up.
 *
 * @module
 */

import { dirname, join } from "@std/path";

const RECORD = "share/vdeplug/installed";

/** What cannot be done, in words. */
export class InstallError extends Error {
  override readonly name = "InstallError";
}

/** A name below a prefix, and what was put there. */
interface Entry {
  readonly path: string;
  /** `folder`, `link:TARGET` or `sha256:HEX`. */
  readonly what: string;
}

const FOLDER = "folder";

/**
 * Puts a tree under a prefix: each file by a rename, since one of them may be
 * running.
 *
 * @param prefix An existing folder.
 * @param stage The tree, on the same file system; it is emptied.
 * @returns Number of files.
 * @throws {InstallError} If there is a file of somebody else's. Nothing is changed then.
 */
export async function putTree(prefix: string, stage: string): Promise<number> {
  const earlier = await readRecord(prefix);
  const files = await entriesBelow(stage);
  for (const entry of files) {
    const found = await describe(join(prefix, entry.path));
    const ours = [entry, ...earlier.filter(({ path }) => path === entry.path)];
    if (found === undefined || ours.some(({ what }) => what === found)) {
      continue;
    }
    throw new InstallError(
      `Cannot install "${
        join(prefix, entry.path)
      }": there is one that somebody else put there (--no-links leaves ` +
        `vde_plug and dpipe out; PREFIX names another place)`,
    );
  }
  const folders = await makeFolders(prefix, [
    ...files.map(({ path }) => path),
    RECORD,
  ], earlier);
  await writeRecord(prefix, [...earlier, ...folders, ...files]);
  for (const { path } of files) {
    await Deno.rename(join(stage, path), join(prefix, path));
  }
  const paths = files.map(({ path }) => path);
  const stale = earlier.filter(({ path, what }) =>
    what !== FOLDER && !paths.includes(path)
  );
  await removeEntries(prefix, stale);
  const kept = earlier.filter(({ what }) => what === FOLDER);
  await writeRecord(prefix, [...kept, ...folders, ...files]);
  return files.length;
}

/**
 * Takes away what was put under a prefix, and is still as it was.
 *
 * @returns Paths that somebody has changed since: they stay.
 * @throws {InstallError} If nothing was.
 */
export async function takeAway(prefix: string): Promise<readonly string[]> {
  const entries = await readRecord(prefix);
  if (entries.length === 0) {
    throw new InstallError(
      `Cannot uninstall vdeplug from "${prefix}": found no "${RECORD}" there`,
    );
  }
  const changed = await removeEntries(
    prefix,
    entries.filter(({ what }) => what !== FOLDER),
  );
  await Deno.remove(join(prefix, RECORD));
  const folders = entries.filter(({ what }) => what === FOLDER)
    .map(({ path }) => join(prefix, path)).sort().reverse();
  for (const folder of folders) await removeIfEmpty(folder);
  return changed;
}

/** Removes names that are what the entries say; gives the others that are there. */
async function removeEntries(
  prefix: string,
  entries: readonly Entry[],
): Promise<string[]> {
  const changed = new Set<string>();
  for (const { path } of entries) {
    const found = await describe(join(prefix, path));
    const isOurs = entries.some((entry) =>
      entry.path === path && entry.what === found
    );
    if (isOurs) await Deno.remove(join(prefix, path));
    else if (found !== undefined) changed.add(join(prefix, path));
  }
  return [...changed];
}

/** What there is at a path; undefined: nothing. */
async function describe(path: string): Promise<string | undefined> {
  try {
    const { isSymlink, isFile } = await Deno.lstat(path);
    if (isSymlink) return `link:${await Deno.readLink(path)}`;
    if (!isFile) return FOLDER;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const digest = await crypto.subtle.digest(
    "SHA-256",
    await Deno.readFile(path),
  );
  return `sha256:${new Uint8Array(digest).toHex()}`;
}

/** All files and links below a folder. */
async function entriesBelow(folder: string, below = ""): Promise<Entry[]> {
  const entries: Entry[] = [];
  const listed = await Array.fromAsync(Deno.readDir(join(folder, below)));
  for (const { name, isDirectory } of listed) {
    const path = below === "" ? name : `${below}/${name}`;
    if (isDirectory) entries.push(...await entriesBelow(folder, path));
    else entries.push({ path, what: await describe(join(folder, path)) ?? "" });
  }
  return entries.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Makes the folders that lead to files; gives those that were not there, and are not known. */
async function makeFolders(
  prefix: string,
  paths: readonly string[],
  known: readonly Entry[],
): Promise<Entry[]> {
  const made: Entry[] = [];
  for (const folder of new Set(paths.flatMap(foldersOf))) {
    if (await describe(join(prefix, folder)) !== undefined) continue;
    await Deno.mkdir(join(prefix, folder));
    // Whatever the umask: what is installed is for everybody.
    await Deno.chmod(join(prefix, folder), 0o755);
    if (known.some(({ path }) => path === folder)) continue;
    made.push({ path: folder, what: FOLDER });
  }
  return made;
}

/** `share/man/man1` of a file in it, and the folders above, the outermost first. */
function foldersOf(path: string): string[] {
  const parent = dirname(path);
  return parent === "." ? [] : [...foldersOf(parent), parent];
}

async function removeIfEmpty(folder: string): Promise<void> {
  if (await describe(folder) !== FOLDER) return;
  const names = await Array.fromAsync(Deno.readDir(folder));
  if (names.length === 0) await Deno.remove(folder);
}

async function readRecord(prefix: string): Promise<Entry[]> {
  const file = join(prefix, RECORD);
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").filter(Boolean).map((line) => {
    const [what, path = ""] = line.split("\t");
    if (path !== "" && !path.split("/").includes("..") && path[0] !== "/") {
      return { what, path };
    }
    throw new InstallError(
      `Cannot read "${file}" as what was installed: found "${line}"`,
    );
  });
}

async function writeRecord(
  prefix: string,
  entries: readonly Entry[],
): Promise<void> {
  const file = join(prefix, RECORD);
  const lines = entries.map(({ what, path }) => `${what}\t${path}\n`);
  await Deno.writeTextFile(`${file}.new`, [...new Set(lines)].join(""));
  await Deno.chmod(`${file}.new`, 0o644);
  await Deno.rename(`${file}.new`, file);
}
