/**
 * What `vdeplug ping` is asked for on its command line.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { formatIp, ipScope, parseIp } from "../net/ip_address.ts";
import { optionNames, type OptionSpec } from "./getopt.ts";
import { PLUGIN_OPTION, readPluginModules } from "./plugin_option.ts";
import { UsageError } from "./usage_error.ts";

/** Its options, as they are read and shown. */
export const PING_OPTIONS: readonly OptionSpec[] = [
  {
    name: "c",
    value: "COUNT",
    summary: "number of pings, 0 until interrupted (default 4)",
  },
  {
    name: "i",
    value: "SECONDS",
    summary: "time between two pings, from 0.001 on (default 1)",
  },
  {
    name: "W",
    value: "SECONDS",
    summary: "how long a reply is waited for (default 1)",
  },
  {
    name: "from",
    value: "ADDRESS",
    summary: "address to ping from, used as it is; without it, one that " +
      "nobody uses: of the same /24 (IPv4) or /64 (IPv6) as the target",
  },
  {
    name: "vlan",
    value: "ID",
    summary: "ping in this VLAN, 1 to 4094; without it, in no VLAN",
  },
  PLUGIN_OPTION,
  { name: "help", letter: "h", summary: "this text" },
];

/** What was asked for. */
export interface PingOptions {
  /** URLs of the user's plugin modules. */
  readonly plugins: readonly string[];
  /** Through which network. */
  readonly vnl: string;
  /** Address to ping: 4 or 16 bytes. */
  readonly target: Uint8Array;
  /** Address to ping from: as many; undefined: to be found. */
  readonly from: Uint8Array | undefined;
  /** VLAN; 0: untagged. */
  readonly vlan: number;
  /** Number of pings; Infinity: without end. */
  readonly count: number;
  /** Time from one ping to the next. */
  readonly intervalMs: number;
  /** How long a reply is waited for. */
  readonly timeoutMs: number;
}

/** A number that an option takes. */
interface NumberOption {
  readonly name: string;
  readonly what: string;
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

const COUNT: NumberOption = {
  name: "c",
  what: "a whole number",
  min: 0,
  max: 1_000_000_000,
  default: 4,
};
const INTERVAL: NumberOption = {
  name: "i",
  what: "a number of seconds",
  min: 0.001,
  max: 86_400,
  default: 1,
};
/** 65,536 pings at the shortest interval take 65 s: replies are told apart for longer than any is waited for. */
const TIMEOUT: NumberOption = {
  name: "W",
  what: "a number of seconds",
  min: 0.001,
  max: 60,
  default: 1,
};
const VLAN: NumberOption = {
  name: "vlan",
  what: "a whole number",
  min: 1,
  max: 4094,
  default: 0,
};

/** Digits with at most one point among them. */
const WHOLE = /^\d{1,15}$/;
const DECIMAL = /^(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})$/;

/** Names of the options that take a value. */
const VALUED = PING_OPTIONS.filter(({ value }) => value !== undefined)
  .map(({ name }) => name);

/** The options' names as parseArgs gives them. */
type Values = Readonly<Record<string, unknown>>;

/**
 * Reads the command line of `vdeplug ping`.
 *
 * @param args What follows `ping`.
 * @returns What was asked for; undefined where it was help.
 * @throws {UsageError} If an option or an argument is wrong.
 */
export function readPingOptions(
  args: readonly string[],
): PingOptions | undefined {
  const values = parseArgs(args, {
    string: ["_", ...VALUED],
    boolean: PING_OPTIONS.filter(({ value }) => value === undefined)
      .map(({ name }) => name),
    alias: Object.fromEntries(
      PING_OPTIONS.flatMap(({ name, letter }) =>
        letter ? [[name, letter]] : []
      ),
    ),
    collect: VALUED,
    unknown: (arg, key) => key === undefined || refuseOption(arg),
  });
  if (values.help) return undefined;
  const [vnl, targetText, ...rest] = values._.map(String);
  if (targetText === undefined || rest.length > 0) {
    const count = values._.length;
    throw new UsageError(
      `Cannot ping as it takes a VNL and an address: received ${count} argument${
        count === 1 ? "" : "s"
      }`,
    );
  }
  const target = readAddress(`"${targetText}"`, targetText);
  const plugins = Array.isArray(values.plugin) ? values.plugin.map(String) : [];
  return {
    plugins: readPluginModules(plugins),
    vnl,
    target,
    from: readFrom(values, target),
    vlan: readNumber(values, VLAN, WHOLE),
    count: readNumber(values, COUNT, WHOLE) || Infinity,
    intervalMs: readNumber(values, INTERVAL, DECIMAL) * 1000,
    timeoutMs: readNumber(values, TIMEOUT, DECIMAL) * 1000,
  };
}

function refuseOption(arg: string): never {
  throw new UsageError(
    `Cannot ping with the option "${arg}": the options are ${
      PING_OPTIONS.map((spec) => optionNames(spec).at(-1)).join(", ")
    }`,
  );
}

/** The text of an option that may be given once. */
function readText(values: Values, name: string): string | undefined {
  const given = values[name];
  if (!Array.isArray(given) || given.length === 0) return undefined;
  if (given.length > 1) {
    throw new UsageError(
      `Cannot ping as ${dashed(name)} may be given once: received ${
        given.map((text) => `"${text}"`).join(", ")
      }`,
    );
  }
  return String(given[0]);
}

function readNumber(
  values: Values,
  option: NumberOption,
  pattern: RegExp,
): number {
  const text = readText(values, option.name);
  if (text === undefined) return option.default;
  const { name, what, min, max } = option;
  const number = Number(text);
  if (!pattern.test(text) || number < min || number > max) {
    throw new UsageError(
      `Cannot ping as ${
        dashed(name)
      } must be ${what} from ${min} to ${max}: received "${text}"`,
    );
  }
  return number;
}

function readFrom(
  values: Values,
  target: Uint8Array,
): Uint8Array | undefined {
  const text = readText(values, "from");
  if (text === undefined) return undefined;
  const from = readAddress(`from "${text}"`, text);
  if (from.length !== target.length) {
    throw new UsageError(
      `Cannot ping "${
        formatIp(target)
      }" from "${text}": one is IPv4, the other IPv6`,
    );
  }
  if (formatIp(from) === formatIp(target)) {
    throw new UsageError(
      `Cannot ping "${formatIp(target)}" from "${text}": they are the same`,
    );
  }
  return from;
}

function readAddress(attempt: string, text: string): Uint8Array {
  const address = parseIp(text);
  if (address === undefined) {
    throw new UsageError(
      `Cannot ping ${attempt} as an IPv4 or IPv6 address: received "${text}"`,
    );
  }
  const scope = ipScope(address);
  if (scope !== "unicast") {
    throw new UsageError(
      `Cannot ping ${attempt} as the address of one station: it is ${scope}`,
    );
  }
  return address;
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
