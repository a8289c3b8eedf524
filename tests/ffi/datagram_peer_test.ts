import { assertEquals } from "@std/assert";
import {
  connectDatagrams,
  disconnectDatagrams,
} from "../../ffi/datagram_peer.ts";
import { ECONNREFUSED, ENOENT, EPERM, EPROTOTYPE } from "../../ffi/errno.ts";
import {
  isConnected,
  packUnixAddress,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  UnixSocket,
} from "../../ffi/unix_socket.ts";
import { bound, leaveName, Place } from "../lib/ptp/places.ts";
import { ffiTest } from "./case.ts";

function connect(socket: UnixSocket, path: string): number {
  return connectDatagrams(socket.fd, packUnixAddress(path));
}

ffiTest("connectDatagrams() changes the peer, and back to none", () => {
  using place = new Place();
  using one = bound(SOCK_DGRAM, `${place.path}1`);
  using other = bound(SOCK_DGRAM, `${place.path}2`);
  using socket = UnixSocket.make(SOCK_DGRAM);
  const byte = new Uint8Array(1);
  for (const [index, peer] of [one, other, one].entries()) {
    assertEquals(connect(socket, place.path + (index % 2 + 1)), 0);
    assertEquals(socket.send(byte), 1);
    assertEquals(peer.receive(byte), 1);
  }
  disconnectDatagrams(socket.fd);
  assertEquals(isConnected(socket.fd), false);
});

ffiTest("connectDatagrams() to the same peer loses nothing", () => {
  using place = new Place();
  using socket = bound(SOCK_DGRAM, `${place.path}1`);
  using peer = bound(SOCK_DGRAM, `${place.path}2`);
  assertEquals(connect(socket, `${place.path}2`), 0);
  assertEquals(connect(peer, `${place.path}1`), 0);
  peer.send(new Uint8Array([7]));
  assertEquals(connect(socket, `${place.path}2`), 0);
  const byte = new Uint8Array(1);
  assertEquals([socket.receive(byte), byte[0]], [1, 7]);
});

ffiTest("connectDatagrams() tells why there is no peer", () => {
  using place = new Place();
  using socket = UnixSocket.make(SOCK_DGRAM);
  assertEquals(connect(socket, place.path), -ENOENT);
  leaveName(SOCK_DGRAM, place.path);
  assertEquals(connect(socket, place.path), -ECONNREFUSED);
  using _listener = bound(SOCK_SEQPACKET, `${place.path}1`, 1);
  assertEquals(connect(socket, `${place.path}1`), -EPROTOTYPE);
  using taken = bound(SOCK_DGRAM, `${place.path}2`);
  using _peer = bound(SOCK_DGRAM, `${place.path}3`);
  assertEquals(connect(taken, `${place.path}3`), 0);
  assertEquals(connect(socket, `${place.path}2`), -EPERM);
  assertEquals(isConnected(socket.fd), false);
});
