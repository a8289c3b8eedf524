/**
 * What a vxvde node learns about where stations are, and what makes it forget.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { UdpSocket } from "../../../ffi/socket.ts";
import { ffiTest } from "../../ffi/case.ts";
import { receiveFrom } from "../../ffi/sockets.ts";
import { burstOf, makeFrame, until } from "../../plugs.ts";
import { datagramOf, type Family } from "./loopback_lan.ts";
import {
  assertRefused,
  frameOf,
  type FrameOptions,
  Party,
  VNI,
} from "./vxvde_party.ts";

/** Far above what it takes. */
const FORGETTING_MS = 30_000;

/** A peer speaks: the node learns where the station is that sent the frame. */
async function speak(
  party: Party,
  peer: UdpSocket,
  frame: FrameOptions,
): Promise<void> {
  const bytes = datagramOf(VNI, frameOf(frame));
  assertEquals((await party.deliver({ from: peer, bytes })).length, 1);
}

/** Registers the tests for one family. */
export function learningCases(family: Family): void {
  const { name } = family;

  ffiTest(
    `vxvde on ${name} sends to everybody until a station was heard, then to its peer`,
    async () => {
      using party = await Party.open(family);
      const peer = party.peer();
      await party.assertFlooded(frameOf({ to: 7 }));
      await speak(party, peer, { from: 7 });
      await party.assertSentTo(peer, frameOf({ to: 7 }));
      await party.assertFlooded(frameOf({ to: 8 }));
      await party.assertFlooded(frameOf());
    },
  );

  ffiTest(
    `vxvde on ${name} learns from what comes to its own port too`,
    async () => {
      using party = await Party.open(family);
      const to = await party.ownAddress();
      const peer = party.peer();
      const bytes = datagramOf(VNI, frameOf({ from: 7 }));
      await party.deliver({ from: peer, bytes, to });
      await party.assertSentTo(peer, frameOf({ to: 7 }));
    },
  );

  ffiTest(
    `vxvde on ${name} sends the frames of one burst each to its peer`,
    async () => {
      using party = await Party.open(family);
      const peers = [party.peer(), party.peer()];
      await speak(party, peers[0], { from: 1 });
      await speak(party, peers[1], { from: 2 });
      const frames = Array.from(
        { length: 100 },
        (_, index) => frameOf({ to: 1 + (index % 3) }),
      );
      assertEquals(party.node.send(burstOf(frames), 0), 100);
      for (const [index, socket] of [...peers, party.listener].entries()) {
        const wanted = frames.filter((_, at) => at % 3 === index);
        const got: string[] = [];
        await until(() => {
          for (;;) {
            const datagram = receiveFrom(socket);
            if (datagram === undefined) break;
            // The listener has also heard the peers speak.
            const text = datagram.bytes.subarray(8).join();
            if (wanted.some((frame) => frame.join() === text)) got.push(text);
          }
          return got.length >= wanted.length;
        });
        assertEquals(got, wanted.map((frame) => frame.join()));
      }
      assertEquals(party.sent("flooded"), 33);
    },
  );

  ffiTest(
    `vxvde on ${name} learns each station of many that speak at once`,
    async () => {
      using party = await Party.open(family);
      using other = await party.lan.open(`/vni=${VNI}`);
      // Equal in length: the kernel may hand them over as one message.
      const stations = Array.from({ length: 40 }, (_, index) => ({
        from: 100 + index % 20,
        vlan: index < 20 ? 1 : 2,
      }));
      const frames = stations.map((station) => frameOf(station));
      assertEquals(other.send(burstOf(frames), 0), frames.length);
      let heard = 0;
      await until(() => (heard += party.take().length) >= frames.length);
      assertEquals(heard, frames.length);
      const answers = stations.map(({ from, vlan }) =>
        frameOf({ to: from, vlan })
      );
      assertEquals(party.node.send(burstOf(answers), 0), answers.length);
      assertEquals(party.sent("flooded"), 0);
    },
  );

  ffiTest(`vxvde on ${name} follows a station to another peer`, async () => {
    using party = await Party.open(family);
    const [one, other] = [party.peer(), party.peer()];
    await speak(party, one, { from: 7 });
    await speak(party, other, { from: 7 });
    await party.assertSentTo(other, frameOf({ to: 7 }));
  });

  ffiTest(`vxvde on ${name} knows one address on two VLANs apart`, async () => {
    using party = await Party.open(family);
    const [one, other] = [party.peer(), party.peer()];
    await speak(party, one, { from: 7, vlan: 1 });
    // 1025 is 1 where only ten bits of the number are looked at.
    await speak(party, other, { from: 7, vlan: 1025 });
    await party.assertSentTo(one, frameOf({ to: 7, vlan: 1 }));
    await party.assertSentTo(other, frameOf({ to: 7, vlan: 1025 }));
    await party.assertFlooded(frameOf({ to: 7 }));
  });

  ffiTest(`vxvde on ${name} learns no group address`, async () => {
    using party = await Party.open(family);
    const frame = frameOf();
    frame.fill(0xff, 6, 12);
    await party.deliver({ from: party.peer(), bytes: datagramOf(VNI, frame) });
    await party.assertFlooded(frameOf());
  });

  ffiTest(`vxvde on ${name} learns nothing from what it drops`, async () => {
    using party = await Party.open(family);
    const from = party.peer();
    const bytes = datagramOf(VNI + 1, frameOf({ from: 7 }));
    await party.deliver({ from, bytes });
    await party.assertFlooded(frameOf({ to: 7 }));
  });

  ffiTest(
    `vxvde on ${name} forgets on goodbye what it learned from that peer, and no more`,
    async () => {
      using party = await Party.open(family);
      const [one, other] = [party.peer(), party.peer()];
      await speak(party, one, { from: 7 });
      await speak(party, one, { from: 8 });
      await speak(party, other, { from: 9 });
      // A goodbye speaks for nobody but its sender, and for its network.
      const forger = party.peer();
      await party.deliver({ from: forger, bytes: datagramOf(VNI) });
      await party.deliver({ from: one, bytes: datagramOf(VNI + 1) });
      await party.assertSentTo(one, frameOf({ to: 7 }));
      const got = await party.deliver({ from: one, bytes: datagramOf(VNI) });
      assertEquals(got.length, 0);
      await party.assertFlooded(frameOf({ to: 7 }));
      await party.assertFlooded(frameOf({ to: 8 }));
      await party.assertSentTo(other, frameOf({ to: 9 }));
      await speak(party, one, { from: 7 });
      await party.assertSentTo(one, frameOf({ to: 7 }));
    },
  );

  ffiTest(
    `vxvde on ${name} forgets a silent station after expiretime`,
    async () => {
      using party = await Party.open(family, "/expiretime=2");
      const peer = party.peer();
      const start = performance.now();
      await speak(party, peer, { from: 7 });
      await party.assertSentTo(peer, frameOf({ to: 7 }));
      const before = party.sent("flooded");
      // That it is sent to keeps no station known: only what it says does.
      assert(
        await until(() => {
          party.send(frameOf({ to: 7 }));
          return party.sent("flooded") > before;
        }, FORGETTING_MS),
        "it was never forgotten",
      );
      assert(performance.now() - start > 1900, "it was forgotten too early");
    },
  );

  ffiTest(
    `vxvde on ${name} forgets a peer that the network says is not there`,
    async () => {
      using party = await Party.open(family);
      const peer = party.lan.peer();
      await speak(party, peer, { from: 7 });
      await party.assertSentTo(peer, frameOf({ to: 7 }));
      peer[Symbol.dispose]();
      party.send(frameOf({ to: 7 }));
      // From then on the next frame goes to everybody.
      await assertRefused(party.node);
      await party.assertFlooded(frameOf({ to: 7 }));
    },
  );

  ffiTest(
    `vxvde on ${name} forgets a peer that is not there though nothing more is sent`,
    async () => {
      using party = await Party.open(family);
      const peer = party.lan.peer();
      await speak(party, peer, { from: 7 });
      peer[Symbol.dispose]();
      party.send(frameOf({ to: 7 }));
      await assertRefused(party.node);
      await party.deliver();
      await party.assertFlooded(frameOf({ to: 7 }));
    },
  );

  ffiTest(
    `vxvde on ${name} remembers at most hashsize stations, and never loses those of a quiet peer to a loud one`,
    async () => {
      using party = await Party.open(family, "/hashsize=16");
      const [quiet, loud] = [party.peer(), party.peer()];
      const to = await party.ownAddress();
      await speak(party, quiet, { from: 7 });
      for (let round = 0; round < 20; round++) {
        const flood = Array.from({ length: 50 }, (_, index) => ({
          from: loud,
          to,
          bytes: datagramOf(VNI, frameOf({ from: 1000 + 50 * round + index })),
        }));
        assertEquals((await party.deliver(...flood)).length, 50);
      }
      await party.assertSentTo(quiet, frameOf({ to: 7 }));
      await party.assertFlooded(frameOf({ to: 1000 }));
      await party.assertSentTo(loud, frameOf({ to: 1999 }));
    },
  );

  ffiTest(
    `vxvde on ${name} finds a peer again that comes back at another port`,
    async () => {
      using party = await Party.open(family);
      const old = party.lan.peer();
      await speak(party, old, { from: 7 });
      old[Symbol.dispose]();
      const young = party.peer();
      await speak(party, young, { from: 7 });
      await party.assertSentTo(young, frameOf({ to: 7 }));
      await party.assertFlooded(makeFrame(60, 1));
    },
  );
}
