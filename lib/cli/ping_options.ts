/**
 * What `vdeplug ping` is asked for on its command line.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { formatIp, ipScope, parseIp } from "../net/ip_address.ts";
import { readPluginModules } from "./plugin_option.ts";
import { UsageError } from "./usage_error.ts";

/** What `vdeplug ping --help` prints. */
export const PING_HELP = `Usage: vdeplug ping [options] VNL ADDRESS

Pings a host of a virtual network: through any VNL, without an interface of
this machine and without privileges. Ends after 4 pings, as scripts like it.

  VNL          the network, as in "vdeplug VNL VNL"
  ADDRESS      IPv4 or IPv6 address of a host on it

Options:
  -c COUNT     number of pings, 0 until interrupted [4]
  -i SECONDS   time between two pings, from 0.001 on [1]
  -W SECONDS   how long a reply is waited for [1]
  --from ADDRESS
               address to ping from, used as it is; without it, one that nobody
               uses: of the same /24 (IPv4) or /64 (IPv6) as the target
  --vlan ID    ping in this VLAN, 1 to 4094; without it, in no VLAN
  --plugin FILE
               a plugin of your own, a file or a URL; may be given again
  -h, --help   print this text

Examples:
  vdeplug ping vxvde:// 192.0.2.1
               is 192.0.2.1 on the LAN's distributed switch?
  vdeplug ping -c 100 -i 0.01 vde:///tmp/switch 2001:db8::1
               a hundred pings in a second through a VDE switch
  vdeplug ping --vlan 7 --from 192.0.2.200 vxvde:// 192.0.2.1
               in VLAN 7, from an address of your choice

Exit status: 0 if a reply came, 1 if none came, 2 if the command is wrong.`;

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
    string: ["_", "c", "i", "W", "from", "vlan", "plugin"],
    boolean: ["help"],
    alias: { help: "h" },
    collect: ["c", "i", "W", "from", "vlan", "plugin"],
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
    `Cannot ping with the option "${arg}": the options are -c, -i, -W, --from, --vlan, --plugin and --help`,
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
