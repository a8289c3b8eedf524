/**
 * Clients of a switch in the same thread, for tests: the switch has its turns
 * while they wait.
 *
 * @module
 */

import { assert } from "@std/assert";
import {
  SOCK_DGRAM,
  SOCK_STREAM,
  UnixSocket,
} from "../../../ffi/unix_socket.ts";
import { Burst } from "../../../lib/net/burst.ts";
import { PacketPlug } from "../../../lib/packet/packet_plug.ts";
import type { OpenOptions, Plug, Plugin } from "../../../lib/plug/plugin.ts";
import { type PlugStatus, statusOf } from "../../../lib/plug/status.ts";
import { parseVnl } from "../../../lib/plug/vnl.ts";
import {
  packRequest,
  parseReply,
  REPLY_BYTES,
} from "../../../lib/vde/request.ts";
import { testOptions, until } from "../../plugs.ts";

/** A folder that is gone when its user is done. */
export function makeFolder(): { readonly path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "switch-" });
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/** Opens a plug of a family of which `open` is never asynchronous. */
export async function openPlug(
  plugin: Plugin,
  vnl: string,
  options: OpenOptions = testOptions(),
): Promise<Plug> {
  return await plugin.open(parseVnl(vnl, plugin.syntax), options);
}

/** What a switch tells of itself. */
export function describePlug(plug: Plug): PlugStatus {
  const status = statusOf(plug);
  assert(status !== undefined, "a switch has a status");
  return status;
}

/** How a client asks. */
export interface JoinOptions {
  /** The port wanted. */
  readonly port?: number;
  /** What it says of itself. */
  readonly description?: string;
  /** Of its plug. */
  readonly options?: OpenOptions;
}

let counter = 0;

/** The two sockets of a client that has not asked yet. */
export class Caller implements Disposable {
  readonly control: UnixSocket = UnixSocket.make(SOCK_STREAM);
  readonly data: UnixSocket = UnixSocket.make(SOCK_DGRAM);
  /** Name of its data socket. */
  readonly path: string;

  /** @param folder The switch's. */
  constructor(folder: string) {
    this.path = `${folder}/.${Deno.pid}-${++counter}`;
    this.control.connect(`${folder}/ctl`);
    this.data.bind(this.path);
  }

  /** Asks for a port. */
  ask({ port, description = "client" }: JoinOptions = {}): void {
    this.control.send(packRequest({ port, path: this.path, description }));
  }

  /** Whether the switch has hung up. */
  get isRefused(): boolean {
    return this.control.receive(new Uint8Array(REPLY_BYTES)) === 0;
  }

  [Symbol.dispose](): void {
    this.control[Symbol.dispose]();
    this.data[Symbol.dispose]();
  }
}

const scratch = new Burst();

/** Takes the frames that wait, once: those of every kind. */
export function take(plug: Plug): Uint8Array[] {
  scratch.clear();
  plug.receive(scratch);
  return Array.from(
    { length: scratch.count },
    (_, index) => scratch.frame(index).slice(),
  );
}

/**
 * Joins a switch.
 *
 * @returns A plug at the client's end; undefined if the switch refused.
 */
export async function tryJoin(
  plug: Plug,
  folder: string,
  join: JoinOptions = {},
): Promise<PacketPlug | undefined> {
  using opening = new DisposableStack();
  const caller = opening.use(new Caller(folder));
  const { control, data, path } = caller;
  caller.ask(join);
  const reply = new Uint8Array(REPLY_BYTES);
  let read = -1;
  await until(() => {
    take(plug);
    read = control.receive(reply);
    return read >= 0;
  });
  if (read <= 0) return undefined;
  const answer = parseReply(reply.subarray(0, read));
  assert(answer !== undefined, "no name in the reply");
  data.connect(answer);
  Deno.removeSync(path);
  opening.move();
  const link = { socket: data, control, peer: "switch" };
  return new PacketPlug(link, join.options ?? testOptions());
}

/** The same, for a client that must not be refused. */
export async function join(
  plug: Plug,
  folder: string,
  options: JoinOptions = {},
): Promise<PacketPlug> {
  const client = await tryJoin(plug, folder, options);
  assert(client !== undefined, "the switch refused a client");
  return client;
}

/** A switch and its clients. */
export class Party implements Disposable {
  readonly #stack = new DisposableStack();

  private constructor(
    /** The switch; the host's end. */
    readonly plug: Plug,
    /** Its folder. */
    readonly folder: string,
    /** At ports 1, 2, and so on. */
    readonly clients: PacketPlug[],
  ) {}

  /**
   * @param plugin Of the switch.
   * @param clients How many.
   * @param keys In brackets behind the address.
   */
  static async open(
    plugin: Plugin,
    clients: number,
    { keys = "", options = testOptions() } = {},
  ): Promise<Party> {
    using opening = new DisposableStack();
    const folder = `${opening.use(makeFolder()).path}/net`;
    const vnl = `${plugin.scheme}://${folder}${keys}`;
    const plug = opening.use(await openPlug(plugin, vnl, options));
    const party = new Party(plug, folder, []);
    for (let index = 0; index < clients; index++) {
      party.clients.push(opening.use(await join(plug, folder)));
    }
    party.#stack.use(opening.move());
    return party;
  }

  /** Lets the switch take what its clients have sent; frames for the host come back. */
  settle(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let turns = 0; turns < 4; turns++) {
      frames.push(...take(this.plug));
    }
    return frames;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}
