/**
 * A connection whose other side is the test.
 *
 * @module
 */

import {
  Connection,
  type ConnectionParts,
} from "../../../lib/connection/connection.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { makeFrame } from "../../plugs.ts";
import { MemoryPlug, type MemoryPlugSettings } from "../cable/memory_plug.ts";

/** A connection and the plug below it. */
export interface MemoryLink extends AsyncDisposable {
  readonly plug: MemoryPlug;
  readonly connection: Connection;
}

/** Makes a connection of a plug in memory. */
export function memoryLink(
  settings: MemoryPlugSettings = {},
  parts: ConnectionParts = {},
): MemoryLink {
  const plug = new MemoryPlug(settings);
  const connection = new Connection(plug, { vnl: "memory://", ...parts });
  return {
    plug,
    connection,
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** Frames that differ. */
export function makeFrames(count: number, length = 60): Uint8Array[] {
  return Array.from({ length: count }, (_, seed) => makeFrame(length, seed));
}

/** The first frames that come out of a loop over them. */
export async function take(
  connection: AsyncIterable<Uint8Array>,
  count: number,
): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of connection) {
    frames.push(frame);
    if (frames.length === count) break;
  }
  return frames;
}

/** A plug with other members in place of its own. */
export function altered(plug: Plug, members: Partial<Plug>): Plug {
  return {
    maxFrameBytes: plug.maxFrameBytes,
    accepts: plug.accepts,
    fd: plug.fd,
    writeFd: plug.writeFd,
    controlFd: plug.controlFd,
    receive: (burst) => plug.receive(burst),
    send: (burst, from) => plug.send(burst, from),
    [Symbol.dispose]: () => plug[Symbol.dispose](),
    ...members,
  };
}

/** Whether a promise is still open after the event loop has had several turns. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return !settled;
}
