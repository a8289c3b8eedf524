/**
 * The options that every command has which joins networks.
 *
 * @module
 */

import { groupId } from "../../ffi/users.ts";
import type { Access } from "../plug/plugin.ts";
import { MAX_REQUEST_PORT } from "../vde/request.ts";
import type { GivenOptions, OptionSpec } from "./getopt.ts";
import { PLUGIN_OPTION, readPluginModules } from "./plugin_option.ts";
import { UsageError } from "./usage_error.ts";

/** What these options say. */
export interface CableSettings {
  readonly help: boolean;
  readonly version: boolean;
  readonly verbose: boolean;
  /** Text for the peers' listings. */
  readonly description: string;
  /** Go on in the background once the cable is open. */
  readonly daemon: boolean;
  /** Where the process id is written; undefined: nowhere. */
  readonly pidFile: string | undefined;
  /** Start and end go to the system's log. */
  readonly log: boolean;
  /** So do the IP addresses seen coming from the far end. */
  readonly ipLog: boolean;
  /** Port, group and mode for each VNL. */
  readonly access: readonly [Access, Access];
  /** URLs of the user's plugin modules. */
  readonly plugins: readonly string[];
}

/** The call for the version. */
export const VERSION_OPTION: OptionSpec = {
  name: "version",
  summary: "the version",
};

/** The call for help. Commands that give more than their own have their own. */
export const HELP_OPTION: OptionSpec = {
  name: "help",
  letter: "h",
  summary: "this text",
};

/** The others, in the order in which help shows them. */
export const CABLE_OPTIONS: readonly OptionSpec[] = [
  {
    name: "daemon",
    letter: "d",
    summary: "go on in the background once all is open",
  },
  {
    name: "pidfile",
    letter: "p",
    value: "FILE",
    summary: "write the process id to FILE",
    completes: "file",
  },
  {
    name: "log",
    letter: "l",
    summary: "write start and end to the system's log",
  },
  {
    name: "iplog",
    letter: "L",
    summary:
      "the same, and each IP address seen coming from the stream or the second VNL",
  },
  {
    name: "group",
    letter: "g",
    value: "GROUP",
    summary: "who may join what the first VNL makes",
    completes: "group",
  },
  {
    name: "mod",
    letter: "m",
    value: "OCTAL",
    summary: "its permissions, as for chmod",
  },
  {
    name: "port",
    value: "N",
    summary: "port of its switch: better write [N] behind the VNL",
  },
  {
    name: "group2",
    letter: "G",
    value: "GROUP",
    summary: "who may join what the second VNL makes",
    completes: "group",
  },
  {
    name: "mod2",
    letter: "M",
    value: "OCTAL",
    summary: "permissions of the second",
  },
  { name: "port2", value: "N", summary: "port of the second one's switch" },
  {
    name: "descr",
    letter: "D",
    value: "TEXT",
    summary: "who we are, for the other side's listings (default vdeplug:)",
  },
  PLUGIN_OPTION,
  { name: "verbose", letter: "v", summary: "say more about what happens" },
  VERSION_OPTION,
];

const MAX_DESCRIPTION_BYTES = 127;
const MAX_MODE = 0o777;

/**
 * Reads these options' values.
 *
 * @throws {UsageError} If one is no such value.
 */
export function readCableSettings(
  { given, all }: Pick<GivenOptions, "given" | "all">,
): CableSettings {
  const ipLog = given.has("iplog");
  return {
    help: given.has("help"),
    version: given.has("version"),
    verbose: given.has("verbose"),
    description: readDescription(given.get("descr")),
    daemon: given.has("daemon"),
    pidFile: readPidFile(given.get("pidfile")),
    log: given.has("log") || ipLog,
    ipLog,
    access: [readAccess(given, ""), readAccess(given, "2")],
    plugins: readPluginModules(all("plugin")),
  };
}

/** Whether anything is asked for. */
export function isAccess(access: Access): boolean {
  return Object.values(access).some((value) => value !== undefined);
}

function readDescription(text = "vdeplug:"): string {
  const { length } = new TextEncoder().encode(text);
  if (length <= MAX_DESCRIPTION_BYTES) return text;
  throw new UsageError(
    `Cannot use --descr as TEXT has at most ${MAX_DESCRIPTION_BYTES} bytes: received ${length}`,
  );
}

function readPidFile(path: string | undefined): string | undefined {
  if (path !== "") return path;
  throw new UsageError('Cannot use --pidfile as FILE is a path: received ""');
}

function readAccess(
  given: ReadonlyMap<string, string>,
  suffix: "" | "2",
): Access {
  return {
    port: readPort(`port${suffix}`, given),
    group: readGroup(`group${suffix}`, given),
    mode: readMode(`mod${suffix}`, given),
  };
}

function readPort(
  name: string,
  given: ReadonlyMap<string, string>,
): number | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port <= MAX_REQUEST_PORT) return port;
  throw new UsageError(
    `Cannot use --${name} as N must be 0 to ${MAX_REQUEST_PORT}: received "${text}"`,
  );
}

function readGroup(
  name: string,
  given: ReadonlyMap<string, string>,
): string | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  try {
    groupId(text);
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) {
      throw cause;
    }
    throw new UsageError(
      `Cannot use --${name} as GROUP must be a group of users: ${cause.message}`,
      { cause },
    );
  }
  return text;
}

function readMode(
  name: string,
  given: ReadonlyMap<string, string>,
): number | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  const mode = /^[0-7]+$/.test(text) ? parseInt(text, 8) : NaN;
  if (mode <= MAX_MODE) return mode;
  throw new UsageError(
    `Cannot use --${name} as OCTAL must be permission bits, 0 to ${
      MAX_MODE.toString(8)
    }: received "${text}"`,
  );
}
