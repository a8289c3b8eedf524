/**
 * Loading shared libraries whose functions are found at run time (dlfcn.h).
 *
 * `Deno.dlopen` binds functions by name. What it cannot do is done here: load a
 * library whose symbols others may use, and look up data.
 *
 * @module
 */

import { cString, libc } from "./libc.ts";

/** Bits of bits/dlfcn.h. */
const RTLD_NOW = 2;
const RTLD_GLOBAL = 0x100;

/** `Dl_info`: four pointers, the first of which is `const char *dli_fname`. */
const DL_INFO_BYTES = 32;

const bound = libc({
  dlopen: { parameters: ["buffer", "i32"], result: "pointer" }, // const char *, int
  dlsym: { parameters: ["pointer", "buffer"], result: "pointer" }, // void *, const char *
  dlerror: { parameters: [], result: "pointer" }, // char *, of this thread, static
  dladdr: { parameters: ["pointer", "buffer"], result: "i32" }, // const void *, Dl_info *
});

/** A library that cannot be loaded. */
export class LinkerError extends Error {
  override readonly name: string = "LinkerError";

  /**
   * @param file As it was asked for.
   * @param found What the linker says.
   */
  constructor(readonly file: string, readonly found: string) {
    super(`Cannot load "${file}" as a shared library: ${found}`);
  }

  /** Whether there is no such library, in contrast to one that is there and does not load. */
  get isMissing(): boolean {
    // Of a library that another one needs, the linker tells the other name.
    return this.found.startsWith(`${this.file}: cannot open`) &&
      this.found.endsWith("No such file or directory");
  }
}

/** How a library is loaded. */
export interface LoadOptions {
  /** Libraries loaded later may use its symbols. */
  readonly isGlobal?: boolean;
}

/**
 * A loaded library. It stays loaded for the life of the process: threads that
 * it started may still run its code.
 */
export class SharedLibrary {
  private constructor(
    /** As it was asked for. */
    readonly file: string,
    /** What dlopen(3) gave. */
    readonly handle: Deno.PointerObject,
  ) {}

  /**
   * Loads a library, and all that it needs.
   *
   * @param file Path; a name without a `/` is looked for by the linker.
   * @throws {LinkerError} If there is none, or it does not load, or a symbol
   * that it needs is nowhere: a call to such a one would end the process.
   */
  static load(file: string, options: LoadOptions = {}): SharedLibrary {
    const flags = RTLD_NOW | (options.isGlobal ? RTLD_GLOBAL : 0);
    const handle = bound().dlopen(cString(file), flags);
    if (handle !== null) return new SharedLibrary(file, handle);
    throw new LinkerError(file, lastError());
  }

  /** Address of a symbol of this library or of one it needs; null where there is none. */
  symbol(name: string): Deno.PointerObject | null {
    return bound().dlsym(this.handle, cString(name));
  }

  /**
   * The file that a function or variable is in.
   *
   * @param name One of its symbols.
   * @returns Path, as the linker found it; undefined where it has no such symbol.
   */
  fileOf(name: string): string | undefined {
    const address = this.symbol(name);
    const info = new BigUint64Array(DL_INFO_BYTES / 8);
    if (address === null || bound().dladdr(address, info) === 0) return;
    const path = Deno.UnsafePointer.create(info[0]);
    return path === null ? undefined : Deno.UnsafePointerView.getCString(path);
  }
}

function lastError(): string {
  const text = bound().dlerror();
  return text === null
    ? "the linker gives no reason"
    : Deno.UnsafePointerView.getCString(text);
}
