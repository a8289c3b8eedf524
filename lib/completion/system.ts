/**
 * This machine, for completion.
 *
 * @module
 */

import { linkInfo } from "../../ffi/rtnetlink.ts";
import type {
  FolderEntry,
  InterfaceKind,
  Surroundings,
} from "./surroundings.ts";

const MAC_BYTES = 6;

/** The kernel's table of this network namespace, whatever is mounted on /sys. */
const INTERFACES = "/proc/self/net/dev";
const GROUPS = "/etc/group";

/** Looks at the real one. Creates nothing, and reaches no network. */
export const SYSTEM_SURROUNDINGS: Surroundings = {
  interfaces() {
    const lines = readText(INTERFACES).split("\n");
    const names = lines.map((line) => /^\s*(\S+):/.exec(line)?.[1]);
    return names.filter((name) => name !== undefined);
  },
  interfaceKind,
  groups() {
    const lines = readText(GROUPS).split("\n");
    // Lines of other sources, as NIS has them, begin with a sign.
    return lines.map((line) => line.split(":")[0])
      .filter((name) => /^[^+#-]/.test(name));
  },
  entries,
  isSwitch: (folder) => isSocket(`${folder}/ctl`),
  get home() {
    return Deno.env.get("HOME") || undefined;
  },
};

function interfaceKind(name: string): InterfaceKind {
  try {
    const { kind, mac } = linkInfo(name);
    // Those of layer 3 have no hardware address.
    if (kind === "tun" && mac.length === MAC_BYTES) return "tap";
    return kind === "macvtap" ? "macvtap" : "other";
  } catch (error) {
    if (error instanceof Error) return "other";
    throw error;
  }
}

function entries(folder: string): readonly FolderEntry[] {
  const base = folder === "" ? "." : folder;
  const prefix = base.endsWith("/") ? base : `${base}/`;
  try {
    const found = Array.from(Deno.readDirSync(base), (entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory ||
        entry.isSymlink && isFolder(prefix + entry.name),
    }));
    return found.sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (error) {
    if (error instanceof Error) return [];
    throw error;
  }
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory ?? false;
}

function isSocket(path: string): boolean {
  return statOf(path)?.isSocket ?? false;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Error) return "";
    throw error;
  }
}
