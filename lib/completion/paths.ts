/**
 * Paths: those of switches that run, and those that go on from what is typed.
 *
 * @module
 */

import { beginningWith, type Candidate } from "./offer.ts";
import type { FolderEntry, Surroundings } from "./surroundings.ts";

/** Which paths are wanted. */
export type PathKind = "file" | "folder" | "switch";

/** A folder by itself, or those in a folder whose names begin so. */
interface UsualPlace {
  readonly folder: string;
  /** Absent: the folder itself. */
  readonly prefix?: string;
  /** Whether it is in the user's own folder. */
  readonly isHomes?: boolean;
}

/** Where switches are by custom. */
const USUAL_PLACES: readonly UsualPlace[] = [
  { folder: "/var/run/vde.ctl" },
  { folder: "/run", prefix: "vde" },
  { folder: "/tmp", prefix: "" },
  { folder: ".vdeplug", isHomes: true, prefix: "" },
  { folder: ".vde2", isHomes: true, prefix: "" },
];

/** A folder with more is not searched to its end. */
const MOST_LOOKED_AT = 1000;

const RUNNING = "a switch that runs";

/**
 * The paths that begin with what is typed. Folders to go on in end with `/`.
 *
 * @param typed Without quotes.
 */
export function offerPaths(
  typed: string,
  kind: PathKind,
  here: Surroundings,
): Candidate[] {
  const found = [
    ...kind === "switch" ? usualSwitches(here) : [],
    ...goOn(typed, kind, here),
  ];
  return beginningWith(typed, found);
}

/** Switches that run where switches usually are. */
export function usualSwitches(here: Surroundings): Candidate[] {
  const paths = USUAL_PLACES.flatMap((place) => {
    const { folder: name, prefix, isHomes = false } = place;
    if (isHomes && here.home === undefined) return [];
    const folder = isHomes ? `${here.home}/${name}` : name;
    if (prefix === undefined) return [folder];
    return foldersOf(folder, here)
      .filter((entry) => entry.name.startsWith(prefix))
      .map((entry) => `${folder}/${entry.name}`);
  });
  return paths.filter((path) => here.isSwitch(path))
    .map((word) => ({ word, summary: RUNNING }));
}

/** What the folder has that the typed path is in. */
function goOn(typed: string, kind: PathKind, here: Surroundings): Candidate[] {
  const folder = typed.slice(0, typed.lastIndexOf("/") + 1);
  const begun = typed.slice(folder.length);
  const isThere = ({ name }: FolderEntry) =>
    name.startsWith(begun) && (begun !== "" || !name.startsWith("."));
  const entries = kind === "file"
    ? here.entries(folder)
    : foldersOf(folder, here);
  return entries.filter(isThere).flatMap(({ name, isFolder }) => {
    const path = folder + name;
    if (kind === "switch" && here.isSwitch(path)) {
      return [{ word: path, summary: RUNNING }];
    }
    // Without a word of a path, only switches are worth a line.
    if (kind === "switch" && typed === "") return [];
    return [{ word: isFolder ? `${path}/` : path }];
  });
}

function foldersOf(folder: string, here: Surroundings): FolderEntry[] {
  const folders = here.entries(folder).filter(({ isFolder }) => isFolder);
  return folders.slice(0, MOST_LOOKED_AT);
}
