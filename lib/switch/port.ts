/**
 * The ports of a switch, by their numbers. Port 0 is the host's own and has no
 * sockets; all others are a client's.
 *
 * @module
 */

import type { UnixSocket } from "../../ffi/unix_socket.ts";
import type { PortStatus } from "../plug/status.ts";

/** The host's own port. */
export const HOST_PORT = 0;

/** Greatest number of a port; one for each client. */
export const MAX_PORT = 4095;

/** Indexes in {@linkcode Port.cells}. */
export const PortCell = {
  framesIn: 0,
  bytesIn: 1,
  framesOut: 2,
  bytesOut: 3,
  dropped: 4,
} as const;

const MS_PER_SECOND = 1000;
const NONE = -1;

/** Who is at a port. */
export interface PortOwner {
  /** What it says of itself. */
  readonly description: string;
  /** Its process; 0 where it is not known. */
  readonly pid: number;
  /** Its user; -1 where it is not known. */
  readonly uid: number;
}

/** What a port counts, and who is there. */
export class PortRecord {
  /** Counts, by {@linkcode PortCell}. */
  readonly cells: Float64Array<ArrayBuffer> = new Float64Array(5);

  constructor(
    /** Its number. */
    readonly number: number,
    /** Who is there. */
    readonly owner: PortOwner,
    /** Since when, on the clock of `monotonicMs`. */
    readonly sinceMs: number,
  ) {}

  /** The port as others see it. */
  describe(nowMs: number): PortStatus {
    const { cells } = this;
    return {
      port: this.number,
      description: this.owner.description,
      pid: this.owner.pid,
      uid: this.owner.uid,
      ageSeconds: (nowMs - this.sinceMs) / MS_PER_SECOND,
      framesIn: cells[PortCell.framesIn],
      bytesIn: cells[PortCell.bytesIn],
      framesOut: cells[PortCell.framesOut],
      bytesOut: cells[PortCell.bytesOut],
      dropped: cells[PortCell.dropped],
    };
  }
}

/** The two sockets of a client's port. */
export interface PortSockets {
  /** Its connection, silent after the handshake; its end is the port's. */
  readonly control: UnixSocket;
  /** Datagram socket, connected to the client's. */
  readonly data: UnixSocket;
}

/** A client's port. */
export class Port extends PortRecord implements Disposable {
  /** Of the data socket. */
  readonly fd: number;
  /** The client's data socket is closed: nothing can be sent any more. */
  gone = false;
  /** Its queue was full for too long: nothing waits for it until it has room again. */
  stuck = false;
  /** When the first frame began to wait, or the last one that waited went out. */
  progressMs = 0;
  /** Frames that wait for room in its queue. */
  waiting = 0;
  /** First and last of them, as slots of the backlog; -1: none. */
  firstWaiting: number = NONE;
  lastWaiting: number = NONE;
  /** Turns in which its last frames were looked for, since its client hung up. */
  lastTurns = 0;

  /** @param sockets Become the port's. */
  constructor(
    number: number,
    owner: PortOwner,
    sinceMs: number,
    readonly sockets: PortSockets,
    /** Whether its datagrams are superframes, each behind a `struct virtio_net_hdr`. */
    readonly superframes: boolean = false,
  ) {
    super(number, owner, sinceMs);
    this.fd = sockets.data.fd;
  }

  [Symbol.dispose](): void {
    this.sockets.data[Symbol.dispose]();
    this.sockets.control[Symbol.dispose]();
  }
}

/** The clients' ports. */
export class PortTable {
  /** Those in use, in no order. For loops; changed by `add` and `remove` only. */
  readonly list: Port[] = [];
  /** How many of them take superframes. */
  superframes = 0;
  readonly #byNumber: (Port | undefined)[] = Array(MAX_PORT + 1)
    .fill(undefined);

  /** The port of a number; undefined for one that is free. */
  get(number: number): Port | undefined {
    return this.#byNumber[number];
  }

  /**
   * A number for a new port.
   *
   * @param wanted The one that the client asks for; undefined: the least that is free.
   * @returns undefined if it, or every one, is taken.
   */
  freeNumber(wanted?: number): number | undefined {
    if (wanted !== undefined) {
      const exists = wanted > HOST_PORT && wanted <= MAX_PORT;
      return exists && this.get(wanted) === undefined ? wanted : undefined;
    }
    const number = this.#byNumber.indexOf(undefined, HOST_PORT + 1);
    return number < 0 ? undefined : number;
  }

  /** Adds a port, whose number is free. */
  add(port: Port): void {
    this.#byNumber[port.number] = port;
    this.list.push(port);
    if (port.superframes) this.superframes++;
  }

  /** Takes a port out; disposing of it is the caller's. */
  remove(port: Port): void {
    this.#byNumber[port.number] = undefined;
    this.list.splice(this.list.indexOf(port), 1);
    if (port.superframes) this.superframes--;
  }
}
