/**
 * A second host for tests that run in a namespace of their own: plugs and
 * sockets of this very process that belong to another network namespace.
 *
 * A socket stays in the namespace in which its thread was when it was made
 * (setns(2)), whoever uses it. So both ends of a link can be plugs of one test,
 * also of a protocol that allows a host one plug only.
 *
 * @module
 */

import { closeFd, openFile } from "../../../ffi/fd.ts";
import { check, libc } from "../../../ffi/libc.ts";
import { ip, runCommand } from "../../plugins/ip_command.ts";

const O_RDONLY = 0;
const CLONE_NEWNET = 0x4000_0000;

/** The wire's interface, the same on both hosts. */
export const WIRE = "wire0";
/** Its number, the same on both hosts too: what asks for it by number asks for the same. */
const WIRE_INDEX = 1000;
/** The longest frames pass whole. */
const WIRE_MTU = 9500;

const bound = libc({
  setns: { parameters: ["i32", "i32"], result: "i32" }, // int fd, int nstype
  unshare: { parameters: ["i32"], result: "i32" }, // int flags
});

/** Addresses: the first one is this host's, the others are the other host's. */
export const HOSTS4 = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
export const HOSTS6 = [1, 2, 3, 4].map((number) => `2001:db8:1::${number}`);

/** The other host. Lives as long as the process. */
export class OtherHost {
  readonly #here: number;
  readonly #there: number;

  private constructor() {
    this.#here = currentNamespace();
    check(bound().unshare(CLONE_NEWNET), "make a network namespace");
    this.#there = currentNamespace();
    this.#enter(this.#here);
  }

  /** Makes it, and a wire to it. This thread must be in a namespace of its own. */
  static create(): OtherHost {
    const other = new OtherHost();
    const settings = ["mtu", String(WIRE_MTU), "index", String(WIRE_INDEX)];
    ip("link", "add", "name", WIRE, ...settings, ...["type", "veth"], ...[
      "peer",
      "name",
      WIRE,
      ...settings,
      ...["netns", `/proc/${Deno.pid}/fd/${other.#there}`],
    ]);
    setUp(ip, [HOSTS4[0]], [HOSTS6[0]]);
    setUp(other.ip, HOSTS4.slice(1), HOSTS6.slice(1));
    return other;
  }

  /** Runs something on the other host; it must not wait for anything. */
  there<T>(run: () => T): T {
    this.#enter(this.#there);
    try {
      return run();
    } finally {
      this.#enter(this.#here);
    }
  }

  /** Runs `ip` there, which must succeed. */
  readonly ip = (...args: string[]): string => {
    const path = `/proc/${Deno.pid}/fd/${this.#there}`;
    return runCommand("nsenter", `--net=${path}`, "--", "ip", ...args);
  };

  #enter(fd: number): void {
    check(bound().setns(fd, CLONE_NEWNET), "enter a network namespace");
  }

  /** Gives the descriptors back. */
  [Symbol.dispose](): void {
    closeFd(this.#here);
    closeFd(this.#there);
  }
}

function currentNamespace(): number {
  return openFile("/proc/thread-self/ns/net", O_RDONLY);
}

type Ip = (...args: string[]) => string;

function setUp(
  ip: Ip,
  addresses4: readonly string[],
  addresses6: readonly string[],
): void {
  ip("link", "set", "lo", "up");
  ip("link", "set", WIRE, "up");
  for (const address of addresses4) {
    ip("address", "add", `${address}/24`, "dev", WIRE);
  }
  for (const address of addresses6) {
    ip("address", "add", `${address}/64`, "dev", WIRE, "nodad");
  }
}
