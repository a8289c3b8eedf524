/**
 * The contract of macvtap plugs, and what else only a macvtap can show. Run in
 * a namespace, where interfaces may be made.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { linkInfo } from "../../ffi/rtnetlink.ts";
import { PlugError } from "../../lib/plug/errors.ts";
import { Offload, type Plug } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { macvtapPlugin } from "../../plugins/macvtap.ts";
import { ffiTest } from "../ffi/case.ts";
import { ip } from "./ip_command.ts";
import {
  type OpenPair,
  plugContract,
  pluginContract,
} from "../plugin_contract.ts";
import { takeFrames, type TestOptions, testOptions, until } from "../plugs.ts";
import { exists, freeIndex } from "./macvtaps.ts";

async function open(
  vnl: string,
  options: TestOptions = testOptions(),
): Promise<Plug> {
  return await macvtapPlugin.open(parseVnl(vnl, macvtapPlugin.syntax), options);
}

/** Adds a macvtap, up; gives its device's path. */
function add(name: string): string {
  const index = freeIndex();
  const link = ["link", "lower0", "name", name, "index", `${index}`];
  ip("link", "add", ...link, "type", "macvtap", "mode", "bridge");
  ip("link", "set", name, "mtu", "9216", "up");
  return `/dev/tap${index}`;
}

const pair = ["type", "veth", "peer", "name", "lower1", "mtu", "9216"];
ip("link", "add", "lower0", "mtu", "9216", ...pair);
for (const name of ["lower0", "lower1"]) ip("link", "set", name, "up");
ip("link", "add", "link", "lower0", "name", "macvlan0", "type", "macvlan");
add("mv0");
add("near0");
add("far0");

/** Two stations on one interface: what is for everybody, each hears from the other. */
function pairWith(keys: string): OpenPair {
  return async (nearOptions, farOptions) => ({
    near: await open(`macvtap://near0${keys}`, nearOptions),
    far: await open(`macvtap://far0${keys}`, farOptions),
  });
}

pluginContract({
  plugin: macvtapPlugin,
  vnl: "macvtap://mv0",
  openPair: pairWith(""),
  badVnls: [
    { vnl: "macvtap://", includes: "macvtap needs an address" },
    { vnl: "macvtap://no-such-if", includes: 'find interface "no-such-if"' },
    { vnl: "macvtap://a-name-of-17-byte", includes: "ENODEV" },
    { vnl: "macvtap://lo", includes: 'must be a macvtap: "lo" is none' },
    { vnl: "macvtap://lower0", includes: '"lower0" is of type veth' },
    { vnl: "macvtap://macvlan0", includes: '"macvlan0" is of type macvlan' },
    { vnl: "macvtap://mv0[mtu=67]", includes: "mtu must be 68 to 9216" },
    { vnl: "macvtap://mv0[offload=2]", includes: "offload must be 0 to 1" },
    { vnl: "macvtap://mv0[mode=bridge]", includes: 'no key "mode"' },
  ],
});
plugContract("macvtap without superframes", {
  openPair: pairWith("[offload=0]"),
});

ffiTest("linkInfo() tells number, type and address", () => {
  const shown = JSON.parse(ip("-json", "-details", "link", "show", "mv0"));
  const { ifindex, address, linkinfo } = shown[0];
  const { index, kind, mac } = linkInfo("mv0");
  assertEquals([index, kind], [ifindex, linkinfo.info_kind]);
  const digits = Array.from(mac, (byte) => byte.toString(16).padStart(2, "0"));
  assertEquals(digits.join(":"), address);
  assertEquals(linkInfo("lo").kind, "");
});

ffiTest("macvtap plug leaves the interface and its device", async () => {
  const path = add("stays0");
  {
    using _plug = await open("macvtap://stays0");
  }
  assertEquals(linkInfo("stays0").kind, "macvtap");
  assert(exists(path));
  ip("link", "delete", "stays0");
});

for (
  const { keys, superframes } of [
    { keys: "", superframes: true },
    { keys: "[offload=0]", superframes: false },
  ]
) {
  ffiTest(
    `macvtap plug macvtap://mv0${keys} ${
      superframes ? "takes" : "takes no"
    } superframes`,
    async () => {
      using plug = await open(`macvtap://mv0${keys}`);
      const { tcp4, tcp6 } = Offload;
      assertEquals(plug.accepts & (tcp4 | tcp6), superframes ? tcp4 | tcp6 : 0);
    },
  );
}

ffiTest("macvtap plug sets the MTU that it is told", async () => {
  using _plug = await open("macvtap://mv0[mtu=1234]");
  assertMatch(ip("link", "show", "mv0"), / mtu 1234 /);
  ip("link", "set", "mv0", "mtu", "9216");
});

ffiTest("macvtap plugin says how large the MTU may be", async () => {
  ip("link", "set", "lower0", "mtu", "9000");
  const error = await assertRejects(
    () => open("macvtap://mv0[mtu=9001]"),
    PlugError,
    'set the MTU of "mv0" to 9001',
  );
  assertMatch(error.hint, /may not exceed that of the interface below/);
  ip("link", "set", "lower0", "mtu", "9216");
  ip("link", "set", "mv0", "mtu", "9216");
});

for (
  const { kind, name } of [
    { kind: "no interface", name: "no-such-if" },
    { kind: "another kind of interface", name: "macvlan0" },
  ]
) {
  ffiTest(`macvtap plugin says how to make a macvtap of ${kind}`, async () => {
    const error = await assertRejects(
      () => open(`macvtap://${name}`),
      PlugError,
    );
    assertStringIncludes(error.hint, "type macvtap mode bridge");
  });
}

/** What stands where a macvtap's device should be, and what is said of it. */
const DEVICES = [
  { what: "nothing", code: "ENOENT", hint: "nothing has made /dev/tap" },
  {
    what: "another interface's device",
    code: "ENODEV",
    hint: "is that of another interface, perhaps in another network namespace",
    other: "far0",
  },
  {
    what: "a device that is none of an interface",
    code: "ENODEV",
    hint: "is that of another interface",
    number: [1, 3],
  },
] as const;

for (const device of DEVICES) {
  ffiTest(
    `macvtap plugin says that ${device.what} is where the device should be, and how to make it`,
    async () => {
      const path = add("bare0");
      const aside = `${path}.aside`;
      Deno.renameSync(path, aside);
      try {
        if ("number" in device) mknod(path, device.number);
        if ("other" in device) {
          const other = `/dev/tap${linkInfo(device.other).index}`;
          const { rdev } = Deno.statSync(other);
          assert(rdev !== null);
          mknod(path, [rdev >> 8 & 0xfff, rdev & 0xff]);
        }
        const error = await assertRejects(
          () => open("macvtap://bare0"),
          PlugError,
          `open "${path}"`,
        );
        assertEquals(error.code, device.code);
        assertStringIncludes(error.hint, device.hint);
        assertStringIncludes(error.hint, `mknod ${path} c`);
        assertStringIncludes(error.hint, "/sys/class/net/bare0/tap");
      } finally {
        if (exists(path)) Deno.removeSync(path);
        Deno.renameSync(aside, path);
        ip("link", "delete", "bare0");
      }
    },
  );
}

function mknod(path: string, number: readonly number[]): void {
  const args = [path, "c", ...number.map(String)];
  const { success } = new Deno.Command("mknod", { args }).outputSync();
  assert(success, `mknod ${args.join(" ")}`);
}

for (const keys of ["", "[offload=0]"]) {
  ffiTest(
    `macvtap plug macvtap://gone0${keys} ends when the interface is removed, and not when another is`,
    async () => {
      add("gone0");
      add("other0");
      using plug = await open(`macvtap://gone0${keys}`);
      ip("link", "delete", "other0");
      ip("link", "set", "gone0", "down");
      for (let turn = 0; turn < 5; turn++) assertEquals(takeFrames(plug), []);
      ip("link", "delete", "gone0");
      let thrown: unknown;
      await until(() => {
        try {
          takeFrames(plug);
        } catch (error) {
          thrown = error;
        }
        return thrown !== undefined;
      });
      assert(thrown instanceof PlugError, `${thrown}`);
      assertMatch(thrown.message, /interface "gone0": it was removed$/);
      assertEquals(thrown.code, "ENODEV");
    },
  );
}
