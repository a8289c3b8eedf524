import { assertEquals } from "@std/assert";
import {
  bondingPlugin,
  hubPlugin,
  multiPlugin,
  switchPlugin,
} from "../../plugins/switch.ts";
import { PlugError } from "../../lib/plug/errors.ts";
import type { Plugin } from "../../lib/plug/plugin.ts";
import { join, makeFolder, openPlug } from "../lib/switch/clients.ts";
import { ffiTest } from "../ffi/case.ts";
import {
  type OpenPair,
  pluginContract,
  testOptions,
} from "../plugin_contract.ts";

const FOLDER = `/tmp/vdeplug-switch-${Deno.pid}`;

/** The host at one end, a client at the other; or the other way round. */
function pairOf(plugin: Plugin, hostIsNear: boolean): OpenPair {
  return async (near, far) => {
    const parent = makeFolder();
    const folder = `${parent.path}/net`;
    const [hostOptions, options] = hostIsNear ? [near, far] : [far, near];
    const host = await openPlug(
      plugin,
      `${plugin.scheme}://${folder}`,
      hostOptions,
    );
    const client = await join(host, folder, { options });
    const [one, other] = hostIsNear ? [host, client] : [client, host];
    return {
      near: one,
      far: other,
      [Symbol.dispose]: () => parent[Symbol.dispose](),
    };
  };
}

const PLUGINS = [switchPlugin, hubPlugin, multiPlugin, bondingPlugin];

for (const plugin of PLUGINS) {
  const { scheme } = plugin;
  const vnl = `${scheme}://${FOLDER}`;
  pluginContract({
    plugin,
    vnl,
    openPair: pairOf(plugin, true),
    badVnls: [
      { vnl: `${vnl}[mode=888]`, includes: "mode" },
      { vnl: `${vnl}[mode=1000]`, includes: "mode" },
      { vnl: `${vnl}[dirmode=17777]`, includes: "dirmode" },
      { vnl: `${vnl}[grp=no_such_group]`, includes: "no_such_group" },
      { vnl: `${vnl}[port=1]`, includes: "no key" },
      { vnl: `${scheme}:///no/such/folder/net`, includes: "ENOENT" },
      { vnl: `${scheme}:///dev/null`, includes: "it is no folder" },
      { vnl: `${scheme}:///tmp/${"n".repeat(101)}`, includes: "107 bytes" },
      { vnl: `${scheme}:///proc/net1`, includes: "/proc" },
    ],
  });
}

pluginContract({
  plugin: switchPlugin,
  vnl: `switch://${FOLDER}`,
  openPair: pairOf(switchPlugin, false),
  badVnls: [
    { vnl: `switch://${FOLDER}[hashsize=0]`, includes: "hashsize" },
    { vnl: `switch://${FOLDER}[hashseed=x]`, includes: "hashseed" },
    { vnl: `switch://${FOLDER}[expiretime=soon]`, includes: "expiretime" },
  ],
});

/** As the C plugins take them, for each scheme. */
const KEYS = "mode=600/dirmode=700/grp=/hashsize=7/hashseed=3/expiretime=-1";

for (const plugin of PLUGINS) {
  ffiTest(
    `${plugin.scheme} plugin takes all keys of the C plugin`,
    async () => {
      using parent = makeFolder();
      const folder = `${parent.path}/net`;
      using plug = await openPlug(
        plugin,
        `${plugin.scheme}://${folder}[${KEYS}]`,
      );
      using _client = await join(plug, folder);
    },
  );
}

ffiTest(
  "switch plugin without a folder is in /tmp, under the user's name",
  async () => {
    const options = testOptions();
    const name = await userNameOf();
    const path = `/tmp/vdenode_${name}`;
    if (exists(path)) return; // somebody's switch
    const opening = openPlug(switchPlugin, "switch://", options);
    using plug = await opening.catch((error) => {
      const isTaken = error instanceof PlugError && error.code === "EADDRINUSE";
      if (!isTaken) throw error;
      return undefined;
    });
    if (plug === undefined) return; // somebody was faster
    using _client = await join(plug, path);
    assertEquals(options.lines.slice(0, 1), [
      `debug: switch:// listens in "${path}"`,
    ]);
  },
);

/** What the system's own tool says. */
async function userNameOf(): Promise<string> {
  const { stdout } = await new Deno.Command("id", { args: ["-un"] }).output();
  return new TextDecoder().decode(stdout).trim();
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
