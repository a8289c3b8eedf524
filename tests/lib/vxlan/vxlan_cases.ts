/**
 * What a vxlan node puts on the wire, takes from it and learns, in any setting
 * that has such a node and peers.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ffiTest } from "../../ffi/case.ts";
import { joinBytes } from "../../ffi/pipes.ts";
import { nextDatagram, sendTo } from "../../ffi/sockets.ts";
import { assertFrames, burstOf, makeFrame, until } from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { datagramOf } from "./loopback_lan.ts";
import { Scene, type Setting, VNI } from "./vxlan_scene.ts";
import { assertHears, assertRefused, frameOf } from "./vxvde_party.ts";

/** Far above what it takes until a station is forgotten. */
const FORGETTING_MS = 30_000;

function withBytes(
  ...changes: readonly (readonly [number, number])[]
): Uint8Array<ArrayBuffer> {
  const datagram = datagramOf(VNI, makeFrame(60, 1));
  for (const [index, value] of changes) datagram[index] = value;
  return datagram;
}

/** Datagrams that are not for the node, and as what they are counted. */
const UNWANTED = [
  {
    name: "of another network",
    counted: "foreign",
    bytes: datagramOf(VNI + 1, makeFrame(60, 1)),
  },
  {
    name: "of a network whose number ends the same",
    counted: "foreign",
    bytes: datagramOf(VNI & 0xff, makeFrame(60, 1)),
  },
  {
    name: "of a network whose number begins the same",
    counted: "foreign",
    bytes: datagramOf(VNI ^ 0xff, makeFrame(60, 1)),
  },
  { name: "with no flag set", counted: "malformed", bytes: withBytes([0, 0]) },
  {
    name: "that says that its payload is another protocol's (VXLAN-GPE)",
    counted: "malformed",
    bytes: withBytes([0, 0x0c], [3, 1]),
  },
  { name: "of no bytes", counted: "malformed", bytes: new Uint8Array(0) },
  { name: "of one byte", counted: "malformed", bytes: Uint8Array.of(8) },
  {
    name: "of seven bytes",
    counted: "malformed",
    bytes: datagramOf(VNI).slice(0, 7),
  },
  { name: "of a header alone", counted: "runt", bytes: datagramOf(VNI) },
  {
    name: "with 13 bytes behind the header",
    counted: "runt",
    bytes: datagramOf(VNI, makeFrame(13, 1)),
  },
  {
    name: "with 9235 bytes behind the header",
    counted: "oversize",
    bytes: datagramOf(VNI, makeFrame(9235, 1)),
  },
] as const;

/** Bytes that the standard reserves, and has ignored. */
const RESERVED = [1, 2, 3, 7];

/** Registers the tests for one setting. */
export function vxlanCases(name: string, setting: Setting): void {
  const open = (keys = "") => Scene.open(setting, keys);

  ffiTest(
    `vxlan on ${name} puts the header before the frame, and sends from the port at which it is reached`,
    async () => {
      using scene = await open();
      for (const frame of [frameOf(), makeFrame(14, 1), makeFrame(9234, 2)]) {
        scene.send(frame);
        const { bytes, from } = await nextDatagram(scene.parts.listener);
        const header = Uint8Array.of(8, 0, 0, 0, 0x12, 0x34, 0x56, 0);
        assertEquals(bytes, joinBytes([header, frame]));
        const { targets } = scene.parts;
        assertEquals(`${from}`, `${targets[targets.length - 1]}`);
      }
    },
  );

  ffiTest(
    `vxlan on ${name} takes frames from everybody, and of every length`,
    async () => {
      using scene = await open();
      const peers = [scene.peer(), scene.peer()];
      const frames = [14, 15, 60, 1514, 9018, 9234]
        .map((length, seed) => makeFrame(length, seed));
      const got = await scene.deliver(...frames.map((frame, index) => ({
        from: peers[index % 2].speaking,
        bytes: datagramOf(VNI, frame),
      })));
      const { targets } = scene.parts;
      assertFrames(got, frames.flatMap((frame) => targets.map(() => frame)));
      assertEquals(scene.parts.options.receiveCounters.dropped(), 0);
    },
  );

  for (const { name: what, counted, bytes } of UNWANTED) {
    ffiTest(
      `vxlan on ${name} drops a datagram ${what}, and counts it as ${counted}`,
      async () => {
        using scene = await open();
        const from = scene.peer().speaking;
        assertFrames(await scene.deliver({ from, bytes }), []);
        const { options, targets } = scene.parts;
        assertEquals(scene.received(counted), targets.length);
        assertEquals(options.receiveCounters.dropped(), targets.length);
      },
    );
  }

  for (const index of RESERVED) {
    ffiTest(
      `vxlan on ${name} ignores what stands in byte ${index} of the header, as RFC 7348 has it`,
      async () => {
        using scene = await open();
        const from = scene.peer().speaking;
        const bytes = withBytes([index, 0xff]);
        const frame = bytes.subarray(8);
        const { targets } = scene.parts;
        assertFrames(
          await scene.deliver({ from, bytes }),
          targets.map(() => frame),
        );
      },
    );
  }

  ffiTest(
    `vxlan on ${name} gives no frame of random and cut datagrams but what has a frame's length, and goes on`,
    async () => {
      using scene = await open();
      const random = seededRandom(2);
      const peer = scene.peer();
      const whole = datagramOf(VNI, makeFrame(100, 1));
      let [sent, frames] = [0, 0];
      for (let count = 0; count < 20_000; count++) {
        // A good one that is cut off, or has a byte changed, or anything at all.
        const bytes = random.below(2)
          ? whole.slice(0, random.below(whole.length))
          : random.bytes(random.below(100));
        if (bytes.length > 8 && random.below(2)) bytes[random.below(8)] ^= 1;
        const { targets } = scene.parts;
        sendTo(peer.speaking, bytes, targets[random.below(targets.length)]);
        sent++;
        // No more than the socket holds until it is looked at.
        if (count % 8 > 0) continue;
        const { receiveCounters } = scene.parts.options;
        const arrived = await until(() => {
          frames += scene.take().length;
          return frames + receiveCounters.dropped() >= sent;
        });
        assert(arrived, "datagrams are lost on the way");
      }
      frames += (await scene.deliver()).length;
      assert(frames > 0, "those that are long enough are frames");
      // The last ones are the stranger's.
      const { options } = scene.parts;
      assertEquals(frames + options.receiveCounters.dropped(), sent);
      await scene.speak(peer, { from: 7 });
      const frame = frameOf({ to: 7 });
      scene.send(frame);
      // The listener, too, was told all that, and has no room left.
      await assertHears(peer.reached, datagramOf(VNI, frame));
    },
  );

  ffiTest(
    `vxlan on ${name} sends to everybody until a station was heard, then to its host at the network's port`,
    async () => {
      using scene = await open();
      const peer = scene.peer();
      await scene.assertFlooded(frameOf({ to: 7 }));
      await scene.speak(peer, { from: 7 });
      await scene.assertSentTo(peer, frameOf({ to: 7 }));
      await scene.assertFlooded(frameOf({ to: 8 }));
      await scene.assertFlooded(frameOf());
    },
  );

  ffiTest(
    `vxlan on ${name} knows a host that speaks from many ports as one`,
    async () => {
      using scene = await open("/hashsize=4");
      const peer = scene.peer();
      const { address, bind } = scene.parts;
      // More ports than there is room for peers.
      for (let from = 10; from < 30; from++) {
        using other = bind(address(1), 0);
        const bytes = datagramOf(VNI, frameOf({ from: from % 4 }));
        await scene.deliver({ from: other, bytes });
      }
      await scene.speak(peer, { from: 2 });
      await scene.assertSentTo(peer, frameOf({ to: 2 }));
    },
  );

  ffiTest(
    `vxlan on ${name} sends the frames of one burst each to its peer`,
    async () => {
      using scene = await open();
      const peers = [scene.peer(), scene.peer()];
      await scene.speak(peers[0], { from: 0 });
      await scene.speak(peers[1], { from: 1 });
      const frames = Array.from(
        { length: 60 },
        (_, index) => frameOf({ to: index % 2 }),
      );
      assertEquals(scene.parts.node.send(burstOf(frames), 0), 60);
      for (const [index, frame] of frames.entries()) {
        await assertHears(peers[index % 2].reached, datagramOf(VNI, frame));
      }
      assertEquals(scene.sent("flooded"), 0);
    },
  );

  ffiTest(`vxlan on ${name} follows a station to another peer`, async () => {
    using scene = await open();
    const [one, other] = [scene.peer(), scene.peer()];
    await scene.speak(one, { from: 7 });
    await scene.speak(other, { from: 7 });
    await scene.assertSentTo(other, frameOf({ to: 7 }));
  });

  ffiTest(`vxlan on ${name} knows one address on two VLANs apart`, async () => {
    using scene = await open();
    const [one, other] = [scene.peer(), scene.peer()];
    await scene.speak(one, { from: 7, vlan: 1 });
    // 1025 is 1 where only ten bits of the number are looked at.
    await scene.speak(other, { from: 7, vlan: 1025 });
    await scene.assertSentTo(one, frameOf({ to: 7, vlan: 1 }));
    await scene.assertSentTo(other, frameOf({ to: 7, vlan: 1025 }));
    await scene.assertFlooded(frameOf({ to: 7 }));
  });

  ffiTest(`vxlan on ${name} learns nothing from what it drops`, async () => {
    using scene = await open();
    const from = scene.peer().speaking;
    const bytes = datagramOf(VNI + 1, frameOf({ from: 7 }));
    await scene.deliver({ from, bytes });
    await scene.assertFlooded(frameOf({ to: 7 }));
  });

  ffiTest(
    `vxlan on ${name} takes a header alone for no goodbye, whoever sends it`,
    async () => {
      using scene = await open();
      const [one, forger] = [scene.peer(), scene.peer()];
      await scene.speak(one, { from: 7 });
      for (const { reached, speaking } of [one, forger]) {
        for (const from of [reached, speaking]) {
          await scene.deliver({ from, bytes: datagramOf(VNI) });
        }
      }
      await scene.assertSentTo(one, frameOf({ to: 7 }));
    },
  );

  ffiTest(
    `vxlan on ${name} forgets a silent station after expiretime`,
    async () => {
      using scene = await open("/expiretime=2");
      const peer = scene.peer();
      const start = performance.now();
      await scene.speak(peer, { from: 7 });
      await scene.assertSentTo(peer, frameOf({ to: 7 }));
      const before = scene.sent("flooded");
      const forgotten = await until(() => {
        scene.send(frameOf({ to: 7 }));
        return scene.sent("flooded") > before;
      }, FORGETTING_MS);
      assert(forgotten, "it was never forgotten");
      assert(performance.now() - start > 1900, "it was forgotten too early");
    },
  );

  for (const isAsked of [false, true]) {
    ffiTest(
      `vxlan on ${name} forgets a peer that the network says is not there, told by ${
        isAsked ? "receive" : "send"
      }`,
      async () => {
        using scene = await open();
        const peer = scene.peer();
        await scene.speak(peer, { from: 7 });
        await scene.assertSentTo(peer, frameOf({ to: 7 }));
        peer.reached[Symbol.dispose]();
        scene.send(frameOf({ to: 7 }));
        // From then on the next frame goes to everybody.
        await assertRefused(scene.parts.node);
        if (isAsked) await scene.deliver();
        await scene.assertFlooded(frameOf({ to: 7 }));
      },
    );
  }

  ffiTest(
    `vxlan on ${name} says nothing when it is closed: the protocol has no goodbye`,
    async () => {
      using scene = await open();
      scene.parts.node[Symbol.dispose]();
      scene.parts.node[Symbol.dispose]();
      const { speaking } = scene.peer();
      const last = datagramOf(VNI, frameOf());
      sendTo(speaking, last, scene.parts.group);
      const { bytes } = await nextDatagram(scene.parts.listener);
      assertEquals(bytes, last);
    },
  );
}
