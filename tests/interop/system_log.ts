/**
 * A system log for programs under test: a socket in the place of `/dev/log`,
 * in a mount namespace that only those programs see.
 *
 * @module
 */

import { SOCK_DGRAM, UnixSocket } from "../../ffi/unix_socket.ts";
import { type Availability, spawn } from "../lab/mod.ts";

const MAX_LINE_BYTES = 8192;

/** Devices that programs need; "$1" is a folder for the new `/dev`, "$2" the socket. */
const WRAPPER = `dev=$1 log=$2; shift 2
mount -t tmpfs tmpfs "$dev" || exit 99
for name in null zero full random urandom tty net; do
  if [ -d /dev/$name ]; then mkdir "$dev/$name"
  elif [ -e /dev/$name ]; then : >"$dev/$name"
  else continue; fi
  mount --rbind /dev/$name "$dev/$name" || exit 99
done
ln -s /proc/self/fd "$dev/fd"
ln -s "$log" "$dev/log"
mount --rbind "$dev" /dev || exit 99
[ ! -e "$log.group" ] || mount --bind "$log.group" /etc/group || exit 99
exec "$@"`;

/** What each line begins with: facility user, information, and the time. */
const START = /^<14>\w{3} [ \d]\d \d\d:\d\d:\d\d /;

/** Disposing closes it. */
export class SystemLog implements AsyncDisposable {
  readonly #folder: string;
  readonly #socket: UnixSocket;
  readonly #lines: string[] = [];

  private constructor(folder: string, socket: UnixSocket) {
    this.#folder = folder;
    this.#socket = socket;
  }

  static async open(): Promise<SystemLog> {
    const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
    await Deno.mkdir(`${folder}/dev`);
    const socket = UnixSocket.make(SOCK_DGRAM);
    socket.bind(`${folder}/log`);
    return new SystemLog(folder, socket);
  }

  /** Words in front of a command line whose program is to write here. */
  get wrapper(): string[] {
    const namespace = ["unshare", "-m", "--propagation", "private"];
    const { uid } = Deno;
    return [
      ...namespace,
      ...(uid() === 0 ? [] : ["-Ur"]),
      ...["sh", "-c", WRAPPER, "sh", `${this.#folder}/dev`],
      `${this.#folder}/log`,
    ];
  }

  /** Gives the programs a group database with one more group. */
  async addGroup(name: string, member: string): Promise<void> {
    const text = await Deno.readTextFile("/etc/group");
    const line = `${name}:x:64999:${member}\n`;
    await Deno.writeTextFile(`${this.#folder}/log.group`, text + line);
  }

  /**
   * What was written, without the time: `PROGRAM: TEXT`. A line that does not
   * begin as lines of the system's log do is given whole.
   */
  get lines(): readonly string[] {
    const bytes = new Uint8Array(MAX_LINE_BYTES);
    for (;;) {
      const n = this.#socket.receive(bytes);
      if (n <= 0) return this.#lines;
      const text = new TextDecoder().decode(bytes.subarray(0, n));
      this.#lines.push(text.replace(START, ""));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket[Symbol.dispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Whether programs can be given a log of their own here. */
export async function canLog(): Promise<Availability> {
  await using log = await SystemLog.open();
  await using process = spawn([...log.wrapper, "true"]);
  const { code } = await process.exited;
  return code === 0
    ? { ok: true }
    : { ok: false, reason: `no mount namespace: ${process.stderr.trim()}` };
}
