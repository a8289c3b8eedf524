/**
 * A switch of ours that runs as a program, and clients of it in this process.
 *
 * @module
 */

import { Caller, type JoinOptions, makeFolder } from "../lib/switch/clients.ts";
import { parseReply, REPLY_BYTES } from "../../lib/vde/request.ts";
import { PacketPlug } from "../../lib/packet/packet_plug.ts";
import { ffiTest } from "../ffi/case.ts";
import {
  Lab,
  LabError,
  type LabHost,
  type LabProcess,
  PATIENCE_MS,
} from "../lab/mod.ts";
import { testOptions, until } from "../plugs.ts";
import { command, prepared } from "./nodes.ts";

/** Registers a test that gets an empty lab, and joins switches from this process. */
export function serverTest(
  name: string,
  skip: string | undefined,
  run: (lab: Lab) => Promise<void>,
): void {
  ffiTest(name, async () => {
    await using lab = await Lab.create();
    await run(lab);
  }, { skip: skip?.replaceAll(/\s+/g, " ") });
}

/** How a server is started. */
export interface ServerOptions {
  /** `switch` unless given. */
  readonly scheme?: string;
  /** In brackets behind the address. */
  readonly keys?: string;
  /** The host's end; nothing unless given. */
  readonly hostVnl?: string;
  /** Program and arguments before ours. */
  readonly prefix?: readonly string[];
}

/** Starts a server in a folder; settles once clients can join. */
export async function serve(
  host: LabHost,
  folder: string,
  options: ServerOptions = {},
): Promise<LabProcess> {
  const server = await launch(host, folder, options);
  await server.waitFor(/listens in/);
  return server;
}

/** Starts a server, whatever becomes of it. */
export async function launch(
  host: LabHost,
  folder: string,
  { scheme = "switch", keys = "", hostVnl = "null://", prefix = [] }:
    ServerOptions = {},
): Promise<LabProcess> {
  await prepared();
  const vnl = `${scheme}://${folder}${keys}`;
  const argv = [...prefix, ...command("ours", "--verbose", hostVnl, vnl)];
  return host.spawn(argv[0], argv.slice(1));
}

/** A folder that anybody may look into, and the path of a switch in it. */
export function makePlace(): { readonly path: string } & Disposable {
  const folder = makeFolder();
  Deno.chmodSync(folder.path, 0o755);
  return {
    path: `${folder.path}/net`,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** Joins a running switch; undefined if it refuses. */
export async function tryJoinServer(
  folder: string,
  options: JoinOptions = {},
): Promise<PacketPlug | undefined> {
  using opening = new DisposableStack();
  const caller = opening.use(new Caller(folder));
  const { control, data, path } = caller;
  caller.ask(options);
  const reply = new Uint8Array(REPLY_BYTES);
  let read = -1;
  const answered = await until(() => {
    read = control.receive(reply);
    return read >= 0;
  }, PATIENCE_MS);
  if (!answered) throw new LabError(`Cannot join "${folder}": no answer`);
  Deno.removeSync(path);
  const answer = parseReply(reply.subarray(0, read));
  if (answer === undefined) return undefined;
  data.connect(answer);
  opening.move();
  const link = { socket: data, control, peer: "switch" };
  return new PacketPlug(link, options.options ?? testOptions());
}

/** The same, for a client that must not be refused. */
export async function joinServer(
  folder: string,
  options?: JoinOptions,
): Promise<PacketPlug> {
  const client = await tryJoinServer(folder, options);
  if (client !== undefined) return client;
  throw new LabError(`Cannot join "${folder}": the switch refused`);
}
