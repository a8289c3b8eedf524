/**
 * Who is at a path, found out by trying.
 *
 * @module
 */

import {
  EAGAIN,
  ECONNREFUSED,
  ENOENT,
  EPERM,
  EPROTOTYPE,
} from "../../ffi/errno.ts";
import { nameFacts } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import {
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  UnixSocket,
} from "../../ffi/unix_socket.ts";
import { PlugError } from "../plug/errors.ts";

/** What stands at a path. */
export type Found =
  /** Nothing. */
  | { readonly is: "nobody" }
  /** A socket that no process has open any more, or one that does not listen yet. */
  | { readonly is: "leftover"; readonly identity: string }
  /** A listening end of the protocol of 2025; the socket is connected to it. */
  | { readonly is: "listener"; readonly socket: UnixSocket }
  /** The same, with too many others waiting. */
  | { readonly is: "crowd" }
  /** An end of the protocol of 4.0.1, with or without a peer. */
  | { readonly is: "datagrams" };

/** Tries in which what is there was a socket of neither type: it may have been replaced in between. */
const MAX_TRIES = 3;

/**
 * Finds out who is at a path. Never waits.
 *
 * @throws {SystemError} If the kernel refuses, for want of permission above all.
 * @throws {PlugError} If what is there is no end of a pair.
 */
export function approach(path: string): Found {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const found = tryListener(path) ?? tryDatagrams(path);
    if (found !== undefined) return found;
  }
  throw somethingElse(path, "a socket of another type");
}

/** Undefined if what is there is a socket of another type. */
function tryListener(path: string): Found | undefined {
  using trying = new DisposableStack();
  const socket = trying.use(UnixSocket.make(SOCK_SEQPACKET));
  const refusal = tryConnect(socket, path);
  if (refusal === undefined) {
    trying.move();
    return { is: "listener", socket };
  }
  return refusal.errno === EAGAIN ? { is: "crowd" } : absence(path, refusal);
}

/** The same. */
function tryDatagrams(path: string): Found | undefined {
  using socket = UnixSocket.make(SOCK_DGRAM);
  const refusal = tryConnect(socket, path);
  // EPERM: it talks to another socket already, dead or alive.
  const isThere = refusal === undefined || refusal.errno === EPERM;
  return isThere ? { is: "datagrams" } : absence(path, refusal);
}

/** Undefined where `connect` succeeds. */
function tryConnect(socket: UnixSocket, path: string): SystemError | undefined {
  try {
    socket.connect(path);
    return undefined;
  } catch (error) {
    if (error instanceof SystemError) return error;
    throw error;
  }
}

/** Why nobody answers; undefined if that is the type. */
function absence(path: string, refusal: SystemError): Found | undefined {
  switch (refusal.errno) {
    case EPROTOTYPE:
      return undefined;
    case ENOENT:
    case ECONNREFUSED:
      return leftover(path);
    default:
      throw refusal;
  }
}

/** connect(2) refuses files of any kind with the same word, and does not tell a link to nothing from nothing. */
function leftover(path: string): Found {
  const found = nameFacts(path);
  if (found === undefined) return { is: "nobody" };
  if (found.kind !== "socket") throw somethingElse(path, "no socket");
  return { is: "leftover", identity: found.identity };
}

function somethingElse(path: string, what: string): PlugError {
  return new PlugError(
    `Cannot join the pair at "${path}" as it must be free, or the other ` +
      `end's socket: found ${what}`,
    { code: "EADDRINUSE" },
  );
}
