/**
 * A vxlan node, and plain sockets that take part in its network: for
 * vxlan_cases.ts.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { resolve, type SocketAddress } from "../../../ffi/sockaddr.ts";
import type { UdpSocket } from "../../../ffi/socket.ts";
import { Burst } from "../../../lib/net/burst.ts";
import type { CounterName } from "../../../lib/plug/counters.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { sendTo } from "../../ffi/sockets.ts";
import { burstOf, sameFrame, type TestOptions, until } from "../../plugs.ts";
import { datagramOf } from "./loopback_lan.ts";
import { assertHears, frameOf, type FrameOptions } from "./vxvde_party.ts";

/** The network that all of these tests use. */
export const VNI = 0x123456;

/** The station behind what tests send only to see that it arrives. */
const STRANGER = 0xffff_fffe;

/** What a setting makes for a scene. */
export interface SceneParts {
  readonly node: Plug;
  readonly options: TestOptions;
  /** The group and the network's port. */
  readonly group: SocketAddress;
  /** Where datagrams are put that the node is to take. */
  readonly targets: readonly SocketAddress[];
  /** Hears what is for everybody. */
  readonly listener: UdpSocket;
  /** An address of the peer with this number, from 1 to 3. */
  address(number: number): string;
  /** Makes a socket where the peers are. */
  bind(host: string, port: number): UdpSocket;
}

/** Makes the parts. */
export type Setting = (keys?: string) => SceneParts | Promise<SceneParts>;

/** Another host of the network. */
export interface Peer {
  /** Where it is to be reached: at the network's port. */
  readonly reached: UdpSocket;
  /** From where it speaks: another port. */
  readonly speaking: UdpSocket;
}

/** The node and its peers. */
export class Scene implements Disposable {
  readonly #burst = new Burst();
  readonly #peers: Peer[] = [];
  #stranger: UdpSocket | undefined;

  /** @param parts Become the scene's. */
  constructor(readonly parts: SceneParts) {}

  static async open(setting: Setting, keys = ""): Promise<Scene> {
    return new Scene(await setting(keys));
  }

  /** The next host of the network. */
  peer(): Peer {
    const { address, bind, group } = this.parts;
    const host = address(this.#peers.length + 1);
    const peer = { reached: bind(host, group.port), speaking: bind(host, 0) };
    this.#peers.push(peer);
    return peer;
  }

  /** Sends a datagram of a peer's to the node, wherever it takes one. */
  say(from: UdpSocket, datagram: Uint8Array<ArrayBuffer>): void {
    for (const target of this.parts.targets) sendTo(from, datagram, target);
  }

  /** A peer speaks: the node learns where the station is that sent the frame. */
  async speak({ speaking }: Peer, frame: FrameOptions): Promise<void> {
    const datagram = datagramOf(VNI, frameOf(frame));
    const frames = await this.deliver({ from: speaking, bytes: datagram });
    assertEquals(frames.length, this.parts.targets.length);
  }

  /**
   * Delivers datagrams to the node, each to all of its targets, and then a
   * frame from a stranger.
   *
   * @returns Frames that the node gave before that last one.
   */
  async deliver(
    ...datagrams: readonly {
      readonly from: UdpSocket;
      readonly bytes: Uint8Array<ArrayBuffer>;
    }[]
  ): Promise<Uint8Array[]> {
    for (const { from, bytes } of datagrams) this.say(from, bytes);
    const { address, bind, targets } = this.parts;
    const stranger = this.#stranger ??= bind(address(3), 0);
    const last = frameOf({ from: STRANGER });
    this.say(stranger, datagramOf(VNI, last));
    const frames: Uint8Array[] = [];
    const isLast = (frame: Uint8Array) => sameFrame(last, frame);
    const arrived = await until(() => {
      frames.push(...this.take());
      return frames.filter(isLast).length >= targets.length;
    });
    assert(arrived, "the last frame did not come");
    return frames.filter((frame) => !isLast(frame));
  }

  /** The node sends a frame. */
  send(frame: Uint8Array): void {
    assertEquals(this.parts.node.send(burstOf([frame]), 0), 1);
  }

  /** Asserts that the node sends a frame to everybody. */
  async assertFlooded(frame: Uint8Array): Promise<void> {
    const before = this.sent("flooded");
    this.send(frame);
    await assertHears(this.parts.listener, datagramOf(VNI, frame));
    assertEquals(this.sent("flooded"), before + 1);
  }

  /** Asserts that the node sends a frame to one peer, at the network's port, and to nobody else. */
  async assertSentTo({ reached }: Peer, frame: Uint8Array): Promise<void> {
    const before = this.sent("flooded");
    this.send(frame);
    await assertHears(reached, datagramOf(VNI, frame));
    assertEquals(this.sent("flooded"), before);
    // What everybody hears next comes after that frame.
    await this.assertFlooded(frameOf());
  }

  /** Takes the frames that the node has, once. */
  take(): Uint8Array[] {
    this.#burst.clear();
    this.parts.node.receive(this.#burst);
    return Array.from(
      { length: this.#burst.count },
      (_, index) => this.#burst.frame(index).slice(),
    );
  }

  /** A counter of what came out of the node. */
  received(name: CounterName): number {
    return this.parts.options.receiveCounters.snapshot()[name];
  }

  /** A counter of what went into the node. */
  sent(name: CounterName): number {
    return this.parts.options.sendCounters.snapshot()[name];
  }

  [Symbol.dispose](): void {
    this.parts.node[Symbol.dispose]();
    this.parts.listener[Symbol.dispose]();
    this.#stranger?.[Symbol.dispose]();
    for (const { reached, speaking } of this.#peers) {
      reached[Symbol.dispose]();
      speaking[Symbol.dispose]();
    }
  }
}

/** The address of a host, at a port. */
export function addressOf(host: string, port: number): SocketAddress {
  return resolve(host, { port })[0];
}
