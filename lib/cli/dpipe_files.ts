/**
 * The files in which `dpipe` tells its process id and its process group.
 *
 * @module
 */

import { closeFd, O_RDWR, openFile } from "../../ffi/fd.ts";
import { spawnProgram } from "../../ffi/spawn.ts";
import { PlugError } from "../plug/errors.ts";
import { describeFileError } from "../plug/file_error.ts";

/** Where to write what; undefined: nowhere. */
export interface ProcessFileNames {
  readonly pidFile: string | undefined;
  readonly groupFile: string | undefined;
}

/**
 * Removes files, "$@", once the process of number "$0" is gone: this shell is
 * its child, and gets another parent then.
 */
const REMOVER = "while read -r _ _ _ parent _ </proc/$$/stat && " +
  '[ "$parent" = "$0" ]; do sleep 1; done; rm -f -- "$@"';

/** Lowest descriptor that the remover has no use for. */
const FIRST_OTHER_FD = 3;

/** The files; disposing removes them. */
export class ProcessFiles implements Disposable {
  /** What was written, by paths. */
  readonly #written = new Map<string, string>();

  /**
   * Writes them.
   *
   * @throws {PlugError} If one cannot be written; none is left then.
   */
  constructor({ pidFile, groupFile }: ProcessFileNames) {
    try {
      this.#write(pidFile, Deno.pid);
      this.#write(groupFile, -Deno.pid);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #write(path: string | undefined, id: number): void {
    if (path === undefined) return;
    const text = `${id}\n`;
    try {
      Deno.writeTextFileSync(path, text);
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      throw new PlugError(
        `Cannot write process id file "${path}": ${describeFileError(cause)}`,
        { cause },
      );
    }
    this.#written.set(path, text);
  }

  /** Leaves them where they are. */
  keep(): void {
    this.#written.clear();
  }

  /**
   * Has them removed once this process is gone, whatever program it is by
   * then. The remover is in a process group of its own: signals to the
   * commands do not reach it.
   *
   * @throws {SystemError} If the remover cannot be started.
   */
  removeLater(): void {
    const paths = this.#own();
    if (paths.length === 0) return;
    const nothing = openFile("/dev/null", O_RDWR);
    try {
      spawnProgram(
        ["/bin/sh", "-c", REMOVER, String(Deno.pid), ...paths],
        [[nothing, 0], [nothing, 1], [nothing, 2]],
        { group: 0, closeFrom: FIRST_OTHER_FD },
      );
    } finally {
      closeFd(nothing);
    }
  }

  /** Those that are still as they were written: others may have put theirs there. */
  #own(): string[] {
    const found: string[] = [];
    for (const [path, text] of this.#written) {
      try {
        const isFile = Deno.lstatSync(path).isFile;
        if (isFile && Deno.readTextFileSync(path) === text) found.push(path);
      } catch (error) {
        // Somebody else has removed it.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return found;
  }

  [Symbol.dispose](): void {
    for (const path of this.#own()) Deno.removeSync(path);
    this.#written.clear();
  }
}
