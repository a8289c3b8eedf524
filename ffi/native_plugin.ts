/**
 * Plugins of libvdeplug: shared libraries with a table of functions in the
 * variable `vdeplug_ops`.
 *
 * Their code is foreign. It runs in this process, on the thread that calls it
 * and on threads of its own: **what it does wrong cannot be caught.** A crash in
 * it ends the process with all its cables, and a call that blocks holds up the
 * thread. Nothing here makes a descriptor of theirs non-blocking, as some
 * plugins (vdesl) count on a read or write that waits for the rest of a frame;
 * whoever calls asks poll(2) first.
 *
 * All structures are in host order, for 64-bit machines.
 *
 * @module
 */

import { EBADF } from "./errno.ts";
import { clearErrno, cString, errno } from "./libc.ts";
import { LinkerError, SharedLibrary } from "./dynamic_linker.ts";
import { addressOf } from "./memory.ts";

/** In place of an error number where a call failed and left errno alone. */
export const NO_REASON = 0x7fff;

/** The variable that makes a library a plugin. */
const OPS_SYMBOL = "vdeplug_ops";

/** `struct vdeplug_module`: int flags, four bytes of padding, then pointers to functions. */
const OPEN = 8;
const RECV = 16;
const SEND = 24;
const DATAFD = 32;
const CTLFD = 40;
const CLOSE = 48;

/** The version of that interface, which `open` is told. */
const INTERFACE_VERSION = 1;

/** `struct vde_open_args`: int port, four bytes of padding, char *group, mode_t mode, padding. */
const ARGS_BYTES = 24;
const ARGS_GROUP = 8;
const ARGS_MODE = 16;

/** A connection begins with what the host fills in: the library's handle, then the table. */
const CONNECTION_HANDLE = 0;
const CONNECTION_OPS = 8;

/** Libraries whose symbols plugins use without naming them. */
const HOST_LIBRARIES = ["libvdeplug_mod.so.2", "libvdeplug.so.2"] as const;
/** A function of the last one. */
const HOST_SYMBOL = "vde_open_real";

const OPEN_TYPE = {
  parameters: [
    "buffer", // char *address: written to
    "buffer", // char *descr
    "i32", // int interface_version
    "buffer", // struct vde_open_args *
  ],
  result: "pointer",
} as const;
const FRAME_TYPE = {
  // conn *, void *, size_t, int flags; ssize_t, of less than 2 GiB
  parameters: ["pointer", "buffer", "usize", "i32"],
  result: "i32",
} as const;
const CONNECTION_TYPE = { parameters: ["pointer"], result: "i32" } as const;

/** The table of a plugin, bound. */
interface Operations {
  readonly table: Deno.PointerObject;
  readonly open: Deno.UnsafeFnPointer<typeof OPEN_TYPE>;
  readonly recv: Deno.UnsafeFnPointer<typeof FRAME_TYPE>;
  readonly send: Deno.UnsafeFnPointer<typeof FRAME_TYPE>;
  readonly datafd: Deno.UnsafeFnPointer<typeof CONNECTION_TYPE>;
  readonly ctlfd: Deno.UnsafeFnPointer<typeof CONNECTION_TYPE>;
  readonly close: Deno.UnsafeFnPointer<typeof CONNECTION_TYPE>;
}

/** What a plugin's `open` is told. */
export interface NativeRequest {
  /** What stands behind `://`, as it was given. */
  readonly address: string;
  /** Who asks, for listings. */
  readonly description: string;
  /** Port of a switch; 0: none asked for. */
  readonly port: number;
  /** Group that may join; undefined: none asked for. */
  readonly group?: string;
  /** Permission bits of what is created. */
  readonly mode: number;
}

let host: SharedLibrary | undefined;
let isHostLoaded = false;

/**
 * Loads the libraries that plugins count on, as far as they are installed, so
 * that plugins loaded later find their symbols. A plugin that opens a nested VNL
 * does so through `libvdeplug.so.2`, and its plugins.
 *
 * @returns The file of `libvdeplug.so.2`; undefined where it is not installed.
 */
export function loadHostLibraries(): string | undefined {
  if (!isHostLoaded) {
    isHostLoaded = true;
    for (const file of HOST_LIBRARIES) host = loadGlobally(file);
  }
  return host?.fileOf(HOST_SYMBOL);
}

function loadGlobally(file: string): SharedLibrary | undefined {
  try {
    return SharedLibrary.load(file, { isGlobal: true });
  } catch (error) {
    // A plugin that needs it will not load either, and says so.
    if (error instanceof LinkerError) return undefined;
    throw error;
  }
}

/** A plugin's library, loaded. */
export class NativeLibrary {
  readonly #library: SharedLibrary;
  readonly #operations: Operations;

  private constructor(library: SharedLibrary, operations: Operations) {
    this.#library = library;
    this.#operations = operations;
  }

  /**
   * Loads a plugin. Its initialisers run.
   *
   * @param file Path; a name without a `/` is looked for by the linker.
   * @throws {LinkerError} If it does not load, or is no plugin.
   */
  static load(file: string): NativeLibrary {
    loadHostLibraries();
    const library = SharedLibrary.load(file);
    const table = library.symbol(OPS_SYMBOL);
    if (table === null) {
      throw new LinkerError(file, `it has no variable ${OPS_SYMBOL}`);
    }
    return new NativeLibrary(library, bindOperations(table, file));
  }

  /** The file that it is in. */
  get file(): string {
    return this.#library.fileOf(OPS_SYMBOL) ?? this.#library.file;
  }

  /**
   * Opens a connection. May block, as long as the plugin likes.
   *
   * @returns The connection; on failure the plugin's error number, or
   * {@linkcode NO_REASON}.
   */
  open(request: NativeRequest): NativeConnection | number {
    const memory = new RequestMemory(request);
    clearErrno();
    const connection = this.#operations.open.call(
      memory.address,
      memory.description,
      INTERFACE_VERSION,
      memory.args,
    );
    if (connection === null) return errno() || NO_REASON;
    putPointer(connection, CONNECTION_HANDLE, this.#library.handle);
    putPointer(connection, CONNECTION_OPS, this.#operations.table);
    return new NativeConnection(connection, this.#operations, memory);
  }
}

function bindOperations(
  table: Deno.PointerObject,
  file: string,
): Operations {
  const view = new Deno.UnsafePointerView(table);
  const at = <T>(offset: number, name: string): Deno.PointerObject<T> => {
    const pointer = view.getPointer<T>(offset);
    if (pointer !== null) return pointer;
    throw new LinkerError(file, `its table ${OPS_SYMBOL} has no ${name}`);
  };
  return {
    table,
    open: new Deno.UnsafeFnPointer(
      at<typeof OPEN_TYPE>(OPEN, "open"),
      OPEN_TYPE,
    ),
    recv: new Deno.UnsafeFnPointer(
      at<typeof FRAME_TYPE>(RECV, "recv"),
      FRAME_TYPE,
    ),
    send: new Deno.UnsafeFnPointer(
      at<typeof FRAME_TYPE>(SEND, "send"),
      FRAME_TYPE,
    ),
    datafd: new Deno.UnsafeFnPointer(
      at<typeof CONNECTION_TYPE>(DATAFD, "datafd"),
      CONNECTION_TYPE,
    ),
    ctlfd: new Deno.UnsafeFnPointer(
      at<typeof CONNECTION_TYPE>(CTLFD, "ctlfd"),
      CONNECTION_TYPE,
    ),
    close: new Deno.UnsafeFnPointer(
      at<typeof CONNECTION_TYPE>(CLOSE, "close"),
      CONNECTION_TYPE,
    ),
  };
}

/** What `open` is handed. Plugins cut the address up, and may keep pieces of it. */
class RequestMemory {
  readonly address: Uint8Array<ArrayBuffer>;
  readonly description: Uint8Array<ArrayBuffer>;
  readonly args: Uint8Array<ArrayBuffer> = new Uint8Array(ARGS_BYTES);
  readonly group: Uint8Array<ArrayBuffer> | undefined;

  constructor(request: NativeRequest) {
    this.address = cString(request.address);
    this.description = cString(request.description);
    const view = new DataView(this.args.buffer);
    view.setInt32(0, request.port, true);
    view.setUint32(ARGS_MODE, request.mode, true);
    if (request.group === undefined) return;
    this.group = cString(request.group);
    view.setBigUint64(ARGS_GROUP, BigInt(addressOf(this.group)), true);
  }
}

function putPointer(
  structure: Deno.PointerObject,
  offset: number,
  value: Deno.PointerObject,
): void {
  const bytes = Deno.UnsafePointerView.getArrayBuffer(structure, 8, offset);
  new BigUint64Array(bytes)[0] = Deno.UnsafePointer.value(value);
}

/** A plugin's connection. Disposing closes it. */
export class NativeConnection implements Disposable {
  /** Readable when there is something to receive; negative: never. Stays the plugin's. */
  readonly dataFd: number;
  /** Hung up once the other side is gone; negative: there is none. Stays the plugin's. */
  readonly controlFd: number;
  readonly #operations: Operations;
  readonly #memory: RequestMemory;
  #connection: Deno.PointerObject | null;

  /** Made by {@linkcode NativeLibrary.open}. */
  constructor(
    connection: Deno.PointerObject,
    operations: Operations,
    memory: RequestMemory,
  ) {
    this.#connection = connection;
    this.#operations = operations;
    // Held for as long as the plugin may look at it.
    this.#memory = memory;
    this.dataFd = operations.datafd.call(connection);
    this.controlFd = operations.ctlfd.call(connection);
  }

  /**
   * Receives one frame. Blocks unless poll(2) tells that `dataFd` is readable.
   *
   * @param buffer Where it goes, from its first byte on.
   * @param sizeBytes Room there: the length of `buffer`, or less.
   * @returns Length of the frame, as the plugin tells it; 1: nothing for the
   * caller; 0: nothing came; negative: the error number, negated: EBADF once
   * it is disposed of.
   */
  receive(buffer: Uint8Array<ArrayBuffer>, sizeBytes: bigint): number {
    const connection = this.#connection;
    // Plugins look into what they are handed.
    if (connection === null) return -EBADF;
    clearErrno();
    const result = this.#operations.recv
      .call(connection, buffer, sizeBytes, 0);
    return result < 0 ? -(errno() || NO_REASON) : result;
  }

  /**
   * Sends one frame.
   *
   * @param buffer The frame begins at its first byte.
   * @param lengthBytes Of the frame.
   * @returns Whatever the plugin gives, 0 or more: it was taken; negative: the
   * error number, negated: EBADF once it is disposed of.
   */
  send(buffer: Uint8Array<ArrayBuffer>, lengthBytes: number): number {
    const connection = this.#connection;
    if (connection === null) return -EBADF;
    clearErrno();
    const result = this.#operations.send
      .call(connection, buffer, BigInt(lengthBytes), 0);
    return result < 0 ? -(errno() || NO_REASON) : result;
  }

  /** What `open` was told, with what the plugin made of it. */
  get address(): Uint8Array {
    return this.#memory.address;
  }

  [Symbol.dispose](): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#operations.close.call(connection);
  }
}
