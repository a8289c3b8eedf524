/**
 * What a client says of itself to a switch, for the switch's own listings.
 *
 * @module
 */

import { variable } from "../../ffi/environment.ts";
import { userName } from "../../ffi/passwd.ts";
import { userId } from "../../ffi/users.ts";
import { MAX_DESCRIPTION_BYTES } from "./request.ts";

/** Who joins a switch. */
export interface Client {
  /** User, by name, or by number where there is no name. */
  readonly user: string;
  readonly pid: number;
  /** Address that the user comes from by ssh; "" if not by ssh. */
  readonly ssh: string;
}

/** This process, its user, and what sshd says in the variable SSH_CLIENT: `ADDRESS PORT PORT`. */
export function thisClient(): Client {
  const uid = userId();
  return {
    user: userName(uid) ?? String(uid),
    pid: Deno.pid,
    ssh: (variable("SSH_CLIENT") ?? "").trim().split(/\s/, 1)[0],
  };
}

/**
 * The description that goes to a switch: a text, and who sends it.
 *
 * @param text The user's. Cut, between characters, where both are longer than
 * {@linkcode MAX_DESCRIPTION_BYTES}: who it is must not be pushed out by it.
 */
export function describeClient(text: string, client: Client): string {
  const { user, pid, ssh } = client;
  const who = plain(
    ` user=${user} pid=${pid}${ssh === "" ? "" : ` SSH=${ssh}`}`,
  );
  const known = cut(who, MAX_DESCRIPTION_BYTES);
  const { length } = new TextEncoder().encode(known);
  return cut(plain(text), MAX_DESCRIPTION_BYTES - length) + known;
}

/** Without characters that would break a listing. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}

/** As much of a text as so many bytes of UTF-8 hold. */
function cut(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}
