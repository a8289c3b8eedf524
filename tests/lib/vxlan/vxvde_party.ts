/**
 * A vxvde node and all that is needed to talk with it: for vxvde_cases.ts.
 *
 * @module
 */

import { assert, assertEquals, AssertionError } from "@std/assert";
import { PollSet } from "../../../ffi/poll.ts";
import type { SocketAddress } from "../../../ffi/sockaddr.ts";
import type { UdpSocket } from "../../../ffi/socket.ts";
import { Burst } from "../../../lib/net/burst.ts";
import type { CounterName } from "../../../lib/plug/counters.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { nextDatagram, sendTo } from "../../ffi/sockets.ts";
import {
  burstOf,
  sameFrame,
  type TestOptions,
  testOptions,
  until,
} from "../../plugs.ts";
import { datagramOf, type Family, LoopbackLan } from "./loopback_lan.ts";

/** The network that all of these tests use. */
export const VNI = 0x123456;

const EVERYBODY = 0xffff_ffff;
/** The station behind what tests send only to see that it arrives. */
const STRANGER = 0xffff_fffe;
const TEST_TYPE = [0x88, 0xb5];
let serial = 0;

/** How a frame is to be. */
export interface FrameOptions {
  /** Station that sends it: 02:00 and this number. */
  readonly from?: number;
  /** Station that it is for; absent: everybody. */
  readonly to?: number;
  /** Its VLAN; absent: none. */
  readonly vlan?: number;
}

/** A frame, different from all others. */
export function frameOf(
  { from = 0, to = EVERYBODY, vlan }: FrameOptions = {},
): Uint8Array<ArrayBuffer> {
  const tag = vlan === undefined ? [] : [0x81, 0, vlan >> 8, vlan];
  const frame = new Uint8Array(16 + tag.length + 4);
  const view = new DataView(frame.buffer);
  view.setUint16(0, to === EVERYBODY ? 0xffff : 0x0200);
  view.setUint32(2, to);
  view.setUint16(6, 0x0200);
  view.setUint32(8, from);
  frame.set([...tag, ...TEST_TYPE], 12);
  view.setUint32(frame.length - 4, ++serial);
  return frame;
}

/** A node, somebody who hears what everybody hears, and peers. */
export class Party implements Disposable {
  readonly listener: UdpSocket;
  readonly #stranger: UdpSocket;
  readonly #burst = new Burst();
  readonly #peers: UdpSocket[] = [];

  private constructor(
    readonly lan: LoopbackLan,
    readonly node: Plug,
    readonly options: TestOptions,
  ) {
    this.listener = lan.listen();
    this.#stranger = lan.peer();
  }

  static async open(family: Family, keys = ""): Promise<Party> {
    const lan = new LoopbackLan(family);
    const options = testOptions();
    const node = await lan.open(`/vni=${VNI}${keys}`, options);
    return new Party(lan, node, options);
  }

  /** Address from which the node sends, as it says itself. */
  get nodeAddress(): string {
    const found = this.options.lines.join().match(/sends from (\S+) to/);
    if (found === null) throw new AssertionError("the node did not say");
    return found[1];
  }

  /** A plain socket that takes part. */
  peer(): UdpSocket {
    const peer = this.lan.peer();
    this.#peers.push(peer);
    return peer;
  }

  /** The node sends a frame. */
  send(frame: Uint8Array): void {
    assertEquals(this.node.send(burstOf([frame]), 0), 1);
  }

  /** Asserts that the node sends a frame to everybody. */
  async assertFlooded(frame: Uint8Array): Promise<void> {
    const before = this.sent("flooded");
    this.send(frame);
    await assertHears(this.listener, datagramOf(VNI, frame));
    assertEquals(this.sent("flooded"), before + 1);
  }

  /** Asserts that the node sends a frame to one peer, and to nobody else. */
  async assertSentTo(peer: UdpSocket, frame: Uint8Array): Promise<void> {
    const before = this.sent("flooded");
    this.send(frame);
    await assertHears(peer, datagramOf(VNI, frame));
    assertEquals(this.sent("flooded"), before);
    // What everybody hears next comes after that frame.
    await this.assertFlooded(frameOf());
  }

  /** Where a peer finds the node's own socket. */
  async ownAddress(): Promise<SocketAddress> {
    const frame = frameOf();
    this.send(frame);
    const { bytes, from } = await nextDatagram(this.listener);
    assertEquals(bytes, datagramOf(VNI, frame));
    return from;
  }

  /**
   * Delivers datagrams to the node, and then a frame from another peer.
   *
   * @returns Frames that the node gave before that last one.
   */
  async deliver(
    ...datagrams: readonly {
      readonly from: UdpSocket;
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** Absent: everybody. */
      readonly to?: SocketAddress;
    }[]
  ): Promise<Uint8Array[]> {
    for (const { from, bytes, to } of datagrams) {
      sendTo(from, bytes, to ?? this.lan.group);
    }
    // The last one comes both ways: the node may ask either socket first.
    const last = [frameOf({ from: STRANGER }), frameOf({ from: STRANGER })];
    this.lan.shout(this.#stranger, datagramOf(VNI, last[0]));
    const unicast = datagrams.find(({ to }) => to !== undefined)?.to;
    if (unicast) sendTo(this.#stranger, datagramOf(VNI, last[1]), unicast);
    const wanted = unicast ? 2 : 1;
    const frames: Uint8Array[] = [];
    const isLast = (frame: Uint8Array) =>
      last.some((one) => sameFrame(one, frame));
    const arrived = await until(() => {
      frames.push(...this.take());
      return frames.filter(isLast).length >= wanted;
    });
    assert(arrived, "the last frame did not come");
    return frames.filter((frame) => !isLast(frame));
  }

  /** Takes the frames that the node has, once. */
  take(): Uint8Array[] {
    this.#burst.clear();
    this.node.receive(this.#burst);
    return Array.from(
      { length: this.#burst.count },
      (_, index) => this.#burst.frame(index).slice(),
    );
  }

  /** A counter of what came out of the node. */
  received(name: CounterName): number {
    return this.options.receiveCounters.snapshot()[name];
  }

  /** A counter of what went into the node. */
  sent(name: CounterName): number {
    return this.options.sendCounters.snapshot()[name];
  }

  [Symbol.dispose](): void {
    this.node[Symbol.dispose]();
    this.listener[Symbol.dispose]();
    this.#stranger[Symbol.dispose]();
    for (const peer of this.#peers) peer[Symbol.dispose]();
  }
}

/** Waits until the network has told a node that a peer is not there. */
export async function assertRefused({ fd, writeFd = fd }: Plug): Promise<void> {
  const polls = new PollSet(1);
  // An error is told of unasked.
  polls.set(0, writeFd, 0);
  assert(await until(() => polls.wait(0) > 0), "no refusal came");
}

/** Asserts that a datagram arrives, whatever others have shouted before. */
export async function assertHears(
  socket: UdpSocket,
  wanted: Uint8Array,
): Promise<void> {
  for (;;) {
    const { bytes } = await nextDatagram(socket);
    if (sameFrame(bytes, wanted)) return;
  }
}
