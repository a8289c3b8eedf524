/**
 * The contract of TAP plugs, and what else only a TAP can show. Run in a
 * namespace, where interfaces may be made.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { PlugError } from "../../lib/plug/errors.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { tapPlugin } from "../../plugins/tap.ts";
import { ffiTest } from "../ffi/case.ts";
import { searchPath } from "../lab/process.ts";
import {
  type OpenPair,
  plugContract,
  pluginContract,
} from "../plugin_contract.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  receiveFrames,
  takeFrames,
  type TestOptions,
  testOptions,
} from "../plugs.ts";

/** Runs `ip`, which must succeed. */
function ip(...args: string[]): string {
  const { code, stdout, stderr } = new Deno.Command("ip", {
    args,
    env: { PATH: searchPath() },
  }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, `ip ${args.join(" ")}: ${text(stderr)}`);
  return text(stdout);
}

function interfaces(): string[] {
  const links: { ifname: string }[] = JSON.parse(ip("-json", "link", "show"));
  return links.map(({ ifname }) => ifname);
}

async function open(
  vnl: string,
  options: TestOptions = testOptions(),
): Promise<Plug> {
  return await tapPlugin.open(parseVnl(vnl, tapPlugin.syntax), options);
}

ip(
  "link",
  "add",
  "bridge0",
  "type",
  "bridge",
  "mcast_snooping",
  "0",
  "forward_delay",
  "0",
  "stp_state",
  "0",
);
ip("link", "set", "bridge0", "mtu", "9216", "up");

/** Two TAPs on a bridge: what the kernel is given by one, it gives to the other. */
function pairWith(keys: string): OpenPair {
  return async (nearOptions, farOptions) => {
    const near = await open(`tap://near0${keys}`, nearOptions);
    const far = await open(`tap://far0${keys}`, farOptions);
    for (const name of ["near0", "far0"]) {
      ip("link", "set", name, "mtu", "9216", "master", "bridge0", "up");
    }
    return { near, far };
  };
}

pluginContract({
  plugin: tapPlugin,
  vnl: "tap://t0",
  openPair: pairWith(""),
  badVnls: [
    { vnl: "tap://lo", includes: 'attach to TAP interface "lo"' },
    { vnl: "tap://bridge0", includes: "EINVAL" },
    { vnl: "tap://t0[mtu=67]", includes: "mtu must be 68 to 9216" },
    { vnl: "tap://t0[mtu=9217]", includes: "received 9217" },
    { vnl: "tap://t0[offload=2]", includes: "offload must be 0 to 1" },
    { vnl: "tap://t0[queues=2]", includes: 'no key "queues"' },
  ],
});
plugContract("tap without superframes", { openPair: pairWith("[offload=0]") });

ffiTest("tap plug makes an interface, which goes with it", async () => {
  {
    using _plug = await open("tap://t0");
    assert(interfaces().includes("t0"));
  }
  assertEquals(interfaces().includes("t0"), false);
});

ffiTest("tap plug takes a name of 15 bytes", async () => {
  using _plug = await open("tap://abcdefghijklmno");
  assert(interfaces().includes("abcdefghijklmno"));
});

ffiTest(
  "tap plug without a name tells which one the kernel chose",
  async () => {
    const options = testOptions();
    using _plug = await open("tap://", options);
    assertMatch(options.lines[0], /^warn: tap:\/\/ is interface "tap\d+"$/);
    const [, name] = options.lines[0].split('"');
    assert(interfaces().includes(name));
  },
);

for (const mode of [[], ["multi_queue"]] as const) {
  ffiTest(
    `tap plug attaches to an interface that is there and leaves it: tuntap ${mode}`,
    async () => {
      ip("tuntap", "add", "dev", "ready0", "mode", "tap", ...mode);
      {
        using _plug = await open("tap://ready0");
      }
      assert(interfaces().includes("ready0"));
      ip("link", "delete", "ready0");
    },
  );
}

ffiTest("tap plugin says that an interface is busy", async () => {
  using _plug = await open("tap://t0");
  const error = await assertRejects(() => open("tap://t0"), PlugError, '"t0"');
  assertEquals(error.code, "EBUSY");
  assertStringIncludes(error.hint, "another program holds this interface");
});

ffiTest("tap plugin says that an interface is no TAP", async () => {
  ip("tuntap", "add", "dev", "tun0", "mode", "tun");
  for (const name of ["lo", "bridge0", "tun0"]) {
    const error = await assertRejects(() => open(`tap://${name}`), PlugError);
    assertEquals(error.code, "EINVAL");
    assertStringIncludes(error.hint, "is not a TAP");
  }
  ip("link", "delete", "tun0");
});

ffiTest("tap plug sets the MTU that it is told", async () => {
  using _plug = await open("tap://t0[mtu=1234]");
  assertMatch(ip("link", "show", "t0"), / mtu 1234 /);
});

for (const keys of ["", "[offload=0]"]) {
  ffiTest(
    `tap plug tap://t0${keys} waits while the interface is down`,
    async () => {
      const options = testOptions();
      const pair = await pairWith(keys)(options, testOptions());
      using near = pair.near;
      using far = pair.far;
      ip("link", "set", "near0", "down");
      const burst = burstOf([makeFrame(60, 1), makeFrame(60, 2)]);
      assertEquals(near.send(burst, 0), 2);
      assertEquals(takeFrames(near), []);
      assertEquals(options.sendCounters.snapshot().down, 2);
      ip("link", "set", "near0", "up");
      const frame = makeFrame(60, 3);
      assertEquals(near.send(burstOf([frame]), 0), 1);
      assertFrames(await receiveFrames(far, 1), [frame]);
      assertEquals(options.sendCounters.dropped(), 2);
    },
  );

  ffiTest(
    `tap plug tap://t0${keys} ends when the interface is removed`,
    async () => {
      using plug = await open(`tap://t0${keys}`);
      ip("link", "set", "t0", "up");
      ip("link", "delete", "t0");
      const burst = burstOf([makeFrame(60, 1)]);
      for (const use of [() => takeFrames(plug), () => plug.send(burst, 0)]) {
        const error = assertThrows(use, PlugError);
        assertMatch(error.message, /interface "t0": it was removed$/);
        assertEquals(error.code, "EBADFD");
      }
    },
  );
}
