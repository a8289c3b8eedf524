/**
 * The program: finds the command, gives it the world, turns signals into its
 * end.
 *
 * @module
 */

import type { CommandIo } from "./io.ts";

type Command = (args: readonly string[], io: CommandIo) => Promise<number>;

/** Commands by their names; whatever else comes first is a VNL or an option. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  ping: async () => (await import("./ping.ts")).ping,
};

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How long a command may take to end once it is told to. */
const END_PATIENCE_MS = 10_000;

const KILLED = 130;
const CLEAR_LINE = "\r\x1b[K";

/**
 * Runs the program; returns what to exit with.
 *
 * @param args The command line.
 * @param pluginModules Where schemes are looked up.
 */
export async function main(
  args: readonly string[],
  pluginModules: readonly string[],
): Promise<number> {
  const stop = new AbortController();
  const onSignal = SIGNALS.map((signal) => {
    const listener = () => {
      // Whoever asks twice, or for long, does not want to wait.
      if (stop.signal.aborted) Deno.exit(KILLED);
      stop.abort(signal);
      Deno.unrefTimer(setTimeout(() => Deno.exit(KILLED), END_PATIENCE_MS));
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  try {
    const io = terminalIo(stop.signal, pluginModules);
    // "ping" alone is a command; "ping://" would be a scheme.
    if (Object.hasOwn(COMMANDS, args[0] ?? "")) {
      const command = await COMMANDS[args[0]]();
      return await command(args.slice(1), io);
    }
    const { plug } = await import("./plug.ts");
    return await plug(args, io);
  } finally {
    for (const { signal, listener } of onSignal) {
      Deno.removeSignalListener(signal, listener);
    }
  }
}

function terminalIo(
  stop: AbortSignal,
  pluginModules: readonly string[],
): CommandIo {
  const encoder = new TextEncoder();
  const print = (
    to: { writeSync(bytes: Uint8Array): number },
    text: string,
  ) => {
    const bytes = encoder.encode(text);
    try {
      for (let done = 0; done < bytes.length;) {
        done += to.writeSync(bytes.subarray(done));
      }
    } catch (error) {
      // Nobody reads: there is nobody to tell, and the frames go on.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  };
  let drawn = "";
  const redraw = (line: string) => {
    const { columns } = Deno.consoleSize();
    drawn = CLEAR_LINE;
    print(Deno.stderr, CLEAR_LINE + [...line].slice(0, columns - 1).join(""));
  };
  return {
    out: (line) => print(Deno.stdout, `${line}\n`),
    err: (line) => {
      print(Deno.stderr, `${drawn}vdeplug: ${line}\n`);
      drawn = "";
    },
    data: (line) => print(Deno.stderr, `${line}\n`),
    redraw: Deno.stderr.isTerminal() ? redraw : undefined,
    stop,
    pluginModules,
  };
}
