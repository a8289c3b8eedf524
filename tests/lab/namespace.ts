/**
 * Network namespaces that end with whoever made them.
 *
 * A namespace lives as long as a process in it. Here that is a shell, the
 * **holder**, which reads from a pipe whose other end this process has. When
 * this process ends, be it by SIGKILL, the pipe ends, and the holder kills
 * what still runs in the namespace and ends too; the kernel then removes the
 * interfaces. Nothing is ever given a name outside (`ip netns` does that), so
 * nothing has to be removed.
 *
 * Root makes namespaces directly. Anyone else makes a user namespace first,
 * in which he is root, and the others inside that one, since an interface
 * moves only between namespaces of one owner.
 *
 * @module
 */

import { LabError } from "./errors.ts";
import {
  type LabProcess,
  PATIENCE_MS,
  spawn,
  type SpawnOptions,
} from "./process.ts";

const HOLDER_SCRIPT = new URL("holder.sh", import.meta.url);

/** One network namespace. Disposing ends every process in it. */
export class Namespace implements AsyncDisposable {
  private constructor(
    readonly holder: LabProcess,
    /** Whether it belongs to a user namespace. */
    readonly unprivileged: boolean,
  ) {}

  /**
   * Makes one.
   *
   * @param how In a fresh user namespace (`unshare -Ur`), in that of another
   * namespace, or in neither.
   * @throws {LabError} If it may not.
   */
  static async create(how: "user" | "root" | Namespace): Promise<Namespace> {
    const script = await Deno.readTextFile(HOLDER_SCRIPT);
    const hold = ["sh", "-c", script, "holder"];
    const holder = how instanceof Namespace
      ? how.spawn(["unshare", "-n", ...hold], { input: true })
      : spawn(["unshare", how === "user" ? "-Urn" : "-n", ...hold], {
        input: true,
      });
    try {
      await holder.waitFor(/^ready$/m);
    } catch (error) {
      await holder[Symbol.asyncDispose]();
      const found = holder.stderr.trim() || (error as Error).message;
      throw new LabError(`Cannot make a network namespace: ${found}`, {
        cause: error,
      });
    }
    return new Namespace(
      holder,
      how === "user" || (how !== "root" && how.unprivileged),
    );
  }

  /** Starts a command in it. A program that does not exist ends with status 127. */
  spawn(command: readonly string[], options?: SpawnOptions): LabProcess {
    const target = ["-t", String(this.holder.pid), "-n"];
    if (this.unprivileged) target.push("-U", "--preserve-credentials");
    return spawn(["nsenter", ...target, "--", ...command], options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.holder.status) return;
    // Closing fails if it has just been killed, and then there is nothing left to do.
    await this.holder.closeInput().catch(() => {});
    const timer = setTimeout(() => this.holder.signal("SIGKILL"), PATIENCE_MS);
    await this.holder.exited;
    clearTimeout(timer);
  }
}
