import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { SystemError } from "../../ffi/libc.ts";
import { interfaceAddresses, interfaceIndex } from "../../ffi/netif.ts";
import { canMakeTaps, labTest, reasonToSkip } from "../lab/mod.ts";
import { ffiTest } from "./case.ts";

ffiTest("interfaceIndex() finds the loopback interface", () => {
  assertGreater(interfaceIndex("lo"), 0);
});

const NONE = ["", "no-such-if", "x".repeat(64), "lo ", "lo\0x"] as const;

for (const name of NONE) {
  ffiTest(
    `interfaceIndex() of ${JSON.stringify(name)} says that there is none`,
    () => {
      const error = assertThrows(
        () => interfaceIndex(name),
        Error,
        name.slice(0, 2),
      );
      assert(error instanceof SystemError || error instanceof TypeError);
      if (error instanceof SystemError) assertEquals(error.code, "ENODEV");
    },
  );
}

ffiTest("interfaceAddresses() tells the loopback addresses", () => {
  const found = interfaceAddresses()
    .filter(({ name }) => name === "lo")
    .map(({ address }) => `${address}`);
  assert(found.includes("127.0.0.1:0"), `${found}`);
});

const LISTING = new URL("list_addresses.ts", import.meta.url).pathname;

labTest(
  "interfaceAddresses() passes over interfaces without an address",
  await reasonToSkip(canMakeTaps()),
  async (lab) => {
    const host = await lab.host("a");
    // A TUN has no hardware address either: its entry holds a null pointer.
    for (const name of ["none0", "none1"]) {
      await host.run("ip", ["tuntap", "add", "dev", name, "mode", "tun"]);
    }
    await host.run("ip", ["address", "add", "192.0.2.1/25", "dev", "none1"]);
    const text = await host.run(Deno.execPath(), [
      ...["run", "--quiet", "--no-prompt", "--allow-ffi"],
      ...["--config", new URL("../../deno.json", import.meta.url).pathname],
      LISTING,
    ]);
    assertEquals(text.trim().split("\n").sort(), [
      "lo 127.0.0.1:0",
      "lo [::1]:0",
      "none1 192.0.2.1:0",
    ]);
  },
);
