/**
 * The arguments of the main command: options, VNLs, and a command behind `=`.
 *
 * @module
 */

import {
  CABLE_OPTIONS,
  type CableSettings,
  HELP_OPTION,
  readCableSettings,
} from "./cable_options.ts";
import { type OptionSpec, readOptions } from "./getopt.ts";
import { checkEnds, splitAtCommand } from "./operands.ts";
import { UsageError } from "./usage_error.ts";

/** What the main command is to do. */
export interface PlugArgs extends CableSettings {
  /** One or two; with `help`, words to explain. */
  readonly vnls: readonly string[];
  /** What stands behind `=`: a program and its arguments. */
  readonly command: readonly string[] | undefined;
  readonly json: boolean;
  /** Seconds between two lines of counters; undefined: none are wanted. */
  readonly statsSeconds: number | undefined;
}

/** What `--stats` is without a value. */
export const DEFAULT_STATS_SECONDS = "1";
const MAX_STATS_SECONDS = 86_400;

/** Its options. */
export const PLUG_OPTIONS: readonly OptionSpec[] = [
  {
    name: "stats",
    value: "SECONDS",
    standard: DEFAULT_STATS_SECONDS,
    summary:
      `frames and bytes every SECONDS (default ${DEFAULT_STATS_SECONDS}), and in the end`,
  },
  { name: "json", summary: "counters as JSON, one object a line" },
  ...CABLE_OPTIONS,
  {
    ...HELP_OPTION,
    summary: "this text; with schemes behind it, what their VNLs may say",
  },
];

/**
 * Reads the arguments.
 *
 * @param specs The options there are: these, or some of them.
 * @throws {UsageError} If they say nothing that can be done.
 */
export function readPlugArgs(
  args: readonly string[],
  specs: readonly OptionSpec[] = PLUG_OPTIONS,
): PlugArgs {
  const { own, command } = splitAtCommand(args);
  const options = readOptions(own, specs);
  const { given, operands } = options;
  const result: PlugArgs = {
    ...readCableSettings(options),
    vnls: operands,
    command,
    json: given.has("json"),
    statsSeconds: statsPeriod(given.get("stats")),
  };
  if (result.help || result.version) return result;
  if (operands.length === 0 && command?.length !== 0) {
    throw new UsageError("Cannot join a network: no VNL is given");
  }
  checkEnds(result);
  if (result.daemon && (result.json || result.statsSeconds !== undefined)) {
    throw new UsageError(
      "Cannot show counters of a cable in the background: use --daemon, or --stats and --json",
    );
  }
  return result;
}

function statsPeriod(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= MAX_STATS_SECONDS) return seconds;
  throw new UsageError(
    `Cannot use --stats as SECONDS must be more than 0 and at most ` +
      `${MAX_STATS_SECONDS}: received "${text}"`,
  );
}
