/**
 * Debian's native plugins: nested ones over vde_switch, vdesl on a
 * pseudo-terminal, pcap on a veth, and slirp behind a TAP.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { NATIVE_PLUGINS } from "../../lib/native/native_plugins.ts";
import { MAX_FRAME_BYTES } from "../../lib/net/frame.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { Registry } from "../../lib/plug/registry.ts";
import { ffiTest } from "../ffi/case.ts";
import {
  type Availability,
  canMakeTaps,
  labTest,
  peerAvailable,
  reasonToSkip,
  spawn,
} from "../lab/mod.ts";
import { TestFolder } from "../lib/vde/fake_switch.ts";
import { plugContract, type TestOptions } from "../plugin_contract.ts";
import {
  burstOf,
  makeFrame,
  receiveFrames,
  takeFrames,
  testOptions,
} from "../plugs.ts";
import { eventually, start } from "./nodes.ts";
import { VDE_SWITCH_FRAME_BYTES, VdeSwitch } from "./vde_switch.ts";

/** Whether a native plugin is installed, and loads. */
async function pluginAvailable(scheme: string): Promise<Availability> {
  try {
    const plugin = await NATIVE_PLUGINS.find(scheme);
    if (plugin !== undefined) return { ok: true };
    return { ok: false, reason: `libvdeplug_${scheme}.so is not installed` };
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
}

async function open(
  vnl: string,
  options: TestOptions = testOptions(),
): Promise<Plug> {
  const registry = await Registry.load([], NATIVE_PLUGINS);
  return await registry.open(vnl, options);
}

/** A VNL around another one. */
type Nesting = (inner: string, folder: string) => string;

const KEY = "00112233445566778899aabbccddeeff";

interface Nested {
  readonly scheme: string;
  readonly name: string;
  readonly vnl: Nesting;
  /** What is left of the switch's longest frame. */
  readonly overheadBytes: number;
}

const NESTED: readonly Nested[] = [
  {
    scheme: "vlan",
    name: "vlan:// in ptp://",
    vnl: (inner) => `vlan://5{${inner}}`,
    overheadBytes: 4,
  },
  {
    scheme: "vlan",
    name: "vlan:// in vlan:// in ptp://",
    vnl: (inner) => `vlan://5{vlan://6[qinq]{${inner}}}`,
    overheadBytes: 8,
  },
  {
    scheme: "agno",
    name: "agno:// in ptp://",
    vnl: (inner, folder) => `agno://${folder}/key{${inner}}`,
    overheadBytes: 64,
  },
];

for (const { scheme, name, vnl, overheadBytes } of NESTED) {
  plugContract(name, {
    ignore: await reasonToSkip(
      pluginAvailable(scheme),
      pluginAvailable("ptp"),
    ),
    reliable: true,
    maxFrameBytes: MAX_FRAME_BYTES - overheadBytes,
    openPair: async (near, far) => {
      const folder = new TestFolder();
      Deno.writeTextFileSync(`${folder.path}/key`, KEY);
      const whole = vnl(`ptp://${folder.path}/ptp`, folder.path);
      return {
        near: await open(whole, near),
        far: await open(whole, far),
        [Symbol.dispose]: () => folder[Symbol.dispose](),
      };
    },
  });
}
