/**
 * Going to the background: what the caller is told, what the process keeps and
 * what it lets go of, and how it ends.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { killProcess, spawnProgram, waitForExit } from "../../ffi/spawn.ts";
import { ffiTest } from "../ffi/case.ts";
import { readOnce, TestPipe, writeOnce } from "../ffi/pipes.ts";
import {
  canMakeTaps,
  labTest,
  prepareVdeplug,
  reasonToSkip,
  spawn,
  vdeplug,
} from "../lab/mod.ts";
import { encode } from "../lib/plug/stream_reference.ts";
import { eventually } from "./nodes.ts";
import { question, SocketPeer } from "./socket_peer.ts";

await prepareVdeplug();

const noTaps = await reasonToSkip(canMakeTaps());
const SIGTERM = 15;
const STATION = "192.0.2.1";
const PROBE = `probe://${STATION}`;

/** A daemon by its id. Disposing kills it. */
class Daemon implements AsyncDisposable {
  constructor(readonly pid: number) {}

  /** The one whose id a file holds. */
  static async of(pidFile: string): Promise<Daemon> {
    const text = await Deno.readTextFile(pidFile);
    assert(/^\d+\n$/.test(text), `a number and a line end: ${text}`);
    return new Daemon(Number(text));
  }

  /** Fields of `/proc/PID/stat` behind its name: state, parent, group, session, terminal. */
  #stat(): string[] {
    try {
      const stat = Deno.readTextFileSync(`/proc/${this.pid}/stat`);
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    } catch {
      return ["Z"];
    }
  }

  get isRunning(): boolean {
    return this.#stat()[0] !== "Z";
  }

  /** Whether it leads a session that has no terminal. */
  get isAlone(): boolean {
    const [, , group, session, terminal] = this.#stat();
    const ids = [group, session].map(Number);
    return ids.every((id) => id === this.pid) && terminal === "0";
  }

  /** What its descriptors are, in the order of their numbers. */
  descriptors(): Map<number, string> {
    const folder = `/proc/${this.pid}/fd`;
    const entries = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    return new Map(entries.flatMap((fd) => {
      try {
        return [[Number(fd), Deno.readLinkSync(`${folder}/${fd}`)] as const];
      } catch (error) {
        // The pipe to its caller closes about now.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        return [];
      }
    }));
  }

  get cwd(): string {
    return Deno.readLinkSync(`/proc/${this.pid}/cwd`);
  }

  async ended(): Promise<void> {
    await eventually("its end", () => this.isRunning ? undefined : true);
  }

  async end(signal: Deno.Signal): Promise<void> {
    Deno.kill(this.pid, signal);
    await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.end("SIGKILL");
  }
}

/** Gives a test a folder of its own. */
async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "vdeplug" }),
  );
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** Starts a daemon in a folder, with its process id in the file `pid`. */
async function launch(folder: string, ...args: string[]): Promise<Daemon> {
  const command = vdeplug(...args, "-d", "-p", "pid");
  await using caller = spawn(command, { cwd: folder });
  // Its end comes once nobody else has its output, either.
  const { code } = await caller.exited;
  assertEquals([code, caller.stdout, caller.stderr], [0, "", ""]);
  return await Daemon.of(`${folder}/pid`);
}

for (const words of [[], ["vde_plug"]]) {
  const name = ["vdeplug", ...words].join(" ");
  Deno.test(`${name} -d lets go of its caller, and keeps the folder`, async () => {
    await inFolder(async (folder) => {
      await using daemon = await launch(folder, ...words, PROBE, "null://");
      assert(daemon.isRunning);
      assert(daemon.isAlone);
      assertEquals(daemon.cwd, folder);
      const descriptors = daemon.descriptors();
      const standard = [0, 1, 2].map((fd) => descriptors.get(fd));
      assertEquals(standard, Array(3).fill("/dev/null"));
      await daemon.end("SIGTERM");
      assertEquals(names(folder), []);
    });
  });
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`vdeplug -d gives back what it made when ${signal} comes, and ends alone`, async () => {
    await inFolder(async (folder) => {
      await using daemon = await launch(folder, "switch://sw", "null://");
      const pid = `${folder}/pid`;
      await Deno.rename(pid, `${pid}-1`);
      await using other = await launch(folder, "null://", "null://");
      assertEquals(names(folder), ["pid", "pid-1", "sw"]);
      await daemon.end(signal);
      assertEquals(names(folder), ["pid", "pid-1"]);
      assert(other.isRunning);
    });
  });
}

/** What keeps a daemon from being started, and what its caller is told. */
const FAILURES = [
  {
    name: "an unknown scheme",
    args: ["null://", "no-such://"],
    code: 2,
    says: 'scheme "no-such"',
  },
  {
    name: "a switch that is not there",
    args: ["switch://sw", "./nothing"],
    code: 1,
    says: "found no switch",
  },
  {
    name: "a command that is not there",
    args: ["switch://sw", "=", "no-such-command"],
    code: 127,
    says: 'Cannot start "no-such-command"',
  },
  {
    name: "a process id file that cannot be written",
    args: ["-p", "no/pid", "switch://sw", "null://"],
    code: 1,
    says: 'Cannot write process id file "no/pid": no such file or directory',
  },
  {
    name: "a wrong option",
    args: ["-m", "8", "null://", "null://"],
    code: 2,
    says: "--mod",
  },
] as const;

for (const { name, args, code, says } of FAILURES) {
  Deno.test(`vdeplug -d tells its caller of ${name}`, async () => {
    await inFolder(async (folder) => {
      const command = vdeplug("-d", "-p", "pid", ...args);
      await using caller = spawn(command, { cwd: folder });
      const status = await caller.exited;
      assertEquals([status.code, caller.stdout], [code, ""], caller.report());
      assertStringIncludes(caller.stderr, says);
      assert(caller.stderr.startsWith("vdeplug: "), caller.stderr);
      assertEquals(names(folder), []);
    });
  });
}

labTest(
  "vdeplug -d has its TAP up before its caller goes, and removes it",
  noTaps,
  async (lab) => {
    const host = await lab.host("a");
    await inFolder(async (folder) => {
      const pidFile = `${folder}/pid`;
      const [program, ...args] = vdeplug("-dp", pidFile, "tap://t0", "null://");
      await host.run(program, args);
      await using daemon = await Daemon.of(pidFile);
      await host.run("ip", ["link", "show", "dev", "t0"]);
      const busy = await host.attempt(program, args);
      assertEquals(busy.code, 1);
      assertStringIncludes(busy.stderr, "another program holds this interface");
      assertEquals((await Daemon.of(pidFile)).pid, daemon.pid);
      await daemon.end("SIGTERM");
      const { code } = await host.attempt("ip", ["link", "show", "dev", "t0"]);
      assertEquals([code, names(folder)], [1, []]);
    });
  },
);

Deno.test("vdeplug -d finds networks by paths relative to where it was started", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/net`, "switch://sw\n");
    await using daemon = await launch(folder, "./net", PROBE);
    const args = ["ping", "-c", "1", "-W", "20", "./sw", STATION];
    await using ping = spawn(vdeplug(...args), { cwd: folder });
    assertEquals((await ping.exited).code, 0, ping.report());
    await daemon.end("SIGTERM");
    assertEquals(names(folder), ["net"]);
  });
});

ffiTest("vdeplug -d keeps a socket that it has inherited", async () => {
  await inFolder(async (folder) => {
    using peer = new SocketPeer();
    const pidFile = `${folder}/pid`;
    const args = ["-d", "-p", pidFile, "seqpacket://5", PROBE];
    const pid = spawnProgram(vdeplug(...args), [[peer.theirFd, 5]]);
    peer.handOver();
    assertEquals((await waitForExit(pid)).code, 0);
    await using daemon = await Daemon.of(pidFile);
    assert(await peer.finds(STATION));
    peer.close();
    await daemon.ended();
    assertEquals(names(folder), []);
  });
});

ffiTest("vdeplug -d keeps a socket that is its standard input", async () => {
  await inFolder(async (folder) => {
    using peer = new SocketPeer();
    const pidFile = `${folder}/pid`;
    const args = ["-d", "-p", pidFile, "seqpacket://0", PROBE];
    const pid = spawnProgram(vdeplug(...args), [[peer.theirFd, 0]]);
    peer.handOver();
    assertEquals((await waitForExit(pid)).code, 0);
    await using daemon = await Daemon.of(pidFile);
    assert(await peer.finds(STATION));
    peer.close();
    await daemon.ended();
  });
});

ffiTest(
  "vdeplug -d goes on with the stream that it was started on",
  async () => {
    await inFolder(async (folder) => {
      using input = new TestPipe();
      using output = new TestPipe();
      const pidFile = `${folder}/pid`;
      const pid = spawnProgram(vdeplug("-dp", pidFile, PROBE), [
        [input.readFd, 0],
        [output.writeFd, 1],
      ]);
      input.close(input.readFd);
      output.close(output.writeFd);
      assertEquals((await waitForExit(pid)).code, 0);
      await using daemon = await Daemon.of(pidFile);
      writeOnce(input.writeFd, encode(question(STATION)));
      const answer = readOnce(output.readFd);
      assert(typeof answer !== "number" && answer.length > 0);
      input.close(input.writeFd);
      await daemon.ended();
      assertEquals(names(folder), []);
    });
  },
);

Deno.test("vdeplug -d runs a command, and ends when it does", async () => {
  await inFolder(async (folder) => {
    const script = `echo $$ >started; readlink /proc/$$/fd/2 >error; exec cat`;
    const args = ["null://", "=", "sh", "-c", script];
    const command = vdeplug("-d", "-p", "pid", ...args);
    await using caller = spawn(command, { cwd: folder });
    assertEquals((await caller.exited).code, 0, caller.report());
    await using daemon = await Daemon.of(`${folder}/pid`);
    const child = await eventually("its command", () => {
      const files = names(folder);
      return files.includes("error")
        ? Number(Deno.readTextFileSync(`${folder}/started`))
        : undefined;
    });
    assertEquals(
      await eventually(
        "its error",
        () => Deno.readTextFileSync(`${folder}/error`) || undefined,
      ),
      "/dev/null\n",
    );
    killProcess(child, SIGTERM);
    await daemon.ended();
    assertEquals(names(folder), ["error", "started"]);
  });
});
