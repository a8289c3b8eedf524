/**
 * The arguments of the main command: options, VNLs, and a command behind `=`.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { UsageError } from "./usage_error.ts";

/** What the main command is to do. */
export interface PlugArgs {
  /** One or two. */
  readonly vnls: readonly string[];
  /** What stands behind `=`: a program and its arguments. */
  readonly command: readonly string[] | undefined;
  readonly help: boolean;
  readonly version: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
  /** Seconds between two lines of counters; undefined: none are wanted. */
  readonly statsSeconds: number | undefined;
  /** Text for the peers' listings. */
  readonly description: string;
}

const DEFAULT_STATS_SECONDS = 1;
const MAX_STATS_SECONDS = 86_400;
const MAX_DESCRIPTION_BYTES = 127;

/**
 * Reads the arguments.
 *
 * @throws {UsageError} If they say nothing that can be done.
 */
export function readPlugArgs(args: readonly string[]): PlugArgs {
  const equals = args.indexOf("=");
  const own = equals < 0 ? args : args.slice(0, equals);
  const command = equals < 0 ? undefined : args.slice(equals + 1);
  const parsed = parseArgs(own.map(withDefaultPeriod), {
    boolean: ["help", "version", "verbose", "json"],
    string: ["_", "stats", "descr"],
    alias: { help: "h", verbose: "v", descr: "D" },
    unknown: (arg) => {
      if (!arg.startsWith("-") || arg === "-") return true;
      throw new UsageError(
        `Cannot use option "${arg}": there is none of that name`,
      );
    },
  });
  const result: PlugArgs = {
    vnls: parsed._.map(String),
    command,
    help: parsed.help === true,
    version: parsed.version === true,
    verbose: parsed.verbose === true,
    json: parsed.json === true,
    statsSeconds: statsPeriod(parsed.stats),
    description: description(parsed.descr),
  };
  if (!result.help && !result.version) checkCounts(result);
  return result;
}

/** `--stats` has its value behind `=` only: the word after it is a VNL. */
function withDefaultPeriod(arg: string): string {
  return arg === "--stats" ? `--stats=${DEFAULT_STATS_SECONDS}` : arg;
}

function statsPeriod(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const text = lastOf(value);
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= MAX_STATS_SECONDS) return seconds;
  throw new UsageError(
    `Cannot use --stats as SECONDS must be more than 0 and at most ` +
      `${MAX_STATS_SECONDS}: received "${text}"`,
  );
}

function description(value: unknown): string {
  if (value === undefined) return "vdeplug:";
  const text = lastOf(value);
  const { length } = new TextEncoder().encode(text);
  if (length <= MAX_DESCRIPTION_BYTES) return text;
  throw new UsageError(
    `Cannot use --descr as TEXT has at most ${MAX_DESCRIPTION_BYTES} bytes: received ${length}`,
  );
}

/** The last one counts where an option stands more than once. */
function lastOf(value: unknown): string {
  return String(Array.isArray(value) ? value.at(-1) : value);
}

function checkCounts({ vnls, command }: PlugArgs): void {
  if (command !== undefined && command.length === 0) {
    throw new UsageError('Cannot start a command: nothing stands behind "="');
  }
  if (vnls.length === 0) {
    throw new UsageError("Cannot join a network: no VNL is given");
  }
  const most = command === undefined ? 2 : 1;
  if (vnls.length > most) {
    throw new UsageError(
      `Cannot join ${vnls.length} VNLs${command ? " and a command" : ""}: ` +
        `a cable has two ends; received ${
          vnls.map((vnl) => `"${vnl}"`).join(" ")
        }`,
    );
  }
}
