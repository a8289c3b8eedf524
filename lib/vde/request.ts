/**
 * The handshake of a VDE switch's control socket, both ways.
 *
 * A client connects to the control socket (a stream), sends one request, and
 * gets one reply; after that the connection stays open and silent. All numbers
 * are in host order, which is little-endian here:
 *
 * | request at | what |
 * |---|---|
 * | 0 | u32 magic, 0xfeedface |
 * | 4 | u32 version, 3 |
 * | 8 | u32 type: 0 any port, 1 port 0, NUMBER << 8 a certain port |
 * | 12 | `struct sockaddr_un` (110 bytes): the client's data socket |
 * | 122 | description, to the end, without a terminator |
 *
 * The reply is a `struct sockaddr_un`: the data socket of the switch for this
 * port.
 *
 * @module
 */

import {
  packUnixAddress,
  SOCKADDR_UN_BYTES,
  unpackUnixAddress,
} from "../../ffi/unix_socket.ts";

/** First word of a request. */
export const REQUEST_MAGIC = 0xfeedface;
/** The version of requests that is in use. */
export const REQUEST_VERSION = 3;

/** Offsets in a request, in bytes. */
export const RequestHeader = {
  magic: 0,
  version: 4,
  type: 8,
  address: 12,
  description: 12 + SOCKADDR_UN_BYTES,
} as const;

/** Size of a request without a description. */
export const REQUEST_HEADER_BYTES: number = RequestHeader.description;
/** Bytes of a description that a switch is sure to keep. */
export const MAX_DESCRIPTION_BYTES = 127;
/** What a server reads of a request; a longer description is cut. */
export const MAX_REQUEST_BYTES: number = REQUEST_HEADER_BYTES +
  2 * MAX_DESCRIPTION_BYTES;
/** Size of a reply. */
export const REPLY_BYTES: number = SOCKADDR_UN_BYTES;

/** The type of a request for any port, and of one for port 0. */
const TYPE_ANY = 0;
const TYPE_PORT_0 = 1;
const PORT_SHIFT = 8;
/** The greatest port number that a request can ask for. */
export const MAX_REQUEST_PORT = 0xff_ffff;

/**
 * Superframes are an understanding between programs of this project. In either
 * address, eight bytes at the end, behind the path and its zero, are looked at
 * by nobody else: there a client offers to give and take them, and a switch
 * that does so too agrees. Each datagram is then a `struct virtio_net_hdr` and
 * a frame or superframe. The two words differ, so that a switch that sends
 * parts of the request back agrees to nothing.
 */
const OFFER = new TextEncoder().encode("VDEvnet?");
const AGREEMENT = new TextEncoder().encode("VDEvnet!");
const WORD_BYTES = 8;
const WORD_AT = SOCKADDR_UN_BYTES - WORD_BYTES;

/** What a client asks of a switch. */
export interface PortRequest {
  /** The port wanted, 0 to {@linkcode MAX_REQUEST_PORT}; undefined: any that is free. */
  readonly port?: number;
  /** Path of the client's data socket. */
  readonly path: string;
  /** What the client says of itself. */
  readonly description: string;
  /** Whether the client offers superframes. */
  readonly superframes?: boolean;
}

/**
 * A request as it goes to the switch.
 *
 * @throws {RangeError} If the path is too long, or there is no such port.
 */
export function packRequest(request: PortRequest): Uint8Array<ArrayBuffer> {
  const description = new TextEncoder().encode(request.description);
  const bytes = new Uint8Array(REQUEST_HEADER_BYTES + description.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(RequestHeader.magic, REQUEST_MAGIC, true);
  view.setUint32(RequestHeader.version, REQUEST_VERSION, true);
  view.setUint32(RequestHeader.type, packType(request.port), true);
  const address = packUnixAddress(request.path);
  if (request.superframes) addWord(address, OFFER);
  bytes.set(address, RequestHeader.address);
  bytes.set(description, RequestHeader.description);
  return bytes;
}

function packType(port: number | undefined): number {
  if (port === undefined) return TYPE_ANY;
  if (port === 0) return TYPE_PORT_0;
  if (Number.isInteger(port) && port > 0 && port <= MAX_REQUEST_PORT) {
    return port * 2 ** PORT_SHIFT;
  }
  throw new RangeError(
    `Cannot ask for port "${port}" as ports are 0 to ${MAX_REQUEST_PORT}`,
  );
}

/**
 * Reads a request.
 *
 * @param bytes All that came, at least {@linkcode REQUEST_HEADER_BYTES}: with
 * fewer, the rest is still to come.
 * @throws {SyntaxError} If it is no request of version 3.
 */
export function parseRequest(bytes: Uint8Array): PortRequest {
  if (bytes.length < REQUEST_HEADER_BYTES) {
    throw fault(`found ${bytes.length} of ${REQUEST_HEADER_BYTES} bytes`);
  }
  const { buffer, byteOffset } = bytes;
  const view = new DataView(buffer, byteOffset);
  const magic = view.getUint32(RequestHeader.magic, true);
  if (magic !== REQUEST_MAGIC) throw fault(`found magic 0x${hex(magic)}`);
  const version = view.getUint32(RequestHeader.version, true);
  if (version !== REQUEST_VERSION) throw fault(`found version ${version}`);
  const address = bytes.subarray(
    RequestHeader.address,
    RequestHeader.description,
  );
  const path = unpackUnixAddress(address);
  if (path === undefined) throw fault("found no path of a data socket");
  return {
    port: parseType(view.getUint32(RequestHeader.type, true)),
    path,
    description: decodeDescription(bytes.subarray(RequestHeader.description)),
    superframes: hasWord(address, OFFER),
  };
}

/** Adds a word behind the path, unless the path needs its room. */
function addWord(address: Uint8Array, word: Uint8Array): void {
  // The byte before is the path's zero, at the latest.
  const isFree = address.subarray(WORD_AT - 1).every((byte) => byte === 0);
  if (isFree) address.set(word, WORD_AT);
}

function hasWord(address: Uint8Array, word: Uint8Array): boolean {
  return address[WORD_AT - 1] === 0 &&
    word.every((byte, index) => address[WORD_AT + index] === byte);
}

function parseType(type: number): number | undefined {
  if (type === TYPE_ANY) return undefined;
  if (type === TYPE_PORT_0) return 0;
  const port = type >>> PORT_SHIFT;
  if ((type & 0xff) === 0) return port;
  throw fault(`found type 0x${hex(type)}`);
}

/** The text up to a zero byte, if there is one; control characters, which would break a listing, as spaces. */
function decodeDescription(bytes: Uint8Array): string {
  const zero = bytes.indexOf(0);
  const text = new TextDecoder()
    .decode(zero < 0 ? bytes : bytes.subarray(0, zero));
  return text.replaceAll(/\p{Cc}/gu, " ");
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function fault(found: string): SyntaxError {
  return new SyntaxError(
    `Cannot read a request for a port, version ${REQUEST_VERSION}: ${found}`,
  );
}

/**
 * The reply to a request: the data socket for this port.
 *
 * @param superframes Whether the client's offer is taken up.
 * @throws {RangeError} If the path is too long.
 */
export function packReply(
  path: string,
  superframes: boolean = false,
): Uint8Array<ArrayBuffer> {
  const reply = packUnixAddress(path);
  if (superframes) addWord(reply, AGREEMENT);
  return reply;
}

/** Whether a reply, or what will become one, takes up an offer of superframes. */
export function agreesToSuperframes(reply: Uint8Array): boolean {
  return reply.length >= REPLY_BYTES && hasWord(reply, AGREEMENT);
}

/**
 * The path in a reply; undefined if it is none.
 *
 * @param bytes All that came of it, of {@linkcode REPLY_BYTES}.
 */
export function parseReply(bytes: Uint8Array): string | undefined {
  return bytes.length < REPLY_BYTES ? undefined : unpackUnixAddress(bytes);
}
