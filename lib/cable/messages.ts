/**
 * What a cable's thread and the main thread say to each other.
 *
 * @module
 */

import { LinkEnd, PlugError } from "../plug/errors.ts";
import type { Access } from "../plug/plugin.ts";
import type { PlugStatus } from "../plug/status.ts";
import type { StreamEnds } from "./stream_plug.ts";

/** One end of a cable: a VNL, or a pair of descriptors with the stream form on it. */
export type CableEndpoint =
  | { readonly vnl: string; readonly access?: Access }
  | { readonly stream: StreamEnds };

/** An IP address that frames of one VLAN come from. */
export interface FrameSource {
  /** As people write it. */
  readonly address: string;
  /** 0: untagged. */
  readonly vlan: number;
}

/** What a cable's thread is told: what to open, once; and that nobody wants it any more, while it is opening. */
export type CableRequest =
  | { readonly type: "open"; readonly order: CableOrder }
  | { readonly type: "give up" };

/** What to open, and what with. */
export interface CableOrder {
  readonly ends: readonly [CableEndpoint, CableEndpoint];
  /** URLs of modules that export `plugins`; the first that knows a scheme wins. */
  readonly pluginModules: readonly string[];
  /** Text for the peers' listings. */
  readonly description: string;
  /** Two sets of counters, one behind the other. */
  readonly counters: SharedArrayBuffer;
  /** Readable once the thread is to stop. */
  readonly stopFd: number;
  /** An event counter: once it is signalled, the thread tells the plugs' status. */
  readonly queryFd: number;
  /** Whether to tell which addresses frames of the second end come from. */
  readonly watchSources: boolean;
}

/** An error on its way between threads. */
export interface ErrorMessage {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly hint: string;
}

/** What a cable's thread says. */
export type CableReport =
  | {
    readonly type: "ready";
    /** The kernel's number for it. */
    readonly thread: number;
  }
  | {
    readonly type: "log";
    readonly level: "warn" | "debug";
    readonly line: string;
  }
  | { readonly type: "opened" }
  | { readonly type: "source"; readonly source: FrameSource }
  | { readonly type: "status"; readonly plugs: readonly PlugStatus[] }
  | { readonly type: "failed"; readonly error: ErrorMessage }
  | { readonly type: "ended"; readonly error?: ErrorMessage };

/** Takes an error apart: messages between threads keep no classes. */
export function packError(error: unknown): ErrorMessage {
  const { name, message } = error instanceof Error
    ? error
    : { name: "Error", message: String(error) };
  return {
    name,
    message,
    code: readText(error, "code"),
    hint: readText(error, "hint"),
  };
}

/** A property of an error; "" where it has none. A plugin may bring classes of its own. */
function readText(error: unknown, name: string): string {
  const value = error instanceof Error ? Reflect.get(error, name) : undefined;
  return typeof value === "string" ? value : "";
}

const CALLERS_FAULTS: Readonly<Record<string, new (message: string) => Error>> =
  {
    TypeError,
    RangeError,
    SyntaxError,
  };

/** Puts an error together again, of the class that it had if that is one of the contract's. */
export function unpackError(
  { name, message, code, hint }: ErrorMessage,
): Error {
  if (name === "LinkEnd") return new LinkEnd(message, { code, hint });
  const fault = CALLERS_FAULTS[name];
  return fault ? new fault(message) : new PlugError(message, { code, hint });
}
