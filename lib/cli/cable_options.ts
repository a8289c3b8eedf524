/**
 * The options that every command has which joins networks.
 *
 * @module
 */

import { groupId } from "../../ffi/users.ts";
import type { Access } from "../plug/plugin.ts";
import { MAX_REQUEST_PORT } from "../vde/request.ts";
import type { GivenOptions, OptionSpec } from "./getopt.ts";
import { readPluginModules } from "./plugin_option.ts";
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

/** Their names. */
export const CABLE_OPTIONS: readonly OptionSpec[] = [
  { name: "help", letter: "h" },
  { name: "version" },
  { name: "verbose", letter: "v" },
  { name: "descr", letter: "D", value: "TEXT" },
  { name: "daemon", letter: "d" },
  { name: "pidfile", letter: "p", value: "FILE" },
  { name: "log", letter: "l" },
  { name: "iplog", letter: "L" },
  { name: "group", letter: "g", value: "GROUP" },
  { name: "group2", letter: "G", value: "GROUP" },
  { name: "mod", letter: "m", value: "OCTAL" },
  { name: "mod2", letter: "M", value: "OCTAL" },
  { name: "port", value: "N" },
  { name: "port2", value: "N" },
  { name: "plugin", value: "FILE" },
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
