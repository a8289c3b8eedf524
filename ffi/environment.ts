/**
 * What a program is started with: tables of strings, and the environment
 * (environ(7)).
 *
 * @module
 */

import { cString, libc } from "./libc.ts";
import { addressOf } from "./memory.ts";

const POINTER_BYTES = 8;

const bound = libc({
  environ: { type: "pointer" }, // char **
  // void *dlsym(void *handle, const char *name): in libc.so.6 since glibc 2.34
  dlsym: {
    parameters: ["pointer", "buffer"],
    result: "pointer",
    optional: true,
  },
  getenv: { parameters: ["buffer"], result: "pointer" }, // const char *name; char *, of the table
  unsetenv: { parameters: ["buffer"], result: "i32" },
});

/** The value of a variable of this process; undefined where it is not set. */
export function variable(name: string): string | undefined {
  const value = bound().getenv(cString(name));
  return value === null ? undefined : Deno.UnsafePointerView.getCString(value);
}

/** Takes a variable away from this process, and the programs that it starts. */
export function removeVariable(name: string): void {
  bound().unsetenv(cString(name));
}

/** Strings in a table as C takes them: `char *const []`, NULL behind the last one. */
export class StringTable {
  readonly pointers: BigUint64Array<ArrayBuffer>;

  /**
   * @param strings Kept alive by this table.
   * @param addresses Of strings that somebody else keeps; they come first.
   */
  constructor(
    readonly strings: readonly Uint8Array<ArrayBuffer>[],
    addresses: readonly bigint[] = [],
  ) {
    this.pointers = new BigUint64Array([
      ...addresses,
      ...strings.map((text) => BigInt(addressOf(text))),
      0n,
    ]);
  }
}

/** This process's environment with some variables added, or others in their place. */
export function environmentWith(
  variables: Readonly<Record<string, string>>,
): StringTable {
  const entries = Object.entries(variables);
  const names = entries.map(([name]) => `${name}=`);
  const kept: bigint[] = [];
  const table = environment();
  const view = table && new Deno.UnsafePointerView(table);
  for (let at = 0; view; at += POINTER_BYTES) {
    const pointer = view.getPointer(at);
    if (pointer === null) break;
    if (names.length > 0) {
      const entry = Deno.UnsafePointerView.getCString(pointer);
      if (names.some((name) => entry.startsWith(name))) continue;
    }
    kept.push(BigInt(Deno.UnsafePointer.value(pointer)));
  }
  const added = entries.map(([name, value]) => cString(`${name}=${value}`));
  return new StringTable(added, kept);
}

/**
 * This process's environment as it is now. The table moves when a variable is
 * added, and `environ` as bound tells where it was when the library was opened.
 */
function environment(): Deno.PointerValue {
  const c = bound();
  const table = c.dlsym?.(null, cString("environ")) ?? null;
  return table === null
    ? c.environ
    : new Deno.UnsafePointerView(table).getPointer();
}
