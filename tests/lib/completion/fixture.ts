/**
 * A machine and schemes that are made up, for tests of completion.
 *
 * @module
 */

import type {
  Schemes,
  Surroundings,
} from "../../../lib/completion/surroundings.ts";
import type { VnlSyntax } from "../../../lib/plug/vnl.ts";

const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  ".": ["file1", "net/", ".hidden", "own/"],
  "/": ["run/", "tmp/", "etc/"],
  "/run": ["vde1/", "vdx/", "lock/"],
  "/tmp": ["sw/", "a b/", "x[1]/", "note"],
  "/tmp/sw": ["ctl"],
  "/home/u/.vde2": ["office/"],
};

const SWITCHES = ["/tmp/sw", "/run/vde1", "/home/u/.vde2/office", "own"];

/** Interfaces, groups and a tree of files. */
export const HERE: Surroundings = {
  interfaces: () => ["lo", "eth0", "tap0", "tap1", "mv0"],
  interfaceKind(name) {
    if (name.startsWith("tap")) return "tap";
    return name.startsWith("mv") ? "macvtap" : "other";
  },
  groups: () => ["root", "kvm", "net admins"],
  entries(folder) {
    const path = folder === "/" ? "/" : folder.replace(/\/$/, "") || ".";
    return (FOLDERS[path] ?? []).map((name) => ({
      name: name.replace(/\/$/, ""),
      isFolder: name.endsWith("/"),
    }));
  },
  isSwitch: (folder) => SWITCHES.includes(folder),
  home: "/home/u",
};

const MTU = { name: "mtu", type: "integer", min: 68, max: 65521 } as const;
const OFFLOAD = { name: "offload", type: "integer", min: 0, max: 1 } as const;

const SYNTAXES: Readonly<Record<string, VnlSyntax>> = {
  lan: {
    form: "slash",
    address: "GROUP",
    addressOptional: true,
    addressSummary: "the group",
    keys: [
      { name: "v6", type: "flag", summary: "IPv6 only" },
      { name: "ttl", type: "integer", min: 0, max: 255, summary: "hops" },
      { name: "if", type: "text", completes: "interface", summary: "where" },
    ],
  },
  tap: {
    form: "bracket",
    address: "NAME",
    addressCompletes: "tap",
    keys: [{ ...MTU, summary: "its MTU" }, { ...OFFLOAD, summary: "super" }],
  },
  macvtap: {
    form: "bracket",
    address: "NAME",
    addressCompletes: "macvtap",
    keys: [],
  },
  vde: {
    form: "bracket",
    address: "DIRECTORY",
    addressCompletes: "switch",
    unnamedKey: "port",
    keys: [
      { name: "port", type: "text", summary: "a port" },
      { name: "group", type: "text", completes: "group", summary: "who" },
      { name: "dgram", type: "flag", summary: "the old way" },
    ],
  },
  switch: {
    form: "bracket",
    address: "FOLDER",
    addressCompletes: "folder",
    keys: [{ ...MTU, summary: "its MTU" }],
  },
  wrap: {
    form: "bracket",
    address: "X",
    addressOptional: true,
    keys: [{ ...MTU, summary: "its MTU" }],
    nested: "required",
  },
  native: { form: "raw", address: "ADDRESS", keys: [], nested: "optional" },
  null: { form: "slash", keys: [] },
};

/** Schemes with every form of syntax. */
export const SCHEMES: Schemes = {
  list: (prefix) =>
    Promise.resolve(
      Object.keys(SYNTAXES).filter((word) => word.startsWith(prefix))
        .map((word) => ({ word, summary: `about ${word}` })),
    ),
  syntax: (scheme) => Promise.resolve(SYNTAXES[scheme]),
};
