/**
 * Paths for pairs, and ends at them, for tests.
 *
 * @module
 */

import { assert } from "@std/assert";
import { join } from "@std/path";
import { EAGAIN } from "../../../ffi/errno.ts";
import { UnixSocket } from "../../../ffi/unix_socket.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { parseVnl } from "../../../lib/plug/vnl.ts";
import { ptpPlugin } from "../../../plugins/ptp.ts";
import {
  burstOf,
  makeFrame,
  sameFrame,
  takeFrames,
  type TestOptions,
  testOptions,
  until,
} from "../../plugs.ts";

/** A folder of a test's own, with a path in it. Disposing removes it. */
export class Place implements Disposable {
  readonly folder: string = Deno.makeTempDirSync({ prefix: "ptp-" });
  readonly path: string = join(this.folder, "pair");

  /** A VNL of the path, with these keys. */
  vnl(...keys: string[]): string {
    return `ptp://${this.path}${keys.length ? `[${keys.join("/")}]` : ""}`;
  }

  /** Opens an end. */
  async open(keys: string[] = [], options?: TestOptions): Promise<Plug> {
    return await open(this.vnl(...keys), options);
  }

  /** What is in the folder now, sorted. */
  names(): string[] {
    return Array.from(Deno.readDirSync(this.folder), ({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Opens an end. */
export async function open(
  vnl: string,
  options: TestOptions = testOptions(),
): Promise<Plug> {
  return await ptpPlugin.open(parseVnl(vnl, ptpPlugin.syntax), options);
}

/** Settles as `opening` does, while the others do what their cables would. */
export async function beside<T>(
  others: readonly Plug[],
  opening: Promise<T>,
): Promise<T> {
  let settled = false;
  const done = () => void (settled = true);
  opening.then(done, done);
  await until(() => {
    others.forEach((plug) => takeFrames(plug));
    return settled;
  });
  return await opening;
}

let seed = 0x1000;

/** Asserts that two ends reach each other, sooner or later, both ways. */
export async function assertJoined(one: Plug, other: Plug): Promise<void> {
  for (const [from, to] of [[one, other], [other, one]]) {
    const frame = makeFrame(100, seed++);
    const burst = burstOf([frame]);
    const came = await until(() => {
      from.send(burst, 0);
      takeFrames(from);
      return takeFrames(to).some((each) => sameFrame(each, frame));
    });
    assert(came, "no frame passes between the two ends");
    // What was sent more than once.
    takeFrames(to);
  }
}

/** The next packet that a socket gets, while ends do what their cables would. */
export async function nextPacket(
  socket: UnixSocket,
  plugs: readonly Plug[] = [],
): Promise<Uint8Array> {
  const room = new Uint8Array(16384);
  let length = -EAGAIN;
  await until(() => {
    plugs.forEach((plug) => takeFrames(plug));
    length = socket.receive(room);
    return length !== -EAGAIN;
  });
  assert(length >= 0, `no packet: ${length}`);
  return room.slice(0, length);
}

/** A socket with a name, as a program of another make has one. */
export function bound(
  type: number,
  path: string,
  backlog?: number,
): UnixSocket {
  const socket = UnixSocket.make(type);
  socket.bind(path);
  if (backlog !== undefined) socket.listen(backlog);
  return socket;
}

/** Leaves a name behind as a killed process does. */
export function leaveName(type: number, path: string): void {
  bound(type, path)[Symbol.dispose]();
}

/** A socket that is connected to a name. */
export function connected(type: number, path: string): UnixSocket {
  using making = new DisposableStack();
  const socket = making.use(UnixSocket.make(type));
  socket.connect(path);
  making.move();
  return socket;
}
