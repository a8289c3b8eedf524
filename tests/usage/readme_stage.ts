/**
 * A stage for command lines as README.md has them: hosts on which they are
 * pasted into a shell that finds, in front of everything else, the program of
 * this tree, and stand-ins for what a test may not do.
 *
 * Each host has a folder that takes the place of `/tmp`, and one that is its
 * home.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  type Lab,
  type LabHost,
  type LabProcess,
  PATIENCE_MS,
  searchPath,
  spawn,
  vdeplug,
} from "../lab/mod.ts";
import { eventually, prepared } from "../interop/nodes.ts";
import { writePackageImports } from "./readme_package.ts";

/** Whoever runs the tests may do here what sudo is asked for. */
const SUDO = '#!/bin/sh\nexec "$@"\n';

/** Who may log in where; the rest runs on the host whose process $REMOTE_PID is. */
const SSH = `#!/bin/sh
[ "$1" = root@remote.host ] || exit 255
shift
exec nsenter -t "$REMOTE_PID" -n -- "$@"
`;

/**
 * A virtual machine with the network n0 of the command line, and for the rest
 * what $GUEST_WORDS says, one word a line: a kernel in place of the disk image.
 */
const KVM = `#!/bin/sh
IFS='
'
set -f
given=$#
option=
for word in $GUEST_WORDS; do
  case $option in
    -netdev | -device)
      case $word in *=n0,*) ;; *) set -- "$@" "$option" "$word" ;; esac
      option=
      continue
      ;;
  esac
  case $word in
    -netdev | -device) option=$word ;;
    qemu-system-*) program=$word ;;
    *) set -- "$@" "$word" ;;
  esac
done
while [ "$given" -gt 0 ]; do
  word=$1
  shift
  case $word in *.qcow2) ;; *) set -- "$@" "$word" ;; esac
  given=$((given - 1))
done
exec "$program" -global virtio-net-pci.romfile= "$@"
`;

/** What is changed in a line before it is pasted: one text for another. */
export type Edits = Readonly<Record<string, string>>;

/** How a line is pasted. */
export interface PasteOptions {
  /** What to change, where README.md says so. */
  readonly edits?: Edits;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder to paste it in; the host's own unless given. */
  readonly cwd?: string;
}

/** A host with a shell. */
export class StageHost {
  constructor(
    readonly host: LabHost,
    /** Takes the place of `/tmp`. */
    readonly folder: string,
    readonly programs: string,
  ) {}

  /** The user's home. */
  get home(): string {
    return `${this.folder}/home`;
  }

  /** Pastes a line that ends by itself, and must succeed; gives what it printed. */
  async paste(line: string, options: PasteOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(line, options);
    assertEquals(code, 0, `${line}\n${stderr}${stdout}`);
    return stdout;
  }

  /** Pastes a line that ends by itself, however it does. */
  async attempt(
    line: string,
    options: PasteOptions = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    return await this.host.attempt("sh", ["-c", this.#edited(line, options)], {
      ...this.#surroundings(options),
      // Some of them check and test whole modules.
      timeoutMs: 10 * PATIENCE_MS,
    });
  }

  /** Pastes a line that goes on. */
  start(line: string, options: PasteOptions = {}): LabProcess {
    const command = ["-c", this.#edited(line, options)];
    return this.host.spawn("sh", command, this.#surroundings(options));
  }

  /** The line as it is pasted. */
  #edited(line: string, { edits = {} }: PasteOptions): string {
    return Object.entries({ ...edits, "/tmp/": `${this.folder}/` }).reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      line,
    );
  }

  /** The words before a program that make it a pasted line: its own are left to the line. */
  asWords(line: string, options: PasteOptions = {}): string[] {
    const script = 'line=$1; shift; GUEST_WORDS=$(printf "%s\\n" "$@"); ' +
      'export GUEST_WORDS; exec sh -c "$line"';
    const settings = Object.entries(this.#surroundings(options).env)
      .map(([name, value]) => `${name}=${value}`);
    const shell = ["sh", "-c", script, "sh", this.#edited(line, options)];
    return ["env", "-C", this.folder, ...settings, ...shell];
  }

  #surroundings({ env = {}, cwd = this.folder }: PasteOptions) {
    const path = `${this.programs}:${searchPath()}`;
    return { env: { PATH: path, HOME: this.home, ...env }, cwd };
  }
}

/** Hosts of a lab with their folders. Disposing removes these. */
export class Stage implements AsyncDisposable {
  #hosts: StageHost[] = [];

  private constructor(readonly lab: Lab, readonly folder: string) {}

  static async create(lab: Lab): Promise<Stage> {
    await prepared();
    const stage = new Stage(lab, await Deno.makeTempDir({ prefix: "vdeplug" }));
    // man(1) reads as a user of its own.
    await Deno.chmod(stage.folder, 0o755);
    await Deno.mkdir(stage.#programs);
    // What Deno has fetched and compiled is not in the homes of the hosts.
    const cache = ["env", `DENO_DIR=${await denoFolder()}`];
    await stage.addProgram("vdeplug", runs([...cache, ...vdeplug()]));
    await writePackageImports(stage.imports);
    const deno = runs([...cache, Deno.execPath()]);
    await stage.addProgram("deno", withImports(deno, stage.imports));
    await stage.addProgram("sudo", SUDO);
    await stage.addProgram("ssh", SSH);
    await stage.addProgram("kvm", KVM);
    return stage;
  }

  get #programs(): string {
    return `${this.folder}/bin`;
  }

  /** An import map that leads to this tree whatever names the published package. */
  get imports(): string {
    return `${this.folder}/imports.json`;
  }

  /** Adds a host. */
  async host(name: string): Promise<StageHost> {
    const host = await this.lab.host(name);
    const folder = `${this.folder}/${name}`;
    await Deno.mkdir(`${folder}/home`, { recursive: true });
    const staged = new StageHost(host, folder, this.#programs);
    this.#hosts.push(staged);
    return staged;
  }

  /** Adds two hosts with a wire between them. */
  async wiredHosts(): Promise<[StageHost, StageHost]> {
    const [one, other] = [await this.host("one"), await this.host("other")];
    await this.lab.link(one.host, other.host);
    return [one, other];
  }

  /** Puts a script in front of the programs of the same name. */
  async addProgram(name: string, text: string): Promise<void> {
    const file = `${this.#programs}/${name}`;
    await Deno.writeTextFile(file, text);
    await Deno.chmod(file, 0o755);
  }

  /** Ids of all that runs on the hosts. */
  async processes(): Promise<number[]> {
    const namespaces = await Promise.all(
      this.#hosts.map(({ host }) => namespaceOf(host.pid)),
    );
    const found: number[] = [];
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const namespace = await namespaceOf(Number(name));
      if (namespace !== undefined && namespaces.includes(namespace)) {
        found.push(Number(name));
      }
    }
    return found;
  }

  /** Ends all hosts, and waits until nothing is left of what was started on them. */
  async end(): Promise<void> {
    const running = await this.processes();
    const before = new Map<number, string | undefined>();
    for (const pid of running) before.set(pid, await namespaceOf(pid));
    await this.lab[Symbol.asyncDispose]();
    await eventually("the end of all that was started", async () => {
      for (const [pid, namespace] of before) {
        if (await namespaceOf(pid) === namespace) return undefined;
      }
      return true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

let cacheFolder: Promise<string> | undefined;

/** Where Deno keeps what it has fetched and compiled. */
function denoFolder(): Promise<string> {
  return cacheFolder ??= askDenoFolder();
}

async function askDenoFolder(): Promise<string> {
  await using process = spawn([Deno.execPath(), "info", "--json"]);
  assertEquals((await process.exited).code, 0, process.report());
  return JSON.parse(process.stdout).denoDir;
}

/** The script of `deno`, for tests that import the published package. */
function withImports(script: string, imports: string): string {
  const test =
    `[ "$1" = test ] && shift && set -- test --import-map '${imports}' "$@"`;
  return script.replace("\n", `\n${test}\n`);
}

/** A script that runs a command with arguments of its own behind it. */
function runs(command: readonly string[]): string {
  const words = command.map((word) => `'${word}'`).join(" ");
  return `#!/bin/sh\nexec ${words} "$@"\n`;
}

/** What names the network namespace of a process; undefined once it has none. */
async function namespaceOf(pid: number): Promise<string | undefined> {
  try {
    return await Deno.readLink(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
