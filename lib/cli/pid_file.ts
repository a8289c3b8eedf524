/**
 * The file that tells others which process to end.
 *
 * It appears, whole, once all is open, and goes when the process ends. Whether
 * it can be written is found out first.
 *
 * @module
 */

import {
  checkWritable,
  nameFacts,
  readText,
  removeName,
  renameFile,
  writeNewText,
  writeText,
} from "../../ffi/files.ts";
import { EEXIST } from "../../ffi/errno.ts";
import { SystemError } from "../../ffi/libc.ts";
import { PlugError } from "../plug/errors.ts";
import { describeFileError } from "../plug/file_error.ts";

/** Names that are tried for the draft. */
const MAX_DRAFTS = 10;

/** A file that holds this process's id and a line end. Disposing removes it. */
export class PidFile implements Disposable {
  readonly #path: string;
  /** Written beside it, then renamed; undefined where only the file itself may be written. */
  readonly #draft: string | undefined;
  #isWritten = false;

  /**
   * Sees whether it can be written; leaves what is there as it is.
   *
   * @param path Where it shall be.
   * @throws {PlugError} If it cannot be written.
   */
  constructor(path: string) {
    this.#path = path;
    const kind = kindOf(path);
    if (kind === "other") {
      this.#attempt(() => checkWritable(path));
      return;
    }
    try {
      this.#draft = writeDraft(path);
    } catch (error) {
      // The folder is not ours, but a file in it may be.
      this.#attempt(() => {
        if (kind === "none") throw error;
        checkWritable(path);
      });
    }
  }

  /**
   * Writes it.
   *
   * @throws {PlugError} If that fails.
   */
  write(): void {
    this.#attempt(() => {
      if (this.#draft !== undefined) renameFile(this.#draft, this.#path);
      else writeText(this.#path, `${Deno.pid}\n`);
    });
    this.#isWritten = true;
  }

  #attempt(write: () => void): void {
    try {
      write();
    } catch (cause) {
      if (!(cause instanceof SystemError)) throw cause;
      throw new PlugError(
        `Cannot write process id file "${this.#path}": ${
          describeFileError(cause)
        }`,
        { code: cause.code, cause },
      );
    }
  }

  [Symbol.dispose](): void {
    if (!this.#isWritten) {
      if (this.#draft !== undefined) remove(this.#draft);
    } else if (isOurs(this.#path)) remove(this.#path);
    this.#isWritten = false;
  }
}

/**
 * Writes the file under a name beside its own. Where others may write, too,
 * they may have guessed that name and put a link there: then it is another one.
 *
 * @returns The name.
 */
function writeDraft(path: string): string {
  for (let tries = 1;; tries++) {
    const draft = `${path}.${tries === 1 ? Deno.pid : crypto.randomUUID()}`;
    try {
      writeNewText(draft, `${Deno.pid}\n`);
      return draft;
    } catch (error) {
      const isTaken = error instanceof SystemError && error.errno === EEXIST;
      if (!isTaken || tries === MAX_DRAFTS) throw error;
    }
  }
}

/** A link counts as what it leads to: writing goes there as well. */
function kindOf(path: string): "file" | "other" | "none" {
  try {
    const kind = nameFacts(path)?.kind ?? "none";
    return kind === "file" || kind === "none" ? kind : "other";
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return "none";
  }
}

/** Another process may have written its own id since. */
function isOurs(path: string): boolean {
  try {
    return nameFacts(path)?.kind === "file" &&
      readText(path) === `${Deno.pid}\n`;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return false;
  }
}

function remove(path: string): void {
  try {
    removeName(path);
  } catch (error) {
    // It is gone, or in a folder that is not ours: nothing is left to be done.
    if (!(error instanceof SystemError)) throw error;
  }
}
