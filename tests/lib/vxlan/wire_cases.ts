/**
 * What a vxvde node puts on the wire, and what it takes from it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ffiTest } from "../../ffi/case.ts";
import { joinBytes } from "../../ffi/pipes.ts";
import { nextDatagram, sendTo } from "../../ffi/sockets.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  sameFrame,
  takeFrames,
  until,
} from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { datagramOf, type Family } from "./loopback_lan.ts";
import { frameOf, Party, VNI } from "./vxvde_party.ts";

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
  { name: "with no flag set", counted: "malformed", bytes: withByte(0, 0) },
  {
    name: "with another flag set too",
    counted: "malformed",
    bytes: withByte(0, 0x0c),
  },
  { name: "with byte 1 set", counted: "malformed", bytes: withByte(1, 1) },
  { name: "with byte 2 set", counted: "malformed", bytes: withByte(2, 0x80) },
  { name: "with byte 3 set", counted: "malformed", bytes: withByte(3, 0xff) },
  { name: "with byte 7 set", counted: "malformed", bytes: withByte(7, 1) },
  { name: "of no bytes", counted: "malformed", bytes: new Uint8Array(0) },
  { name: "of one byte", counted: "malformed", bytes: Uint8Array.of(8) },
  {
    name: "of seven bytes",
    counted: "malformed",
    bytes: datagramOf(VNI).slice(0, 7),
  },
  {
    name: "with one byte behind the header",
    counted: "runt",
    bytes: datagramOf(VNI, makeFrame(1, 1)),
  },
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
  {
    name: "as long as can be",
    counted: "oversize",
    bytes: datagramOf(VNI, makeFrame(65_000, 1)),
  },
] as const;

function withByte(index: number, value: number): Uint8Array<ArrayBuffer> {
  const datagram = datagramOf(VNI, makeFrame(60, 1));
  datagram[index] = value;
  return datagram;
}

/** Registers the tests for one family. */
export function wireCases(family: Family): void {
  const { name } = family;

  ffiTest(
    `vxvde on ${name} puts the header before the frame, and sends from its own port`,
    async () => {
      using party = await Party.open(family);
      for (const frame of [frameOf(), makeFrame(14, 1), makeFrame(9234, 2)]) {
        party.send(frame);
        const { bytes, from } = await nextDatagram(party.listener);
        assertEquals(
          bytes,
          joinBytes([Uint8Array.of(8, 0, 0, 0, 0x12, 0x34, 0x56, 0), frame]),
        );
        assertEquals(`${from}`, party.nodeAddress);
      }
    },
  );

  ffiTest(
    `vxvde on ${name} takes frames from everybody, at the group and at its own port`,
    async () => {
      using party = await Party.open(family);
      const to = await party.ownAddress();
      const [one, other] = [party.peer(), party.peer()];
      const frames = [1, 2, 3, 4].map((seed) => makeFrame(60, seed));
      const [a, b, c, d] = frames.map((frame) => datagramOf(VNI, frame));
      const got = await party.deliver(
        { from: one, bytes: a },
        { from: other, bytes: b },
        { from: one, bytes: c, to },
        { from: other, bytes: d, to },
      );
      // The sockets are asked in turn: the order is that of each socket.
      const groups = [frames.slice(0, 2), frames.slice(2)];
      for (const group of groups) {
        assertFrames(
          got.filter((frame) => group.some((one) => sameFrame(one, frame))),
          group,
        );
      }
      assertEquals(got.length, frames.length);
      // The node's own search for its address was an echo.
      assertEquals(
        party.options.receiveCounters.dropped(),
        party.received("echo"),
      );
    },
  );

  for (const { name: what, counted, bytes } of UNWANTED) {
    ffiTest(
      `vxvde on ${name} drops a datagram ${what}, and counts it as ${counted}`,
      async () => {
        using party = await Party.open(family);
        const to = await party.ownAddress();
        const from = party.peer();
        const got = await party.deliver({ from, bytes }, { from, bytes, to });
        assertFrames(got, []);
        assertEquals(party.received(counted), 2);
        const echo = party.received("echo");
        assertEquals(party.options.receiveCounters.dropped(), 2 + echo);
      },
    );
  }

  ffiTest(
    `vxvde on ${name} drops its own multicasts, which others on this host hear`,
    async () => {
      using party = await Party.open(family);
      using other = await party.lan.open(`/vni=${VNI}`);
      const frames = [1, 2, 3].map((seed) => makeFrame(60, seed));
      party.node.send(burstOf(frames), 0);
      const heard: Uint8Array[] = [];
      await until(() => {
        heard.push(...takeFrames(other));
        return heard.length >= frames.length;
      });
      assertFrames(heard, frames);
      assertFrames(await party.deliver(), []);
      assertEquals(party.received("echo"), 3);
      assertEquals(party.options.receiveCounters.dropped(), 3);
    },
  );

  ffiTest(`vxvde on ${name} keeps networks on one group apart`, async () => {
    using party = await Party.open(family);
    using other = await party.lan.open(`/vni=${VNI + 1}`);
    other.send(burstOf([frameOf()]), 0);
    assertFrames(await party.deliver(), []);
    assertEquals(party.received("foreign"), 1);
  });

  ffiTest(
    `vxvde on ${name} gives no frame of random datagrams, and goes on`,
    async () => {
      using party = await Party.open(family);
      const to = await party.ownAddress();
      const random = seededRandom(2);
      const from = party.peer();
      const whole = datagramOf(VNI, makeFrame(100, 1));
      let frames = 0;
      for (let count = 0; count < 20_000; count++) {
        // A good one that is cut off, or has a byte changed, or anything at all.
        const bytes = random.below(2)
          ? whole.slice(0, random.below(whole.length))
          : random.bytes(random.below(100));
        if (bytes.length > 8 && random.below(2)) bytes[random.below(8)] ^= 1;
        sendTo(from, bytes, random.below(2) ? to : party.lan.group);
        // No more than the socket holds until it is looked at.
        if (count % 8 === 0) frames += party.take().length;
      }
      frames += (await party.deliver()).length;
      assert(frames > 0, "those that are long enough are frames");
      const frame = frameOf();
      assertFrames(
        await party.deliver({ from, bytes: datagramOf(VNI, frame) }),
        [
          frame,
        ],
      );
    },
  );

  ffiTest(`vxvde on ${name} says goodbye when it is closed, once`, async () => {
    using party = await Party.open(family);
    party.node[Symbol.dispose]();
    party.node[Symbol.dispose]();
    const { bytes, from } = await nextDatagram(party.listener);
    assertEquals(bytes, datagramOf(VNI));
    assertEquals(`${from}`, party.nodeAddress);
    const last = datagramOf(VNI, frameOf());
    party.lan.shout(party.peer(), last);
    assertEquals((await nextDatagram(party.listener)).bytes, last);
  });
}
