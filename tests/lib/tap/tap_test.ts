import { assertEquals } from "@std/assert";
import { EpollSet } from "../../../ffi/epoll.ts";
import { Offload } from "../../../lib/plug/plugin.ts";
import { SuperframeTap } from "../../../lib/tap/superframe_tap.ts";
import { ffiTest } from "../../ffi/case.ts";
import { canMakeTaps, reasonToSkip } from "../../lab/mod.ts";
import { testInNamespace } from "../../plugins/in_namespace.ts";
import { burstOf, testOptions } from "../../plugs.ts";
import { frameOf, SEGMENT } from "../net/segments.ts";

testInNamespace({
  name: "taps hand over and take what the kernel has",
  file: "tests/lib/tap/tap_cases.ts",
  skip: await reasonToSkip(canMakeTaps()),
  prepare: async (host) => {
    // An interface with IPv6 talks of its own accord.
    const file = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
    await host.run("sh", ["-c", `echo 1 >${file}`]);
  },
});

ffiTest(
  "SuperframeTap.send() stops merging once the kernel refused it, says so once, and writes each segment",
  () => {
    const options = testOptions();
    // Writing to one answers EINVAL, whatever is written.
    const { fd } = new EpollSet();
    const offload = Offload.checksum | Offload.tcp4;
    using plug = new SuperframeTap(
      { fd, name: "t0", hasHeader: true, offload },
      options,
    );
    const burst = burstOf([0, 1, 2].map((index) =>
      frameOf({
        ...SEGMENT,
        id: index,
        sequence: SEGMENT.sequence + index * SEGMENT.payload.length,
      })
    ));
    for (let round = 1; round <= 2; round++) {
      assertEquals(plug.send(burst, 0), 3);
      assertEquals(options.sendCounters.snapshot().malformed, 3 * round);
    }
    assertEquals(options.lines, [
      'debug: interface "t0" refused a superframe of kind 1: segments are not merged any more',
    ]);
  },
);
