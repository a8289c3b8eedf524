/**
 * A shell that a person seems to type into: on a terminal of its own, by
 * script(1), with the completion of this program.
 *
 * @module
 */

import {
  type Availability,
  type LabProcess,
  peerAvailable,
  searchPath,
  spawn,
  vdeplug,
} from "../lab/mod.ts";

/** A shell, and what it has beside. */
export type ShellName = "bash" | "bash-completion" | "zsh" | "fish";

const BASH_COMPLETION = "/usr/share/bash-completion/bash_completion";

/** What a shell reads when it starts. Ctrl-G shows the line that was typed, and empties it. */
const SETUPS: Readonly<Record<ShellName, string>> = {
  bash: `bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
source <(vdeplug completion bash)
show() { printf '\\n<<%d %s>>\\n' $((++shown)) "$READLINE_LINE"; READLINE_LINE=; READLINE_POINT=0; }
bind -x '"\\C-g": show'
echo re""ady
`,
  get "bash-completion"() {
    return `source ${BASH_COMPLETION}\n${this.bash}`;
  },
  zsh: `autoload -Uz compinit && compinit -D -u
setopt nobeep
unset zle_bracketed_paste
source <(vdeplug completion zsh)
show() { print -r -- $'\\n'"<<$((++shown)) $BUFFER>>"; BUFFER=; }
zle -N show
bindkey '^G' show
echo re""ady
`,
  fish: `vdeplug completion fish | source
set -g shown 0
function show
    set -g shown (math $shown + 1)
    printf '\\n<<%d %s>>\\n' $shown (commandline)
    commandline ''
end
bind \\cg show
echo re""ady
`,
};

const COMMANDS: Readonly<Record<ShellName, (setup: string) => string>> = {
  bash: (setup) => `bash --noprofile --rcfile ${setup} -i`,
  "bash-completion": (setup) => `bash --noprofile --rcfile ${setup} -i`,
  zsh: () => "zsh -d -i",
  fish: (setup) => `fish --no-config -i -C 'source ${setup}'`,
};

/** Whether a shell can be typed into. */
export async function shellAvailable(shell: ShellName): Promise<Availability> {
  const script = await peerAvailable("script");
  if (!script.ok || shell !== "bash-completion") {
    return script.ok ? await peerAvailable(shell) : script;
  }
  try {
    await Deno.stat(BASH_COMPLETION);
    return await peerAvailable("bash");
  } catch {
    return { ok: false, reason: "bash-completion is not installed" };
  }
}

/** A folder to work in, with our programs in `bin`. Disposing removes it. */
export class ShellFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<ShellFolder> {
    const folder = new ShellFolder(
      await Deno.makeTempDir({ prefix: "vdeplug" }),
    );
    await Deno.mkdir(`${folder.path}/bin`);
    for (const name of ["vdeplug", "vde_plug", "dpipe"]) {
      const words = name === "vdeplug" ? vdeplug() : vdeplug(name);
      const command = words.map((word) => `'${word}'`).join(" ");
      await folder.addProgram(name, `#!/bin/sh\nexec ${command} "$@"\n`);
    }
    return folder;
  }

  async addProgram(name: string, text: string): Promise<void> {
    const path = `${this.path}/bin/${name}`;
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, 0o755);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** One shell at work. Disposing ends it. */
export class TypedShell implements AsyncDisposable {
  readonly #process: LabProcess;
  #shown = 0;

  private constructor(process: LabProcess) {
    this.#process = process;
  }

  /**
   * Starts a shell in a folder.
   *
   * @param before A command that runs first, in a network namespace of its own.
   */
  static async start(
    shell: ShellName,
    folder: ShellFolder,
    before?: string,
  ): Promise<TypedShell> {
    const { path } = folder;
    const setup = `${path}/.${shell === "zsh" ? "zshrc" : "setup"}`;
    await Deno.writeTextFile(setup, SETUPS[shell]);
    const own = before === undefined ? "" : `${before} && `;
    const line = `stty cols 200 rows 60 && ${own}exec ${
      COMMANDS[shell](setup)
    }`;
    const process = spawn([
      ...before === undefined ? [] : ["unshare", "-n", "--"],
      "script",
      "-qfec",
      line,
      "/dev/null",
    ], { cwd: path, input: true, env: environment(path) });
    const typed = new TypedShell(process);
    try {
      await process.waitFor(/ready/);
    } catch (error) {
      await typed[Symbol.asyncDispose]();
      throw error;
    }
    return typed;
  }

  /** Types a text and the tabulator; gives the line that there is then. */
  async complete(text: string): Promise<string> {
    const shown = ++this.#shown;
    await this.#process.write(new TextEncoder().encode(`${text}\t\x07`));
    const [, line] = await this.#process.waitFor(
      new RegExp(`<<${shown} ([^\\r\\n]*)>>`),
    );
    return line;
  }

  /** What was shown so far. */
  get screen(): string {
    return this.#process.stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** Nothing of whoever runs the tests, but for the runtime's cache. */
function environment(home: string): Record<string, string> {
  const cache = Deno.env.get("XDG_CACHE_HOME") ??
    `${Deno.env.get("HOME")}/.cache`;
  return {
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${cache}/deno`,
    HOME: home,
    LC_ALL: "C.UTF-8",
    PATH: `${home}/bin:${searchPath()}`,
    PS1: "> ",
    SHELL: "/bin/sh",
    TERM: "dumb",
    VDEPLUG_PLUGIN_PATH: `${home}/plugins`,
    XDG_CONFIG_HOME: `${home}/.config`,
    XDG_DATA_HOME: `${home}/.local/share`,
    ZDOTDIR: home,
  };
}
