/**
 * `vde_plug` as the login shell of users who may join the network from
 * elsewhere, over ssh, and do nothing else.
 *
 * @module
 */

import { isMember } from "../../ffi/users.ts";
import { SessionLog, thisUser } from "./session_log.ts";

/** The only command of such users. */
const ALLOWED_COMMAND = "vde_plug";

/** The IP addresses that its members use are logged. */
const IP_LOG_GROUP = "vdeplug_iplog";

/** What is logged of a login. */
export interface Admission {
  readonly log: true;
  readonly ipLog: boolean;
}

/**
 * Decides on a login. A refusal goes to the system's log.
 *
 * @param command What the user wants to run; undefined: a shell.
 * @param program This program's name, for the log.
 * @returns Undefined if it is refused.
 */
export function admitLogin(
  command: string | undefined,
  program: string,
): Admission | undefined {
  if (command === ALLOWED_COMMAND) {
    return { log: true, ipLog: isMember(thisUser(), IP_LOG_GROUP) };
  }
  new SessionLog(program).refuse();
}
