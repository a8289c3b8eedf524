/**
 * The arguments of `vde_plug`.
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

/** What `vde_plug` is to do. */
export interface VdePlugArgs extends CableSettings {
  /** Two at most. */
  readonly vnls: readonly string[];
  /** What stands behind `=`: a program and its arguments. */
  readonly command: readonly string[] | undefined;
  /** What a user logs in for, given with `-c` to a login shell; undefined: it is none. */
  readonly loginCommand: string | undefined;
}

/** Its options. */
export const VDE_PLUG_OPTIONS: readonly OptionSpec[] = [
  ...CABLE_OPTIONS,
  {
    name: "c",
    value: "vde_plug",
    summary: "as a login shell: what users run here, and nothing else",
  },
  HELP_OPTION,
];

/**
 * Reads the arguments.
 *
 * @throws {UsageError} If they say nothing that can be done.
 */
export function readVdePlugArgs(args: readonly string[]): VdePlugArgs {
  const { own, command } = splitAtCommand(args);
  const options = readOptions(own, VDE_PLUG_OPTIONS);
  const { given, operands } = options;
  const result: VdePlugArgs = {
    ...readCableSettings(options),
    vnls: operands,
    command,
    loginCommand: given.get("c"),
  };
  if (!result.help && !result.version) checkEnds(result);
  return result;
}
