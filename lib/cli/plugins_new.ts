/**
 * `vdeplug plugins new NAME`: a plugin to begin with, and its test.
 *
 * What is written works as it is: frames pass between two local sockets. The
 * plugin's file imports types alone, so that it is loaded wherever vdeplug
 * runs; its test imports the contract that all plugins keep.
 *
 * @module
 */

import { thisRuntime } from "../plug/runtime.ts";
import { describeFileError } from "../plug/file_error.ts";
import { PlugError } from "../plug/errors.ts";
import { UsageError } from "./usage_error.ts";
import { VERSION } from "./version.ts";

/** What is to be begun. */
export interface NewPlugin {
  /** The scheme. */
  readonly name: string;
  /** Where its files are written; made if it is not there. */
  readonly folder: string;
  /** Schemes that it would never be asked for. */
  readonly taken: readonly string[];
}

/** Where a plugin's file and its test find their types and the contract. */
export interface Library {
  readonly plugin: string;
  readonly testing: string;
}

const NAME_PATTERN = /^[a-z][a-z0-9_]{0,31}$/;
/** Words of the command itself, and what the search takes for a test. */
const WORDS = /^new$|_test$/;

/**
 * Writes both files.
 *
 * @returns Their paths: the plugin's, and the test's.
 * @throws {UsageError} If the name is none for a scheme, or is taken, or the
 * folder has none.
 * @throws {PlugError} If a file is there already, or cannot be written: then
 * neither of them is.
 */
export function writeNewPlugin(
  { name, folder, taken }: NewPlugin,
  library: Library = thisLibrary(),
): [string, string] {
  checkName(name, taken);
  checkFolder(folder);
  const base = `${folder.replace(/\/+$/, "") || "/"}/vdeplug_${name}`;
  const files = [
    [`${base}.ts`, pluginText(name, library)],
    [`${base}_test.ts`, testText(name, library)],
  ] as const;
  makeFolder(folder);
  for (const [path] of files) refuseExisting(path);
  writeAll(files);
  return [files[0][0], files[1][0]];
}

function checkName(name: string, taken: readonly string[]): void {
  if (!NAME_PATTERN.test(name)) {
    throw new UsageError(
      `Cannot begin a plugin "${name}" as NAME has lower-case letters, digits ` +
        `and "_", begins with a letter, and has at most 32 of them`,
    );
  }
  if (taken.includes(name) || WORDS.test(name)) {
    throw new UsageError(
      `Cannot begin a plugin "${name}": there is something of that name already`,
    );
  }
}

function checkFolder(folder: string): void {
  if (folder !== "") return;
  throw new UsageError(
    'Cannot begin a plugin as FOLDER is the path of a folder: received ""',
  );
}

function makeFolder(folder: string): void {
  attempt(`make the folder "${folder}"`, () => {
    Deno.mkdirSync(folder, { recursive: true });
  });
}

function refuseExisting(path: string): void {
  try {
    Deno.lstatSync(path);
  } catch {
    // What else there is about it, writing tells, which never replaces a file.
    return;
  }
  throw new PlugError(`Cannot write "${path}": there is such a file already`, {
    hint: "nothing was written: remove it, or choose another name or folder",
  });
}

/** Writes all, or none. */
function writeAll(files: readonly (readonly [path: string, text: string])[]) {
  using written = new DisposableStack();
  for (const [path, text] of files) {
    attempt(`write "${path}"`, () => {
      using file = Deno.openSync(path, { write: true, createNew: true });
      written.defer(() => Deno.removeSync(path));
      writeWhole(file, new TextEncoder().encode(text));
    });
  }
  written.move();
}

function writeWhole(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    done += file.writeSync(bytes.subarray(done));
  }
}

function attempt(what: string, run: () => void): void {
  try {
    run();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new PlugError(`Cannot ${what}: ${describeFileError(cause)}`, {
      cause,
    });
  }
}

/** From a checkout its own files, by their URLs; otherwise the package as it is published. */
function thisLibrary(): Library {
  const isCheckout = !thisRuntime().standalone &&
    import.meta.url.startsWith("file:");
  if (isCheckout) {
    return {
      plugin: import.meta.resolve("../kit/author.ts"),
      testing: import.meta.resolve("../testing/mod.ts"),
    };
  }
  const name = `jsr:@vdeplug/vdeplug@^${VERSION}`;
  return { plugin: `${name}/plugin`, testing: `${name}/testing` };
}

function pluginText(name: string, { plugin }: Library): string {
  return `/** \`${name}://\`: frames as datagrams between two local sockets. @module */
// Types alone: at run time this file needs nothing but what it is handed.
import type { Plugin } from "${plugin}";

/** Opens \`${name}://\` plugs. */
export const plugin: Plugin = {
  scheme: "${name}",
  summary: "Frames as datagrams between two local sockets.",
  description: ["Each end takes the two paths the other way round."],
  // What a VNL may say: for its check, for error texts and for help.
  syntax: {
    form: "bracket",
    address: "HERE,THERE",
    addressSummary: "paths of this end's socket, made here, and the other's",
    keys: [{
      name: "mtu",
      type: "integer",
      min: 1500,
      max: 9216,
      summary: "longest packet in a frame, in bytes; 9216 if absent",
    }],
    examples: [{ vnl: "${name}:///tmp/a,/tmp/b", summary: "from a to b" }],
  },
  open(vnl, options) {
    const [here, there, ...rest] = vnl.address.split(",");
    if (!here || !there || rest.length > 0) {
      throw new TypeError(\`Cannot open "\${vnl}": it takes HERE,THERE\`);
    }
    const socket = options.kit.localSocket(here, there);
    return options.kit.framePlug({
      maxFrameBytes: (vnl.number("mtu") ?? 9216) + 18, // header and VLAN tag
      fd: socket.fd, // readable: receive has a frame
      writeFd: socket.fd, // writable: send, which was "full", has room again
      receive: (room) => socket.receive(room), // a frame's length, or -1 if none
      // "sent", "full" or "down". What your network adds to a frame, add here.
      send: (frame) => socket.send(frame),
      [Symbol.dispose]: () => socket[Symbol.dispose](),
    }, options);
  },
};
`;
}

function testText(name: string, { testing }: Library): string {
  return `// Run it with: deno test --allow-all vdeplug_${name}_test.ts
import * as contract from "${testing}";
import { plugin } from "./vdeplug_${name}.ts";

const folder = Deno.makeTempDirSync();
globalThis.addEventListener("unload", () => {
  Deno.removeSync(folder, { recursive: true });
});

const vnl = (here: string, there: string) =>
  \`${name}://\${folder}/\${here},\${folder}/\${there}\`;

contract.pluginContract({
  plugin,
  // Opens by itself.
  vnl: vnl("one", "other"),
  // Must not open; the error's text includes this.
  badVnls: [
    { vnl: "${name}://", includes: "needs an address" },
    { vnl: "${name}:///tmp/x", includes: "HERE,THERE" },
    { vnl: "${name}:///tmp/x,/tmp/y[mtu=70]", includes: "1500" },
    { vnl: "${name}:///tmp/x,/tmp/y[colour=red]", includes: '"colour"' },
    { vnl: "${name}:///nonexistent/x,/tmp/y", includes: "/nonexistent/x" },
  ],
  // Nothing is lost: a full link waits.
  reliable: true,
  // What one sends, the other one receives.
  openPair: async (near, far) => {
    const open = (text: string, options: contract.TestOptions) =>
      plugin.open(contract.parseVnl(text, plugin.syntax), options);
    return {
      near: await open(vnl("near", "far"), near),
      far: await open(vnl("far", "near"), far),
    };
  },
});
`;
}
