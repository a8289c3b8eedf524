/**
 * What stands on a command line beside the options: VNLs, and a command behind
 * `=`.
 *
 * @module
 */

import { UsageError } from "./usage_error.ts";

/** What a cable is to join. */
export interface Ends {
  /** Two at most. */
  readonly vnls: readonly string[];
  /** What stands behind `=`: a program and its arguments. */
  readonly command: readonly string[] | undefined;
}

/** Parts a command line at its first `=`. */
export function splitAtCommand(
  args: readonly string[],
): { own: readonly string[]; command: readonly string[] | undefined } {
  const equals = args.indexOf("=");
  return equals < 0
    ? { own: args, command: undefined }
    : { own: args.slice(0, equals), command: args.slice(equals + 1) };
}

/** @throws {UsageError} If there are more than two of them, or a command is missing. */
export function checkEnds({ vnls, command }: Ends): void {
  if (command !== undefined && command.length === 0) {
    throw new UsageError('Cannot start a command: nothing stands behind "="');
  }
  const most = command === undefined ? 2 : 1;
  if (vnls.length <= most) return;
  throw new UsageError(
    `Cannot join ${vnls.length} VNLs${command ? " and a command" : ""}: ` +
      `a cable has two ends; received ${
        vnls.map((vnl) => `"${vnl}"`).join(" ")
      }`,
  );
}
