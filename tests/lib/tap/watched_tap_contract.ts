/**
 * The plug behind `macvtap://` on plain TAPs, for kernels that have no macvtap.
 * Run in a namespace, where interfaces may be made.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { openTap, tapIdentity } from "../../../ffi/if_tun.ts";
import { linkInfo } from "../../../ffi/rtnetlink.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import { WatchedTap } from "../../../lib/tap/watched_tap.ts";
import { ffiTest } from "../../ffi/case.ts";
import { type OpenPair, plugContract } from "../../plugin_contract.ts";
import { takeFrames, type TestOptions, testOptions } from "../../plugs.ts";
import { ip } from "../../plugins/ip_command.ts";

const bridge = ["mcast_snooping", "0", "forward_delay", "0", "stp_state", "0"];
ip("link", "add", "bridge0", "type", "bridge", ...bridge);
ip("link", "set", "bridge0", "mtu", "9216", "up");

function open(
  name: string,
  offload: boolean,
  options: TestOptions = testOptions(),
): WatchedTap {
  return new WatchedTap(openTap(name, { offload, mtu: undefined }), options);
}

function pairWith(offload: boolean): OpenPair {
  return (nearOptions, farOptions) => {
    const near = open("near0", offload, nearOptions);
    const far = open("far0", offload, farOptions);
    for (const name of ["near0", "far0"]) {
      ip("link", "set", name, "mtu", "9216", "master", "bridge0", "up");
    }
    return Promise.resolve({ near, far });
  };
}

plugContract("watched tap", { openPair: pairWith(true) });
plugContract("watched tap without superframes", { openPair: pairWith(false) });

ffiTest(
  "tapIdentity() tells whose descriptor it is, until that is gone",
  () => {
    const { fd, ...tap } = openTap("t0", { offload: true, mtu: undefined });
    using _plug = new WatchedTap({ fd, ...tap }, testOptions());
    assertEquals(tapIdentity(fd), { name: "t0", mac: linkInfo("t0").mac });
    ip("link", "delete", "t0");
    assertEquals(tapIdentity(fd), undefined);
  },
);

ffiTest("WatchedTap ends when the interface is removed", () => {
  using plug = open("t0", true);
  assertEquals(takeFrames(plug), []);
  ip("link", "delete", "t0");
  const words = 'interface "t0": it was removed';
  assertThrows(() => takeFrames(plug), PlugError, words);
});
