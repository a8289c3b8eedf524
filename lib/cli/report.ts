/**
 * Errors as sentences for a person, and as an exit status.
 *
 * @module
 */

import { PermissionError } from "../../ffi/permission.ts";
import { findDenial } from "../plug/denial.ts";
import { PlugError } from "../plug/errors.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Says what is wrong, and what can be done about it.
 *
 * @param error Whatever was thrown.
 * @param io Where the words go.
 * @param help The command that tells how it is used.
 * @returns 2 for the caller's faults, 1 for the world's.
 * @throws What is neither: a fault of this program.
 */
export function reportError(
  error: unknown,
  io: Pick<CommandIo, "err">,
  help: string,
): number {
  if (error instanceof PlugError || error instanceof PermissionError) {
    return fail(error.message, error.hint, io);
  }
  const denial = findDenial(error);
  if (denial !== undefined) {
    return fail(`Cannot go on: ${denial.found}`, denial.hint, io);
  }
  const isMisuse = error instanceof UsageError || error instanceof TypeError ||
    error instanceof RangeError || error instanceof SyntaxError;
  if (!isMisuse) throw error;
  io.err(error.message);
  if (error instanceof UsageError) {
    io.err(`hint: "${help}" shows how it is used`);
  }
  return ExitStatus.usage;
}

function fail(
  message: string,
  hint: string,
  io: Pick<CommandIo, "err">,
): number {
  io.err(message);
  if (hint !== "") io.err(`hint: ${hint}`);
  return ExitStatus.failure;
}
