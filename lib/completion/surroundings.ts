/**
 * What completion looks at on a machine. Nothing of it fails: what cannot be
 * read is not there.
 *
 * @module
 */

import type { Candidate } from "./offer.ts";
import type { VnlSyntax } from "../plug/vnl.ts";

/** What an interface is, as far as plugs go. */
export type InterfaceKind = "tap" | "macvtap" | "other";

/** A name in a folder. */
export interface FolderEntry {
  readonly name: string;
  /** Links are followed. */
  readonly isFolder: boolean;
}

/** Interfaces, groups and files. */
export interface Surroundings {
  /** Names of the network interfaces. */
  interfaces(): readonly string[];
  /** What kind one of them is. */
  interfaceKind(name: string): InterfaceKind;
  /** Names of the groups of users. */
  groups(): readonly string[];
  /** What is in a folder; "" is the current one. */
  entries(folder: string): readonly FolderEntry[];
  /** Whether a folder is that of a switch: has a socket `ctl` in it. */
  isSwitch(folder: string): boolean;
  /** The user's folder; undefined where there is none. */
  readonly home: string | undefined;
}

/** Schemes and what their VNLs may say. */
export interface Schemes {
  /** All schemes whose names begin so: candidates without `://`. */
  list(prefix: string): Promise<readonly Candidate[]>;
  /** What the VNLs of a scheme look like; undefined if nobody knows. */
  syntax(scheme: string): Promise<VnlSyntax | undefined>;
}
