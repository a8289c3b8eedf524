/**
 * The way to a VDE switch's control socket.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { EAGAIN } from "../../ffi/errno.ts";
import { fileFacts } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import { SOCK_STREAM, UnixSocket } from "../../ffi/unix_socket.ts";
import { PlugError } from "../plug/errors.ts";
import { explainRefusal } from "./explain.ts";

/** The control socket for any port, and for those that are asked for by number. */
const CONTROL_NAME = "ctl";
/** Between two tries at a switch that takes no more callers for the moment. */
const RETRY_MS = 20;

/** Who is called. */
export interface SwitchAddress {
  /** The VNL, for errors. */
  readonly vnl: string;
  /** Folders of switches, absolute; the first that answers is taken. At least one. */
  readonly directories: readonly string[];
  /** Number of a port, or name of a group of ports; absent: any port. */
  readonly port?: string;
}

/** A connection to a control socket. */
export interface SwitchCall {
  /** The switch's folder. */
  readonly directory: string;
  /** Path of the control socket. */
  readonly path: string;
  /** The connection; the caller's. */
  readonly control: UnixSocket;
  /** Number of the port that is to be asked for; absent: any of this socket's. */
  readonly port?: number;
}

/**
 * Connects to the first switch that can be connected to.
 *
 * @param deadlineMs When to give up waiting for room, by `monotonicMs`.
 * @throws {PlugError} If none can.
 * @throws {RangeError} If a path is too long for a socket.
 */
export async function callSwitch(
  address: SwitchAddress,
  deadlineMs: number,
): Promise<SwitchCall> {
  const { vnl, directories } = address;
  let refusal: PlugError | undefined;
  for (const directory of directories) {
    try {
      return await callAt(address, directory, deadlineMs);
    } catch (error) {
      if (!(error instanceof PlugError)) throw error;
      // What is there and refuses says more than what is not there.
      if (refusal === undefined || refusal.code === "ENOENT") refusal = error;
    }
  }
  if (directories.length === 1 || refusal?.code !== "ENOENT") throw refusal;
  const places = directories.map((directory) => `"${directory}"`);
  throw new PlugError(
    `Cannot open "${vnl}": found no switch at ${places.join(" or ")}`,
    {
      code: refusal.code,
      hint: "is the switch running? vde://DIRECTORY names one elsewhere",
      cause: refusal,
    },
  );
}

async function callAt(
  { vnl, port }: SwitchAddress,
  directory: string,
  deadlineMs: number,
): Promise<SwitchCall> {
  const door = findDoor(directory, port);
  try {
    const control = await connect(door.path, deadlineMs);
    return { ...door, directory, control };
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    const group = door.port === undefined ? port : undefined;
    const call = { directory, path: door.path, group };
    const { found, hint } = explainRefusal(call, cause);
    const { code } = cause;
    throw new PlugError(`Cannot open "${vnl}": ${found}`, {
      code,
      hint,
      cause,
    });
  }
}

/** Where to ask for a port: at a socket of its name, or, if it is a number without one, at that for all. */
function findDoor(
  directory: string,
  port: string | undefined,
): Pick<SwitchCall, "path" | "port"> {
  const path = `${directory}/${CONTROL_NAME}`;
  if (port === undefined) return { path };
  const own = `${directory}/${port}`;
  return /^\d+$/.test(port) && !isSocket(own)
    ? { path, port: Number(port) }
    : { path: own };
}

function isSocket(path: string): boolean {
  try {
    return fileFacts(path)?.kind === "socket";
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return false;
  }
}

async function connect(path: string, deadlineMs: number): Promise<UnixSocket> {
  using opening = new DisposableStack();
  const socket = opening.use(UnixSocket.make(SOCK_STREAM));
  while (!tryConnect(socket, path, deadlineMs)) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  opening.move();
  return socket;
}

/** Whether it is connected; false while the other side has no room and time is left. */
function tryConnect(
  socket: UnixSocket,
  path: string,
  deadlineMs: number,
): boolean {
  try {
    socket.connect(path);
    return true;
  } catch (error) {
    const isFull = error instanceof SystemError && error.errno === EAGAIN;
    if (isFull && monotonicMs() < deadlineMs) return false;
    throw error;
  }
}
