/**
 * Makes the kernel forward a group's datagrams between two interfaces, as a
 * multicast routing daemon does, until it is killed:
 * `deno run -A multicast_router.ts GROUP IFACE1 SOURCE1 IFACE2 SOURCE2`. What
 * SOURCE1 sends comes in on IFACE1 and leaves through IFACE2, and the other
 * way round. Prints `routing` when it does so.
 *
 * The options are those of linux/mroute.h.
 *
 * @module
 */

import { check, libc } from "../../ffi/libc.ts";
import { interfaceIndex } from "../../ffi/netif.ts";
import { resolve } from "../../ffi/sockaddr.ts";

const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_IP = 0;
const IPPROTO_IGMP = 2;
const MRT_INIT = 200;
const MRT_ADD_VIF = 202;
const MRT_ADD_MFC = 204;
const VIFF_USE_IFINDEX = 0x8;

/** `struct vifctl`: u16 number, u8 flags, u8 threshold, u32 rate, i32 index, 4 bytes unused. */
const VIFCTL_BYTES = 16;
/** `struct mfcctl`: source, group, u16 number of the vif it comes from, u8 thresholds of 32 vifs, counters. */
const MFCCTL_BYTES = 60;
const MFCCTL_PARENT = 8;
const MFCCTL_TTLS = 10;

/** A datagram passes when its TTL is greater. */
const THRESHOLD = 1;

const bound = libc({
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: {
    // fd, int level, int name, const void *value, socklen_t
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
});

const [group, ...sides] = Deno.args;
const fd = check(
  bound().socket(AF_INET, SOCK_RAW, IPPROTO_IGMP),
  "make a raw socket",
);

function set(name: number, value: Uint8Array<ArrayBuffer>): void {
  check(
    bound().setsockopt(fd, IPPROTO_IP, name, value, value.length),
    `set multicast routing option ${name}`,
  );
}

set(MRT_INIT, new Uint8Array(new Int32Array([1]).buffer));
for (const vif of [0, 1]) {
  const request = new Uint8Array(VIFCTL_BYTES);
  const view = new DataView(request.buffer);
  view.setUint16(0, vif, true);
  request[2] = VIFF_USE_IFINDEX;
  request[3] = THRESHOLD;
  view.setInt32(8, interfaceIndex(sides[2 * vif]), true);
  set(MRT_ADD_VIF, request);
}
for (const vif of [0, 1]) {
  const request = new Uint8Array(MFCCTL_BYTES);
  request.set(resolve(sides[2 * vif + 1])[0].host);
  request.set(resolve(group)[0].host, 4);
  new DataView(request.buffer).setUint16(MFCCTL_PARENT, vif, true);
  request[MFCCTL_TTLS + 1 - vif] = THRESHOLD;
  set(MRT_ADD_MFC, request);
}
console.log("routing");
// Forwarding lasts as long as the socket is open.
setInterval(() => {}, 1 << 30);
