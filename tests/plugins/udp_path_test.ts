import { assert, assertEquals } from "@std/assert";
import { canMakeNamespaces, labTest, reasonToSkip } from "../lab/mod.ts";
import { encode } from "../lib/plug/stream_reference.ts";
import { makeFrame } from "../plugs.ts";
import { count, counted, feed, narrowPath } from "./narrow_path.ts";

labTest(
  "udp plug goes on when a router says that a datagram was too long",
  await reasonToSkip(canMakeNamespaces()),
  async (lab) => {
    const { near, far, nearAddress, farAddress } = await narrowPath(lab);
    const receiver = await count(far, `udp://5000->${nearAddress}:5000`);
    const sender = await feed(near, `udp://5000->${farAddress}:5000`);
    // The router may drop the first long one, and says so; then it is cut.
    for (let round = 0; round < 5; round++) {
      await sender.write(encode(makeFrame(1450, round)));
      await sender.write(encode(makeFrame(60, round)));
      const arrived = await counted(receiver, 1 + 2 * round);
      assert(arrived, `round ${round}: ${sender.report()}`);
    }
    await sender.closeInput();
    await sender.exited;
    const { code } = await receiver.terminate();
    assertEquals([sender.status?.code, code], [0, 0], sender.report());
  },
);
