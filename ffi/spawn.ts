/**
 * Other programs, on descriptors of our choice (spawn.h, sys/wait.h).
 * `Deno.Command` keeps its pipes to itself; a cable needs the descriptors.
 *
 * @module
 */

import { environmentWith, StringTable, variable } from "./environment.ts";
import { EACCES, ECHILD, ENOENT, ENOEXEC } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { fileFacts } from "./files.ts";
import { check, cString, errno, libc, SystemError } from "./libc.ts";
import { SIGUSR1 } from "./signals.ts";

const POSIX_SPAWN_SETPGROUP = 0x02;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
const SIGPIPE = 13;
/** Signals that this process may ignore: the runtime does so with SIGPIPE. */
const OURS = [SIGPIPE, SIGUSR1];
const X_OK = 1;
const SIG_SETMASK = 2;
const WNOHANG = 1;
const F_DUPFD_CLOEXEC = 1030;
const F_GETFD = 1;
const FD_CLOEXEC = 1;
/** The same number on x86-64 and arm64. */
const SYS_PIDFD_OPEN = 434n;
const MAX_WAITS = 100;
/** At least `sizeof` these opaque types of glibc on x86-64 (80, 336, 128) and arm64. */
const OPAQUE_BYTES = 512;

const bound = libc({
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_adddup2: {
    parameters: ["buffer", "i32", "i32"],
    result: "i32",
  },
  // file_actions *, int from: since glibc 2.34
  posix_spawn_file_actions_addclosefrom_np: {
    parameters: ["buffer", "i32"],
    result: "i32",
    optional: true,
  },
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_setflags: { parameters: ["buffer", "i16"], result: "i32" },
  posix_spawnattr_setpgroup: { parameters: ["buffer", "i32"], result: "i32" },
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
    parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  // const char *file, char *const argv[], char *const envp[]
  execvpe: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  // int how, const sigset_t *set, sigset_t *oldset
  pthread_sigmask: { parameters: ["i32", "buffer", "pointer"], result: "i32" },
  signal: { parameters: ["i32", "pointer"], result: "pointer" }, // int, handler
  sigemptyset: { parameters: ["buffer"], result: "i32" },
  sigaddset: { parameters: ["buffer", "i32"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" }, // fd, int command, int argument
  access: { parameters: ["buffer", "i32"], result: "i32" }, // const char *path, int mode
  syscall: { parameters: ["i64", "i32", "u32"], result: "i32" }, // long number, pid_t, flags
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

/** Each of our descriptors appears in a program under another number. */
export type Descriptors = readonly (readonly [ours: number, theirs: number])[];

/** What a program is given beside its arguments and descriptors. */
export interface SpawnOptions {
  /** Variables that it has beside those of this process, or in their place. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Process group to join; 0: one of its own, which it leads. Absent: this process's. */
  readonly group?: number;
  /** It leads a session of its own, and a process group, and has no terminal. */
  readonly session?: boolean;
  /**
   * It inherits no descriptor from this number on, which is above all that it
   * is given. The C library must be glibc 2.34 or newer: others pay no heed.
   */
  readonly closeFrom?: number;
  /** The program's file, where its name in `argv` is another one. */
  readonly file?: string;
}

/**
 * Starts a program, found along PATH, with this process's environment.
 *
 * @param argv Name and arguments: at least one.
 * @param descriptors Its own; those of ours without O_CLOEXEC are inherited too.
 * @returns Its process id; wait for it with {@linkcode waitForExit} or
 * {@linkcode pollExit}.
 * @throws {SystemError} ENOENT if there is no such program, EACCES if it may
 * not be run.
 */
export function spawnProgram(
  argv: readonly string[],
  descriptors: Descriptors,
  options: SpawnOptions = {},
): number {
  const environment = environmentWith(options.environment ?? {});
  const actions = new Uint8Array(OPAQUE_BYTES);
  const attributes = new Uint8Array(OPAQUE_BYTES);
  const c = bound();
  using apart = new DescriptorsApart(descriptors);
  c.posix_spawn_file_actions_init(actions);
  for (const [ours, theirs] of apart.descriptors) {
    c.posix_spawn_file_actions_adddup2(actions, ours, theirs);
  }
  if (options.closeFrom !== undefined) {
    c.posix_spawn_file_actions_addclosefrom_np?.(actions, options.closeFrom);
  }
  c.posix_spawnattr_init(attributes);
  setAttributes(attributes, options);
  const start = (argv: readonly string[], file = argv[0]) => {
    const words = new StringTable(argv.map(cString));
    const pid = new Int32Array(1);
    const error = c.posix_spawnp(
      pid,
      cString(file),
      actions,
      attributes,
      words.pointers,
      environment.pointers,
    );
    return error === 0 ? pid[0] : -error;
  };
  let result = start(argv, options.file);
  if (result === -ENOEXEC) {
    // A script that does not name its interpreter: execvp(3) takes the shell.
    result = start([
      "/bin/sh",
      findProgram(argv[0]) ?? argv[0],
      ...argv.slice(1),
    ]);
  }
  c.posix_spawnattr_destroy(attributes);
  c.posix_spawn_file_actions_destroy(actions);
  if (result < 0) throw new SystemError(`start "${argv[0]}"`, -result);
  return result;
}

/** Path of a program as execvp(3) finds it; undefined if there is none that may be run. */
function findProgram(name: string): string | undefined {
  const folders = name.includes("/")
    ? [undefined]
    : (variable("PATH") ?? "").split(":");
  return folders
    .map((folder) => folder === undefined ? name : `${folder || "."}/${name}`)
    .find((path) => bound().access(cString(path), X_OK) === 0);
}

/**
 * Sees whether a program is there to be started, for those who cannot tell
 * anybody once they have tried.
 *
 * @throws {SystemError} ENOENT if there is no such program, EACCES if it may
 * not be run.
 */
export function checkProgram(name: string): void {
  const path = findProgram(name);
  if (path !== undefined) {
    if (fileFacts(path)?.kind === "file") return;
    throw new SystemError(`start "${name}"`, EACCES);
  }
  const isThere = name.includes("/") && bound().access(cString(name), 0) === 0;
  throw new SystemError(`start "${name}"`, isThere ? EACCES : ENOENT);
}

/**
 * Puts a program, found along PATH, in the place of this process: it has this
 * one's process id and environment. Does not return; nothing of this process
 * is undone before, but descriptors with O_CLOEXEC close.
 *
 * @param argv Name and arguments: at least one.
 * @param descriptors Its own; those of ours without O_CLOEXEC are inherited too.
 * @param environment As in {@linkcode SpawnOptions}.
 * @throws {SystemError} As {@linkcode spawnProgram}: the descriptors are under
 * their new numbers then already, and signals have their first meaning.
 */
export function becomeProgram(
  argv: readonly string[],
  descriptors: Descriptors,
  environment: Readonly<Record<string, string>> = {},
): never {
  const words = new StringTable(argv.map(cString));
  const variables = environmentWith(environment);
  const c = bound();
  using apart = new DescriptorsApart(descriptors);
  for (const [ours, theirs] of apart.descriptors) {
    check(c.dup2(ours, theirs), `make descriptor ${theirs} of ${ours}`);
  }
  const none = new Uint8Array(OPAQUE_BYTES);
  c.sigemptyset(none);
  c.pthread_sigmask(SIG_SETMASK, none, null);
  for (const signal of OURS) c.signal(signal, null);
  c.execvpe(words.strings[0], words.pointers, variables.pointers);
  throw new SystemError(`start "${argv[0]}"`, errno());
}

/**
 * Descriptors that can be given their new numbers one after the other: none of
 * ours has a number that another one gets.
 */
class DescriptorsApart implements Disposable {
  readonly descriptors: Descriptors;
  readonly #copies: number[] = [];

  constructor(descriptors: Descriptors) {
    const free = 1 + Math.max(-1, ...descriptors.map(([, theirs]) => theirs));
    try {
      this.descriptors = descriptors.map(([ours, theirs]) =>
        [ours < free ? this.#copy(ours, free) : ours, theirs] as const
      );
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #copy(fd: number, least: number): number {
    const copy = check(
      bound().fcntl(fd, F_DUPFD_CLOEXEC, least),
      `copy descriptor ${fd}`,
    );
    this.#copies.push(copy);
    return copy;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#copies) closeFd(fd);
  }
}

function setAttributes(
  attributes: Uint8Array<ArrayBuffer>,
  { group, session }: SpawnOptions,
): void {
  const c = bound();
  resetSignals(attributes);
  let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (session === true) flags |= POSIX_SPAWN_SETSID;
  if (group !== undefined) {
    flags |= POSIX_SPAWN_SETPGROUP;
    c.posix_spawnattr_setpgroup(attributes, group);
  }
  c.posix_spawnattr_setflags(attributes, flags);
}

/** An ignored signal stays ignored in the program: undo that for those that we, or the runtime, ignore. */
function resetSignals(attributes: Uint8Array<ArrayBuffer>): void {
  const c = bound();
  const set = new Uint8Array(OPAQUE_BYTES);
  c.sigemptyset(set);
  c.posix_spawnattr_setsigmask(attributes, set);
  for (const signal of OURS) c.sigaddset(set, signal);
  c.posix_spawnattr_setsigdefault(attributes, set);
}

/**
 * The lowest descriptors that a program started now would not inherit from
 * this process: those that are closed, or have O_CLOEXEC.
 *
 * @param from Lowest number of interest.
 * @param count How many are wanted.
 */
export function freeDescriptors(from: number, count: number): number[] {
  const found: number[] = [];
  for (let fd = from; found.length < count; fd++) {
    const flags = bound().fcntl(fd, F_GETFD, 0);
    if (flags < 0 || (flags & FD_CLOEXEC) !== 0) found.push(fd);
  }
  return found;
}

/**
 * A descriptor that is readable once a process has ended (pidfd_open(2)).
 *
 * @param pid A child that was not waited for yet.
 * @returns The caller's to close; -1 where the kernel has no such thing.
 */
export function openExitFd(pid: number): number {
  return bound().syscall(SYS_PIDFD_OPEN, pid, 0);
}

/**
 * How a program that this one started has ended; undefined while it runs.
 * Tells it once only: the process is gone then.
 *
 * @throws {SystemError} ECHILD if it is no child, or was waited for before.
 */
export function pollExit(pid: number): ExitStatus | undefined {
  const status = new Int32Array(1);
  const result = bound().waitpid(pid, status, WNOHANG);
  if (result === 0) return undefined;
  check(result, `wait for process ${pid}`);
  return readStatus(status[0]);
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
  return readStatus(status[0]);
}

/** Reads what wait(2) calls a status, of a process that has ended. */
function readStatus(status: number): ExitStatus {
  const signal = status & 0x7f;
  return signal === 0
    ? { code: (status >> 8) & 0xff, signal }
    : { code: 128 + signal, signal };
}

/**
 * Sends a signal; that the process is gone already is no error.
 *
 * @param pid Process id; its negative: the process group of that number.
 */
export function killProcess(pid: number, signal: number): void {
  bound().kill(pid, signal);
}
