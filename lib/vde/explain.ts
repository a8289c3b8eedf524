/**
 * Why a VDE switch cannot be joined, in words.
 *
 * @module
 */

import { dirname } from "node:path";
import { type FileFacts, fileFacts } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";

/** What was found, and what can be done about it. */
export interface Explanation {
  /** Follows `Cannot open "…": `. */
  readonly found: string;
  /** "" for none. */
  readonly hint: string;
}

/** A control socket that could not be connected to. */
export interface RefusedCall {
  /** The switch's folder. */
  readonly directory: string;
  /** The control socket in it. */
  readonly path: string;
  /** The port group that was asked for, if one was. */
  readonly group?: string;
}

const NOT_RUNNING = "is the switch running? vde_switch -s DIRECTORY starts one";

/** Explains why a control socket could not be connected to, from what is there now. */
export function explainRefusal(
  call: RefusedCall,
  error: SystemError,
): Explanation {
  switch (error.code) {
    case "ENOENT":
      return explainAbsence(call);
    case "ENOTDIR":
      return explainNoDirectory(call);
    case "ECONNREFUSED":
      return explainNobody(call);
    case "EPROTOTYPE":
      return {
        found: `"${call.path}" is no control socket of a switch`,
        hint: "data sockets stand beside it",
      };
    case "EACCES":
    case "EPERM":
      return explainDenial(call, error);
    case "EAGAIN":
      return {
        found: `switch "${call.directory}" takes no more callers`,
        hint: "is it stopped, or busy with too many at once?",
      };
    default:
      return { found: lowerFirst(error.message), hint: "" };
  }
}

function explainAbsence({ directory, group }: RefusedCall): Explanation {
  if (look(directory) === undefined) {
    return { found: `found no switch at "${directory}"`, hint: NOT_RUNNING };
  }
  if (group !== undefined) {
    return {
      found: `switch "${directory}" has no port group "${group}"`,
      hint: "a port group is a socket in that directory; a port, a number",
    };
  }
  return {
    found: `found no socket "ctl" in "${directory}"`,
    hint: `no switch serves this directory: ${NOT_RUNNING}`,
  };
}

function explainNoDirectory({ directory }: RefusedCall): Explanation {
  const found = look(directory);
  return {
    found: `a switch is a directory: "${directory}" is ${kindOf(found)}`,
    hint: found?.kind === "socket"
      ? `perhaps "${dirname(directory)}" is meant`
      : NOT_RUNNING,
  };
}

function explainNobody({ path }: RefusedCall): Explanation {
  const found = look(path);
  return found?.kind === "socket"
    ? {
      found: `no switch listens at "${path}"`,
      hint: "the one that made it is gone: start it again",
    }
    : {
      found: `a switch listens at a socket: "${path}" is ${kindOf(found)}`,
      hint: NOT_RUNNING,
    };
}

function explainDenial(
  { path }: RefusedCall,
  error: SystemError,
): Explanation {
  const found = look(path);
  const facts = found === undefined
    ? ""
    : `: "${path}" has mode ${
      octal(found.mode)
    }, user ${found.uid} and group ${found.gid}`;
  return {
    found: lowerFirst(error.message),
    hint: `the switch's own mode and group say who may join${facts}`,
  };
}

/** A handshake that ended without an answer. */
export interface Silence {
  /** What was asked for: a number, or a group of ports; undefined for any. */
  readonly port: string | undefined;
  /** User that the switch runs as. */
  readonly switchUid: number;
  /** User that this process runs as. */
  readonly ownUid: number;
  /** Permission bits of the data socket. */
  readonly mode: number;
  /** Group of the data socket. */
  readonly gid: number;
}

const OWNER_WRITES = 0o200;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const ROOT = 0;

/**
 * Explains why a switch may not have answered: a port that it does not have,
 * or a data socket that it may not send to.
 */
export function explainSilence(silence: Silence): string {
  const { port, switchUid, mode, gid } = silence;
  if (!letsIn(silence)) {
    const who = (mode & GROUP_WRITES) === 0
      ? `mode ${octal(mode)} keeps it`
      : `mode ${
        octal(mode)
      } and group ${gid} keep it, unless it is in that group,`;
    return `the switch runs as user ${switchUid}, and ${who} from our socket: ` +
      "group=GROUP and mode=0770 let a group in, mode=0777 everybody";
  }
  if (port === undefined) return "is it a VDE switch, with a free port?";
  return /^\d+$/.test(port)
    ? `perhaps it has no port ${port}, or keeps it for others`
    : `perhaps the port group "${port}" is full, or kept for others`;
}

function letsIn({ switchUid, ownUid, mode }: Silence): boolean {
  if (switchUid === ROOT) return true;
  const bits = switchUid === ownUid ? OWNER_WRITES : OTHERS_WRITE;
  return (mode & bits) !== 0;
}

function look(path: string): FileFacts | undefined {
  try {
    return fileFacts(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return undefined;
  }
}

function kindOf(facts: FileFacts | undefined): string {
  switch (facts?.kind) {
    case undefined:
      return "none";
    case "socket":
      return "a socket";
    case "file":
      return "a file";
    case "folder":
      return "a directory";
    default:
      return "a device or pipe";
  }
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
