/**
 * The serving side of a VDE switch's handshake, as plain as can be: it takes
 * callers one by one and forwards nothing.
 *
 * @module
 */

import { AssertionError } from "@std/assert";
import {
  SOCK_DGRAM,
  SOCK_STREAM,
  UnixSocket,
} from "../../../ffi/unix_socket.ts";
import {
  MAX_REQUEST_BYTES,
  packReply,
  parseRequest,
  type PortRequest,
} from "../../../lib/vde/request.ts";
import { until } from "../../plugs.ts";

/** A folder for tests, removed at the end. */
export class TestFolder implements Disposable {
  readonly path: string = Deno.makeTempDirSync();

  /** Names in it, sorted. */
  names(): string[] {
    return Array.from(Deno.readDirSync(this.path), ({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** A caller that has its port. */
export interface FakePort {
  readonly request: PortRequest;
  readonly control: UnixSocket;
  readonly data: UnixSocket;
}

/** A control socket, and whoever calls there. */
export class FakeSwitch implements Disposable {
  readonly #listener = UnixSocket.make(SOCK_STREAM);
  readonly #owned = new DisposableStack();

  /**
   * @param directory Exists.
   * @param name Of the control socket in it.
   * @param backlog Callers that wait without being taken.
   */
  constructor(
    readonly directory: string,
    name: string = "ctl",
    backlog: number = 8,
  ) {
    this.#owned.use(this.#listener);
    this.#listener.bind(`${directory}/${name}`);
    this.#listener.listen(backlog);
  }

  /** The next caller, its request not read. Closed with the switch. */
  async answer(): Promise<UnixSocket> {
    let control: UnixSocket | undefined;
    await until(() => (control = this.#listener.accept()) !== undefined);
    if (control === undefined) throw new AssertionError("nobody called");
    return this.#owned.use(control);
  }

  /** The next caller's request. */
  async hear(): Promise<{ request: PortRequest; control: UnixSocket }> {
    const control = await this.answer();
    const buffer = new Uint8Array(MAX_REQUEST_BYTES);
    let length = 0;
    await until(() => (length = control.receive(buffer)) > 0);
    return { request: parseRequest(buffer.subarray(0, length)), control };
  }

  /** Gives the next caller a port. */
  async serve(): Promise<FakePort> {
    const { request, control } = await this.hear();
    const data = this.dataSocket("001.1");
    data.connect(request.path);
    control.send(packReply(`${this.directory}/001.1`));
    return { request, control, data };
  }

  /** A datagram socket of the switch's. Closed with it. */
  dataSocket(name: string): UnixSocket {
    const data = this.#owned.use(UnixSocket.make(SOCK_DGRAM));
    data.bind(`${this.directory}/${name}`);
    this.#owned.defer(() => Deno.removeSync(`${this.directory}/${name}`));
    return data;
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
