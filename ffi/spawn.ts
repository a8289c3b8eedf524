/**
 * Other programs, on descriptors of our choice (spawn.h, sys/wait.h).
 * `Deno.Command` keeps its pipes to itself; a cable needs the descriptors.
 *
 * @module
 */

import { ECHILD } from "./errno.ts";
import { cString, libc, SystemError } from "./libc.ts";
import { addressOf } from "./memory.ts";

const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const SIGPIPE = 13;
const MAX_WAITS = 100;
/** At least `sizeof` these opaque types of glibc on x86-64 (80, 336, 128) and arm64. */
const OPAQUE_BYTES = 512;

const bound = libc({
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_adddup2: {
    parameters: ["buffer", "i32", "i32"],
    result: "i32",
  },
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_setflags: { parameters: ["buffer", "i16"], result: "i32" },
  posix_spawnattr_setsigdefault: {
    parameters: ["buffer", "buffer"],
    result: "i32",
  },
  posix_spawnattr_setsigmask: {
    parameters: ["buffer", "buffer"],
    result: "i32",
  },
  posix_spawnattr_destroy: { parameters: ["buffer"], result: "i32" },
  posix_spawnp: {
    // pid_t *, const char *file, file_actions *, attr *, char *const argv[], char *const envp[]
    parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "pointer"],
    result: "i32",
  },
  sigemptyset: { parameters: ["buffer"], result: "i32" },
  sigaddset: { parameters: ["buffer", "i32"], result: "i32" },
  environ: { type: "pointer" }, // char **
  // void *dlsym(void *handle, const char *name): in libc.so.6 since glibc 2.34
  dlsym: {
    parameters: ["pointer", "buffer"],
    result: "pointer",
    optional: true,
  },
  kill: { parameters: ["i32", "i32"], result: "i32" },
});

const waiting = libc({
  // pid_t, int *status, int options
  waitpid: {
    parameters: ["i32", "buffer", "i32"],
    result: "i32",
    nonblocking: true,
  },
});

/** How a program ended. */
export interface ExitStatus {
  /** What it gave to exit(3); 128 plus the signal's number if one ended it, as shells say it. */
  readonly code: number;
  /** Number of the signal that ended it; 0 for none. */
  readonly signal: number;
}

/**
 * Starts a program, found along PATH, with this process's environment.
 *
 * @param argv Name and arguments: at least one.
 * @param descriptors `[ours, theirs]`: each of our descriptors appears in the
 * program under another number; those without O_CLOEXEC are inherited too.
 * @returns Its process id; wait for it with {@linkcode waitForExit}.
 * @throws {SystemError} ENOENT if there is no such program, EACCES if it may
 * not be run.
 */
export function spawnProgram(
  argv: readonly string[],
  descriptors: readonly (readonly [ours: number, theirs: number])[],
): number {
  const strings = argv.map(cString);
  const pointers = new BigUint64Array([
    ...strings.map((s) => BigInt(addressOf(s))),
    0n,
  ]);
  const pid = new Int32Array(1);
  const actions = new Uint8Array(OPAQUE_BYTES);
  const attributes = new Uint8Array(OPAQUE_BYTES);
  const c = bound();
  c.posix_spawn_file_actions_init(actions);
  for (const [ours, theirs] of descriptors) {
    c.posix_spawn_file_actions_adddup2(actions, ours, theirs);
  }
  c.posix_spawnattr_init(attributes);
  resetSignals(attributes);
  const error = c.posix_spawnp(
    pid,
    strings[0],
    actions,
    attributes,
    pointers,
    environment(),
  );
  c.posix_spawnattr_destroy(attributes);
  c.posix_spawn_file_actions_destroy(actions);
  if (error !== 0) throw new SystemError(`start "${argv[0]}"`, error);
  return pid[0];
}

/**
 * This process's environment as it is now. The table moves when a variable is
 * added, and `environ` as bound tells where it was when the library was opened.
 */
function environment(): Deno.PointerValue {
  const c = bound();
  const variable = c.dlsym?.(null, cString("environ")) ?? null;
  return variable === null
    ? c.environ
    : new Deno.UnsafePointerView(variable).getPointer();
}

/** The runtime ignores SIGPIPE, and an ignored signal stays ignored in the program: undo that. */
function resetSignals(attributes: Uint8Array<ArrayBuffer>): void {
  const c = bound();
  const set = new Uint8Array(OPAQUE_BYTES);
  c.sigemptyset(set);
  c.posix_spawnattr_setsigmask(attributes, set);
  c.sigaddset(set, SIGPIPE);
  c.posix_spawnattr_setsigdefault(attributes, set);
  c.posix_spawnattr_setflags(
    attributes,
    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK,
  );
}

/** Waits, on another thread, until a program that this one started has ended. */
export async function waitForExit(pid: number): Promise<ExitStatus> {
  const status = new Int32Array(1);
  // A signal can end the wait early: errno is another thread's, so just ask again.
  for (
    let attempts = 0;
    await waiting().waitpid(pid, status, 0) !== pid;
    attempts++
  ) {
    if (attempts === MAX_WAITS) {
      throw new SystemError(`wait for process ${pid}`, ECHILD);
    }
  }
  const signal = status[0] & 0x7f;
  return signal === 0
    ? { code: (status[0] >> 8) & 0xff, signal }
    : { code: 128 + signal, signal };
}

/** Sends a signal; that the process is gone already is no error. */
export function killProcess(pid: number, signal: number): void {
  bound().kill(pid, signal);
}
