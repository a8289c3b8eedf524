/**
 * What the system's log is told of a session: who began it from where, when it
 * ended, and which IP addresses were used in it.
 *
 * @module
 */

import { variable } from "../../ffi/environment.ts";
import { userName } from "../../ffi/passwd.ts";
import { writeSystemLog } from "../../ffi/syslog.ts";
import { userId } from "../../ffi/users.ts";
import type { FrameSource } from "../cable/messages.ts";

const UNKNOWN_ADDRESS = "UNKNOWN_IP_ADDRESS";

/** Lines about one session, worded as log watchers know them from vde_plug. */
export class SessionLog implements Disposable {
  readonly #program: string;
  readonly #user: string;
  readonly #address: string;
  #isStarted = false;

  /** @param program Stands before each line. */
  constructor(program: string) {
    this.#program = program;
    this.#user = thisUser();
    this.#address = sshAddress();
  }

  /** It begins. Disposing tells of its end. */
  start(): void {
    this.#isStarted = true;
    this.#tell("START");
  }

  /** It was refused. */
  refuse(): void {
    this.#tell("FAILED");
  }

  /** An address was seen for the first time. */
  source({ address, vlan }: FrameSource): void {
    const kind = address.includes(":") ? "VDE-IP6" : "VDE-IP4";
    this.say(
      `user ${this.#user} Real-IP ${this.#address} has got ${kind} ${address} on vlan ${vlan}`,
    );
  }

  /** Any other line. */
  say(line: string): void {
    writeSystemLog(this.#program, line);
  }

  #tell(what: string): void {
    this.say(`${what}: user ${this.#user} IP ${this.#address}`);
  }

  /** Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#tell("STOP");
  }
}

/** Name of this process's user, or its number. */
export function thisUser(): string {
  const uid = userId();
  return userName(uid) ?? String(uid);
}

/** Where the user comes from, as sshd says it in SSH_CLIENT: `ADDRESS PORT PORT`. */
function sshAddress(): string {
  const [address] = (variable("SSH_CLIENT") ?? "").trim().split(/\s+/, 1);
  return address === "" ? UNKNOWN_ADDRESS : address;
}
