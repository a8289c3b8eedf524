/**
 * The program: finds the command, gives it the world, turns signals into its
 * end.
 *
 * @module
 */

import { isFfiAllowed } from "../../ffi/permission.ts";
import { ignoreSignal, SIGUSR1 } from "../../ffi/signals.ts";
import { thisProgram } from "./daemon.ts";
import { mayShutDebugger } from "./debugger.ts";
import type { CommandIo } from "./io.ts";
import { type Call, findCall, MAIN_NAME } from "./names.ts";
import { reportError } from "./report.ts";

type Command = (args: readonly string[], io: CommandIo) => Promise<number>;

/** Commands by their names; whatever else comes first is a VNL or an option. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  completion: async () => (await import("./completion.ts")).completionCommand,
  dpipe: async () => (await import("./dpipe.ts")).dpipe,
  man: async () => (await import("./man.ts")).man,
  ping: async () => (await import("./ping.ts")).ping,
  plugins: async () => (await import("./plugins.ts")).pluginsCommand,
  switch: async () => (await import("./switch.ts")).switchCommand,
  vde_plug: async () => (await import("./vde_plug.ts")).vdePlug,
};

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How long a command may take to end once it is told to. */
const END_PATIENCE_MS = 10_000;

/** Signals so close to each other are one. */
const REPEAT_MS = 500;

const KILLED = 130;
const CLEAR_LINE = "\r\x1b[K";

/**
 * Runs the program; returns what to exit with.
 *
 * @param args The command line.
 * @param pluginModules Where schemes are looked up.
 * @param exit Called with that while signals are still listened to: whoever
 * exits later may be ended by one more of them, and so with another status.
 */
export async function main(
  args: readonly string[],
  pluginModules: readonly string[],
  exit: (status: number) => number = (status) => status,
): Promise<number> {
  const stop = new AbortController();
  let abortedMs = 0;
  const onSignal = SIGNALS.map((signal) => {
    const listener = () => {
      if (stop.signal.aborted) {
        // Whoever asks twice does not want to wait. A terminal, or a parent,
        // may tell the group and each of it: that is once.
        if (performance.now() - abortedMs > REPEAT_MS) Deno.exit(KILLED);
        return;
      }
      abortedMs = performance.now();
      stop.abort(signal);
      Deno.unrefTimer(setTimeout(() => Deno.exit(KILLED), END_PATIENCE_MS));
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  // Until a cable has something to show, nothing happens; unheard, it would end us.
  const ignore = () => {};
  Deno.addSignalListener("SIGUSR1", ignore);
  if (!mayShutDebugger() && isFfiAllowed()) ignoreSignal(SIGUSR1);
  try {
    return exit(await runCommand(args, { stop: stop.signal, pluginModules }));
  } finally {
    Deno.removeSignalListener("SIGUSR1", ignore);
    for (const { signal, listener } of onSignal) {
      Deno.removeSignalListener(signal, listener);
    }
  }
}

/** Finds the command and runs it. */
async function runCommand(
  args: readonly string[],
  outside: Pick<CommandIo, "stop" | "pluginModules">,
): Promise<number> {
  // Without this permission there is nothing to start, but help to read.
  const self = isFfiAllowed() ? thisProgram() : undefined;
  const program = Deno.build.standalone && self !== undefined
    ? self.argv[0]
    : Deno.mainModule;
  let call: Call;
  try {
    call = findCall({ program, args }, Object.keys(COMMANDS));
  } catch (error) {
    const { err } = terminal(MAIN_NAME);
    return reportError(error, { err }, `${MAIN_NAME} --help`);
  }
  const io: CommandIo = {
    ...terminal(call.name),
    ...outside,
    ...call,
    self,
  };
  try {
    const command = call.command === MAIN_NAME
      ? (await import("./plug.ts")).plug
      : await COMMANDS[call.command]();
    return await command(call.args, io);
  } catch (error) {
    return reportError(error, io, `${call.name} --help`);
  }
}

/** Standard output and error; `name` stands before what goes wrong. */
function terminal(
  name: string,
): Pick<CommandIo, "out" | "err" | "data" | "redraw"> {
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
      print(Deno.stderr, `${drawn}${name}: ${line}\n`);
      drawn = "";
    },
    data: (line) => print(Deno.stderr, `${line}\n`),
    redraw: Deno.stderr.isTerminal() ? redraw : undefined,
  };
}
