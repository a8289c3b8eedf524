/**
 * Joining a VDE switch: the client offers a data socket of its own on the
 * switch's control socket, and receives that of the switch in exchange.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { EAGAIN } from "../../ffi/errno.ts";
import { fileFacts } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import { waitReadable } from "../../ffi/poll.ts";
import type { UnixSocket } from "../../ffi/unix_socket.ts";
import { userId } from "../../ffi/users.ts";
import { PlugError } from "../plug/errors.ts";
import { callSwitch, type SwitchAddress, type SwitchCall } from "./control.ts";
import {
  DataSocket,
  type DataSocketAccess,
  type SwitchFacts,
} from "./data_socket.ts";
import { explainSilence } from "./explain.ts";
import {
  agreesToSuperframes,
  packRequest,
  parseReply,
  REPLY_BYTES,
} from "./request.ts";

/** The whole handshake is over by then. */
const HANDSHAKE_MS = 5000;

/** What is wanted of which switch. */
export interface SwitchWish extends SwitchAddress {
  /** Who may send to the data socket. */
  readonly access: DataSocketAccess;
  /** What the switch is told about who joins. */
  readonly description: string;
  /** Whether it is offered superframes; absent: no. */
  readonly superframes?: boolean;
  /** Limit of the whole handshake; 5 s where absent. */
  readonly timeoutMs?: number;
}

/** A port of a switch. Both sockets are the caller's. */
export interface SwitchPort {
  /** The switch's folder. */
  readonly directory: string;
  /** Path of the switch's own data socket for this port. */
  readonly path: string;
  /** Connected: one frame a datagram. */
  readonly data: UnixSocket;
  /** Whether each datagram has a `struct virtio_net_hdr` before its frame, which may be a superframe. */
  readonly superframes: boolean;
  /** Silent; hung up once the switch is gone. */
  readonly control: UnixSocket;
}

/**
 * Joins a switch. Leaves no name behind, whether it succeeds or not.
 *
 * @throws {PlugError} If there is no switch, or it does not let us in.
 * @throws {RangeError} If a path is too long for a socket.
 */
export async function joinSwitch(wish: SwitchWish): Promise<SwitchPort> {
  const { timeoutMs = HANDSHAKE_MS } = wish;
  const deadlineMs = monotonicMs() + timeoutMs;
  using opening = new DisposableStack();
  const call = await callSwitch(wish, deadlineMs);
  const control = opening.use(call.control);
  const facts = factsOf(call);
  const data = opening.use(openData(wish, facts));
  control.send(packRequest({
    port: call.port,
    path: data.path,
    description: wish.description,
    superframes: wish.superframes,
  }));
  // That the switch is gone already, the answer tells.
  const answer = await receiveReply(control, deadlineMs);
  if (typeof answer === "string") {
    throw silenceError(wish, { facts, data, answer, timeoutMs });
  }
  const path = parseReply(answer);
  if (path === undefined) {
    throw new PlugError(
      `Cannot open "${wish.vnl}": the answer of switch "${call.directory}" ` +
        "names no data socket",
      { hint: `is "${call.path}" a VDE switch's?` },
    );
  }
  connectData(wish.vnl, data, path);
  opening.move();
  const { directory } = call;
  const superframes = agreesToSuperframes(answer);
  return { directory, path, data: data.release(), control, superframes };
}

function factsOf({ directory, path, control }: SwitchCall): SwitchFacts {
  const { uid, gid } = lookAt(path);
  return { directory, gid, uid: control.peerCredentials()?.uid ?? uid };
}

/** Owner of a control socket; root's if it is gone already, or out of sight. */
function lookAt(path: string): { uid: number; gid: number } {
  try {
    return fileFacts(path) ?? { uid: 0, gid: 0 };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return { uid: 0, gid: 0 };
  }
}

function openData({ vnl, access }: SwitchWish, facts: SwitchFacts): DataSocket {
  try {
    return DataSocket.open(facts, access);
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    const { code, message } = cause;
    const isGroups = code === "EPERM" && access.gid !== undefined;
    throw new PlugError(`Cannot open "${vnl}": ${lowerFirst(message)}`, {
      code,
      hint: isGroups ? `this user is not in group ${access.gid}` : undefined,
      cause,
    });
  }
}

/** The answer's bytes, or why there is none. */
type Answer = Uint8Array<ArrayBuffer> | "hung up" | "late";

/** Collects the answer, which may come in pieces. */
async function receiveReply(
  control: UnixSocket,
  deadlineMs: number,
): Promise<Answer> {
  const reply = new Uint8Array(REPLY_BYTES);
  for (let length = 0; length < REPLY_BYTES;) {
    const piece = new Uint8Array(REPLY_BYTES - length);
    const n = control.receive(piece);
    if (n > 0) {
      reply.set(piece.subarray(0, n), length);
      length += n;
    } else if (n === -EAGAIN) {
      const leftMs = Math.ceil(deadlineMs - monotonicMs());
      if (leftMs <= 0) return "late";
      await waitReadable([control.fd], leftMs);
    } else return "hung up";
  }
  return reply;
}

interface Silent {
  readonly facts: SwitchFacts;
  readonly data: DataSocket;
  readonly answer: "hung up" | "late";
  readonly timeoutMs: number;
}

function silenceError(
  { vnl, port }: SwitchWish,
  { facts, data, answer, timeoutMs }: Silent,
): PlugError {
  const found = answer === "late"
    ? `gave no answer within ${timeoutMs / 1000} s`
    : "hung up instead of an answer";
  return new PlugError(
    `Cannot open "${vnl}": switch "${facts.directory}" ${found}`,
    {
      code: answer === "late" ? "ETIMEDOUT" : "ECONNRESET",
      hint: explainSilence({
        port,
        switchUid: facts.uid,
        ownUid: userId(),
        ...data.access(),
      }),
    },
  );
}

function connectData(vnl: string, data: DataSocket, path: string): void {
  try {
    data.connect(path);
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    throw new PlugError(`Cannot open "${vnl}": ${lowerFirst(cause.message)}`, {
      code: cause.code,
      hint: "the switch gave this data socket as its own for this port",
      cause,
    });
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
