/**
 * A plug that is a whole switch: the host is one of its ports, and clients
 * join through a folder in the file system.
 *
 * The plug's descriptor is an epoll set of everything that the switch waits
 * for. Each `receive` is one turn: frames are taken from the ports that have
 * some, at most 64 from each, and sent on; then come those who leave, and
 * those who join. What is left makes the descriptor readable again.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { EpollEvents, EPOLLOUT, EpollSet } from "../../ffi/epoll.ts";
import { TimerFd } from "../../ffi/timer_fd.ts";
import { Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { Counter } from "../plug/counters.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import type { Describable, PlugStatus } from "../plug/status.ts";
import { TUNNEL_OFFLOAD } from "../tunnel/tunnel_sender.ts";
import { MAX_WAIT_MS } from "./backlog.ts";
import type { SwitchDirectory } from "./directory.ts";
import { Fabric, PORT_TURN_FRAMES } from "./fabric.ts";
import type { Policy } from "./policy.ts";
import { type Port, PortCell, PortTable } from "./port.ts";
import { Reception } from "./reception.ts";
import { TIMER_TOKEN, TokenKind, tokenKind, tokenNumber } from "./tokens.ts";

/** Events of one turn. */
const EVENTS = 128;
/**
 * Turns in which the last frames of a client that hung up are looked for: as
 * many as its queue may hold, and not more if somebody else feeds it.
 */
const MAX_LAST_TURNS = 64;

/** What a switch is made of. */
export interface SwitchParts {
  /** Its VNL, for listings. */
  readonly vnl: string;
  /** Where clients find it. Becomes the plug's. */
  readonly directory: SwitchDirectory;
  /** Whether clients that offer superframes may have them. */
  readonly superframes: boolean;
  /** Makes what decides where frames go. */
  readonly makePolicy: (ports: PortTable) => Policy;
}

/** A switch, a hub, or what else a policy makes of it. */
export class SwitchPlug implements Plug, Describable {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = TUNNEL_OFFLOAD;
  readonly fd: number;
  readonly #vnl: string;
  readonly #resources: DisposableStack;
  readonly #options: OpenOptions;
  readonly #ports = new PortTable();
  readonly #policy: Policy;
  readonly #epoll: EpollSet;
  readonly #events = new EpollEvents(EVENTS);
  readonly #timer: TimerFd;
  readonly #reception: Reception;
  readonly #fabric: Fabric;
  #timerMs = Infinity;
  #turn = 0;
  #unheard: Burst | undefined;

  /**
   * @param parts Taken over, also when this fails.
   * @throws {SystemError} If there are no descriptors left.
   */
  constructor(parts: SwitchParts, options: OpenOptions) {
    const { directory } = parts;
    using opening = new DisposableStack();
    opening.use(directory);
    this.#vnl = parts.vnl;
    this.#options = options;
    this.#epoll = opening.use(new EpollSet());
    this.#timer = opening.use(new TimerFd());
    this.#epoll.add(this.#timer.fd, undefined, TIMER_TOKEN);
    this.#policy = parts.makePolicy(this.#ports);
    this.#reception = opening.use(
      new Reception({
        directory,
        ports: this.#ports,
        epoll: this.#epoll,
        log: options.log,
        superframes: parts.superframes,
      }),
    );
    this.#fabric = new Fabric({
      ports: this.#ports,
      policy: this.#policy,
      epoll: this.#epoll,
      receiveCounters: options.receiveCounters,
      sendCounters: options.sendCounters,
    });
    this.fd = this.#epoll.fd;
    this.#resources = opening.move();
  }

  receive(burst: Burst): number {
    const before = burst.count;
    const events = this.#epoll.take(this.#events);
    // Not the same port first each time: a burst may have room for few.
    const first = events > 0 ? this.#turn++ % events : 0;
    for (let at = 0; at < events; at++) {
      const index = first + at;
      this.#onData(index < events ? index : index - events, burst);
    }
    for (let index = 0; index < events; index++) this.#onOther(index, burst);
    this.#settleTimer();
    return burst.count - before;
  }

  /**
   * One turn for the clients alone, when the host cannot take frames: those
   * for it are lost, and counted at its port.
   */
  serve(): void {
    const burst = this.#unheard ??= new Burst(
      PORT_TURN_FRAMES,
      PORT_TURN_FRAMES * FRAME_SLOT_BYTES,
    );
    burst.clear();
    const frames = this.receive(burst);
    const { cells } = this.#fabric.host;
    cells[PortCell.dropped] += frames;
    cells[PortCell.framesOut] -= frames;
    for (let index = 0; index < frames; index++) {
      cells[PortCell.bytesOut] -= burst.length[index];
    }
  }

  send(burst: Burst, from: number): number {
    const frames = burst.count - from;
    if (this.#ports.list.length === 0) {
      this.#options.sendCounters.add(Counter.down, frames);
    } else if (frames > 0) {
      this.#fabric.takeFromHost(burst, from);
      this.#settleTimer();
    }
    return frames;
  }

  describe(): PlugStatus {
    const nowMs = monotonicMs();
    const ports = this.#ports.list
      .toSorted((one, other) => one.number - other.number);
    return {
      vnl: this.#vnl,
      ports: [this.#fabric.host, ...ports].map((port) => port.describe(nowMs)),
      stations: this.#policy.stations(nowMs),
    };
  }

  #onData(index: number, burst: Burst): void {
    const token = this.#events.token(index);
    if (tokenKind(token) !== TokenKind.data) return;
    const port = this.#ports.get(tokenNumber(token));
    if (port === undefined) return;
    const happened = this.#events.happened(index);
    if ((happened & EPOLLOUT) !== 0) this.#fabric.flush(port);
    if (happened !== EPOLLOUT) this.#fabric.takeFrom(port, burst);
  }

  #onOther(index: number, burst: Burst): void {
    const token = this.#events.token(index);
    switch (tokenKind(token)) {
      case TokenKind.control:
        return this.#onControl(tokenNumber(token), burst);
      case TokenKind.visitor:
        return this.#reception.hear(tokenNumber(token));
      case TokenKind.listener:
        return this.#reception.accept();
      case TokenKind.timer:
        return this.#onTimer();
    }
  }

  #onControl(number: number, burst: Burst): void {
    const port = this.#ports.get(number);
    if (port === undefined || !this.#reception.hasLeft(port)) return;
    const isDone = this.#fabric.takeFrom(port, burst);
    if (isDone || ++port.lastTurns > MAX_LAST_TURNS) this.#close(port);
  }

  #close(port: Port): void {
    this.#fabric.forget(port);
    this.#reception.close(port);
  }

  #onTimer(): void {
    const nowMs = monotonicMs();
    this.#timer.clear();
    this.#timerMs = Infinity;
    this.#fabric.sweep(nowMs);
    this.#reception.tend(nowMs);
  }

  /** Sets the timer to what comes next, if it is not set to something earlier. */
  #settleTimer(): void {
    const visit = this.#reception.deadlineMs;
    const isWaiting = this.#fabric.waiting > 0;
    if (visit === Infinity && !isWaiting) return;
    const nowMs = monotonicMs();
    const wait = isWaiting ? nowMs + MAX_WAIT_MS : Infinity;
    const next = visit < wait ? visit : wait;
    if (next >= this.#timerMs) return;
    this.#timerMs = next;
    this.#timer.set(next > nowMs ? next - nowMs : 1);
  }

  [Symbol.dispose](): void {
    for (const port of this.#ports.list.splice(0)) port[Symbol.dispose]();
    this.#resources.dispose();
  }
}
