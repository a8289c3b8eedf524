/**
 * Stream plugs and what faces them, for tests.
 *
 * @module
 */

import { growPipe } from "../../../ffi/fd.ts";
import { check, libc } from "../../../ffi/libc.ts";
import { StreamPlug } from "../../../lib/cable/stream_plug.ts";
import { TestPipe } from "../../ffi/pipes.ts";
import type { PlugPair } from "../../plugin_contract.ts";
import { type TestOptions, testOptions } from "../../plugs.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const F_DUPFD_CLOEXEC = 1030;

const bound = libc({
  socketpair: {
    parameters: ["i32", "i32", "i32", "buffer"], // domain, type, protocol, int fds[2]
    result: "i32",
  },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
});

/** Two connected stream sockets. */
export function socketPair(): [number, number] {
  const fds = new Int32Array(2);
  const type = SOCK_STREAM | SOCK_CLOEXEC;
  check(bound().socketpair(AF_UNIX, type, 0, fds), "make two sockets");
  return [fds[0], fds[1]];
}

/** A second descriptor of the same open file. */
export function duplicate(fd: number): number {
  return check(bound().fcntl(fd, F_DUPFD_CLOEXEC, 3), "duplicate a descriptor");
}

/** A stream plug, the far ends of whose pipes are the test's. */
export class StreamFixture implements Disposable {
  /** What the plug reads from; the test writes to it. */
  readonly input = new TestPipe();
  /** What the plug writes to; the test reads from it. */
  readonly output = new TestPipe();
  readonly options: TestOptions = testOptions();
  readonly plug: StreamPlug;

  /** @param outputBytes Size of the pipe that the plug writes to, a power of 2 from 4096 on. */
  constructor(outputBytes?: number) {
    if (outputBytes) growPipe(this.output.writeFd, outputBytes);
    this.plug = new StreamPlug({
      readFd: this.input.give(this.input.readFd),
      writeFd: this.output.give(this.output.writeFd),
      peer: "the test",
    }, this.options);
  }

  [Symbol.dispose](): void {
    this.plug[Symbol.dispose]();
    this.input[Symbol.dispose]();
    this.output[Symbol.dispose]();
  }
}

/** Two stream plugs that face each other across two pipes. */
export function openPipes(
  near: TestOptions,
  far: TestOptions,
): Promise<PlugPair> {
  const [there, back] = [new TestPipe(), new TestPipe()];
  return Promise.resolve({
    near: new StreamPlug({
      readFd: back.readFd,
      writeFd: there.writeFd,
      peer: "far",
    }, near),
    far: new StreamPlug({
      readFd: there.readFd,
      writeFd: back.writeFd,
      peer: "near",
    }, far),
  });
}

/** Two stream plugs that face each other across a pair of sockets. */
export function openSockets(
  near: TestOptions,
  far: TestOptions,
): Promise<PlugPair> {
  const [one, other] = socketPair();
  return Promise.resolve({
    near: new StreamPlug({ readFd: one, writeFd: one, peer: "far" }, near),
    far: new StreamPlug({ readFd: other, writeFd: other, peer: "near" }, far),
  });
}
