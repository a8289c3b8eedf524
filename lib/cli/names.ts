/**
 * The names of this program: what it is called decides which command it is,
 * and so which options it has.
 *
 * @module
 */

import { readOptions } from "./getopt.ts";
import { PLUG_OPTIONS } from "./plug_args.ts";
import { UsageError } from "./usage_error.ts";

/** Commands that a link to this program may be named for. */
const LINK_NAMES = ["vde_plug", "dpipe"] as const;

/** A command and a scheme: help for the name is about the scheme, as for others. */
const SCHEME_TOO = "switch";

/** The main command, which joins two networks, and the options of all. */
export const MAIN_NAME = "vdeplug";

/** What a command line asks for. */
export interface Call {
  /** Name of the command; {@linkcode MAIN_NAME} where none is named. */
  readonly command: string;
  /** What it calls itself in messages. */
  readonly name: string;
  /** What the user types to call it. */
  readonly invocation: string;
  /** The command's own arguments. */
  readonly args: readonly string[];
  /** Whether options before the command ask for more words. */
  readonly verbose: boolean;
  /** Whether it is somebody's login shell. */
  readonly isLogin: boolean;
}

/** How the program was started. */
export interface Start {
  /** What stands for the program on the command line, or the main module's URL. */
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * Finds the command.
 *
 * Through a link named for a command, it is that command, and all arguments
 * are its own. Otherwise the first argument that is no option may name one.
 *
 * @param start How the program was started.
 * @param commands Names of the commands there are.
 * @throws {UsageError} If options before the command are not the main ones' that all share.
 */
export function findCall(start: Start, commands: readonly string[]): Call {
  const base = start.program.slice(start.program.lastIndexOf("/") + 1);
  // login(1) and sshd(8) put a dash before the name of a login shell.
  const isLogin = base.startsWith("-");
  const name = base.replace(/^-/, "").replace(/\.[jt]s$/, "");
  const command = LINK_NAMES.find((each) => each === name);
  if (command !== undefined) {
    const { args } = start;
    const names = { command, name: command, invocation: command };
    return { ...names, args, verbose: false, isLogin };
  }
  return findWord(start.args, commands) ?? {
    command: MAIN_NAME,
    name: MAIN_NAME,
    invocation: MAIN_NAME,
    args: start.args,
    verbose: false,
    isLogin: false,
  };
}

/** Finds a command by its name, behind options of the main one. */
function findWord(
  args: readonly string[],
  commands: readonly string[],
): Call | undefined {
  const before = readBefore(args);
  if (before === undefined) return undefined;
  const [command, ...own] = before.operands;
  if (!commands.includes(command)) return undefined;
  // Behind "--" there are VNLs only.
  if (args.slice(0, -before.operands.length).includes("--")) return undefined;
  const { help, verbose, version, ...others } = Object.fromEntries(
    before.given,
  );
  const wantsHelp = help !== undefined && command !== SCHEME_TOO;
  if (!wantsHelp && (help ?? version) !== undefined) return undefined;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw new UsageError(
      `Cannot use option "--${other}" before the command "${command}": its options stand behind it`,
    );
  }
  return {
    command,
    name: LINK_NAMES.find((name) => name === command) ?? MAIN_NAME,
    invocation: `${MAIN_NAME} ${command}`,
    args: wantsHelp ? ["--help"] : own,
    verbose: verbose !== undefined,
    isLogin: false,
  };
}

/** The options before the first operand; undefined if they are none: the main command tells. */
function readBefore(
  args: readonly string[],
): ReturnType<typeof readOptions> | undefined {
  try {
    return readOptions(args, PLUG_OPTIONS, { stopEarly: true });
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
