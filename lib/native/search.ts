/**
 * Where native plugins are looked for.
 *
 * With `$VDEPLUGIN_PATH`, in that folder alone. Otherwise in the folder
 * `vdeplug` beside libvdeplug.so.2, in those of `$LD_LIBRARY_PATH`, `/lib`,
 * `/usr/lib` and the machine's own library folder; then the linker looks in its
 * own way. For the linker, what is empty or relative in `$LD_LIBRARY_PATH` leads
 * to the current folder, which may be anybody's: then it is not asked.
 *
 * @module
 */

const PREFIX = "libvdeplug_";
const SUFFIX = ".so";
const FILE_NAME = /^libvdeplug_([a-z0-9][a-z0-9_-]*)\.so$/;
const SUBFOLDER = "vdeplug";

/** How texts about where a plugin was looked for end. */
const ONLY_THERE = " (VDEPLUGIN_PATH)";
const AND_LINKER = " and where the linker looks";
const NOT_LINKER =
  "; not where the linker looks, as LD_LIBRARY_PATH has an empty or relative part";

/** What there is on a machine, as far as native plugins go. */
export interface NativePlaces {
  /** An environment variable; undefined where it is not set. */
  env(name: string): string | undefined;
  /** Folder of libvdeplug.so.2; undefined where it is not installed. */
  libraryFolder(): string | undefined;
  /** Debian's name for the machine: `x86_64-linux-gnu`. */
  readonly multiarch: string;
  /** Whether a path leads to a regular file. */
  isFile(path: string): boolean;
  /** Names in a folder; none where it cannot be read. */
  names(folder: string): readonly string[];
}

/** Where one plugin is, or was looked for. */
export interface NativeSearch {
  /** The library's file: a path, or a name for the linker to look for; undefined: it is nowhere. */
  readonly file?: string;
  /** Whether `file` is a name. */
  readonly isLinkers: boolean;
  /** Where it was looked for, in a few words. */
  readonly lookedIn: string;
}

/** A native plugin that is installed. */
export interface NativeFile {
  /** What stands before `://`. */
  readonly scheme: string;
  /** Its library. */
  readonly file: string;
}

/**
 * Folders in which native plugins are looked for, in the order of their
 * precedence, each once.
 */
export function nativeFolders(places: NativePlaces): string[] {
  const only = places.env("VDEPLUGIN_PATH");
  if (only) return [only];
  const beside = places.libraryFolder();
  const parents = [
    ...beside === undefined ? [] : [beside],
    ...linkerFolders(places).filter(isAbsolute),
    "/lib",
    "/usr/lib",
    `/usr/lib/${places.multiarch}`,
  ];
  const folders = parents.map((parent) => join(parent, SUBFOLDER));
  return [...new Set(folders)];
}

/**
 * Looks for the library of a scheme.
 *
 * @param scheme Lower-case letters, digits, `_` and `-`.
 */
export function findNative(scheme: string, places: NativePlaces): NativeSearch {
  const name = PREFIX + scheme + SUFFIX;
  const folders = nativeFolders(places);
  const file = folders.map((folder) => join(folder, name))
    .find((path) => places.isFile(path));
  const isOnly = Boolean(places.env("VDEPLUGIN_PATH"));
  const isSafe = linkerFolders(places).every(isAbsolute);
  const isLinkers = file === undefined && !isOnly && isSafe;
  const end = isOnly ? ONLY_THERE : isSafe ? AND_LINKER : NOT_LINKER;
  const lookedIn = `for ${name} in ${folders.join(", ")}${end}`;
  return { file: isLinkers ? name : file, isLinkers, lookedIn };
}

/**
 * The native plugins of all folders; of a scheme that is there twice, the one
 * that is opened. Not those that only the linker finds.
 */
export function listNative(places: NativePlaces): NativeFile[] {
  const found = new Map<string, NativeFile>();
  for (const folder of nativeFolders(places)) {
    for (const name of [...places.names(folder)].sort()) {
      const scheme = FILE_NAME.exec(name)?.[1];
      if (scheme === undefined || found.has(scheme)) continue;
      const file = join(folder, name);
      if (places.isFile(file)) found.set(scheme, { scheme, file });
    }
  }
  return [...found.values()];
}

/** What the linker is told of folders, beside its own. */
function linkerFolders(places: NativePlaces): string[] {
  const text = places.env("LD_LIBRARY_PATH");
  return text ? text.split(/[:;]/) : [];
}

function isAbsolute(folder: string): boolean {
  return folder.startsWith("/");
}

function join(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}
