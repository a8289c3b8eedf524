/**
 * `deno task bench:start [PROGRAM]`: size of the executable, time from its
 * start to the first frame that it forwards, and resident memory, beside the C
 * tool's and those of this tree. The frame waits in standard input before the
 * program starts, and is a datagram of `udp://` on the loopback interface.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import {
  median,
  peerAvailable,
  prepareVdeplug,
  rssBytes,
  vdeplug,
} from "../lab/mod.ts";

const ROUNDS = 15;
const FRAME_BYTES = 60;
/** The frame path is warm, and what starting took is given back. */
const SETTLED_MS = 3_000;
const PATIENCE_MS = 30_000;

/** Goals, in ms, MB and MB. */
const LIMITS = { firstFrame: 150, memory: 64, size: 100 } as const;

interface Candidate {
  readonly title: string;
  readonly command: readonly string[];
  /** The executable; absent: it is Deno's. */
  readonly file?: string;
}

/** One running program, with its frame underway. */
class Start implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor(
    command: readonly string[],
    readonly socket: Socket,
  ) {
    const { port } = socket.address();
    const vnl = `udp://0->127.0.0.1:${port}`;
    this.#child = new Deno.Command(command[0], {
      args: [...command.slice(1), vnl],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
  }

  /** A frame in the stream's form: its length as u16, big-endian, and itself. */
  async send(): Promise<void> {
    const message = new Uint8Array(2 + FRAME_BYTES);
    message[1] = FRAME_BYTES;
    await this.#input.write(message);
  }

  async rssMb(): Promise<number> {
    return (await rssBytes(this.#child.pid)) / 1e6;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#input.abort().catch(() => {});
    await this.#child.status;
  }
}

async function listen(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** Milliseconds from the start of a program to its first frame; memory in the end where that is wanted. */
async function measure(
  { command }: Candidate,
  wantsMemory: boolean,
): Promise<{ firstFrame: number; memory: number }> {
  const socket = await listen();
  try {
    const from = performance.now();
    await using start = new Start(command, socket);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await Promise.all([once(socket, "message", { signal }), start.send()]);
    const firstFrame = performance.now() - from;
    if (!wantsMemory) return { firstFrame, memory: NaN };
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    return { firstFrame, memory: await start.rssMb() };
  } finally {
    socket.close();
  }
}

async function candidates(program: string): Promise<Candidate[]> {
  const list: Candidate[] = [];
  const c = await peerAvailable("vde_plug");
  if (c.ok) list.push({ title: "C vde_plug", command: ["vde_plug"] });
  else console.error(`without C's: ${c.reason}`);
  try {
    await Deno.stat(program);
    list.push({ title: program, command: [program], file: program });
  } catch {
    console.error(`without ${program}: there is none (deno task compile)`);
  }
  await prepareVdeplug();
  return [...list, { title: "vdeplug, deno run", command: vdeplug() }];
}

async function main(): Promise<void> {
  const all = await candidates(Deno.args[0] ?? "dist/vdeplug");
  const samples = all.map((): number[] => []);
  const memory = all.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, candidate] of all.entries()) {
      const found = await measure(candidate, round < 3);
      samples[index].push(found.firstFrame);
      if (round < 3) memory[index].push(found.memory);
    }
  }
  console.log(`medians of ${ROUNDS} rounds, memory of 3; least in brackets`);
  for (const [index, { title, file }] of all.entries()) {
    const least = Math.min(...samples[index]).toFixed(0);
    const size = file === undefined ? NaN : (await Deno.stat(file)).size / 1e6;
    const found = {
      firstFrame: median(samples[index]),
      memory: median(memory[index]),
      size,
    };
    console.log(
      `${title}: first frame ${found.firstFrame.toFixed(0)} ms (${least}), ` +
        `resident ${found.memory.toFixed(1)} MB` +
        (file === undefined ? "" : `, size ${size.toFixed(1)} MB`),
    );
    if (file === undefined) continue;
    for (const [name, limit] of Object.entries(LIMITS)) {
      const value = found[name as keyof typeof LIMITS];
      const verdict = value <= limit ? "met" : "NOT met";
      console.log(
        `  ${name} at most ${limit}: ${value.toFixed(1)}, ${verdict}`,
      );
    }
  }
}

if (import.meta.main) await main();
