/**
 * The rows of the benchmark.
 *
 * @module
 */

import { roundTrip, smallUdp, tcp } from "./loads.ts";
import type { Row, Side } from "./row.ts";

/** vxvde:// with its defaults, and the kernel's device on the same network. */
const VXVDE = {
  wireMtu: 1500,
  cutsOnWire: false,
  innerMtu: 1450,
  family: 4,
  systems: ["c", "ours", "kernel"],
  vnl: () => "vxvde://",
  kernelDevice: ({ port }: Side) => [
    ...["vxlan", "id", "1", "group", "239.0.0.1", "dev", port.interfaceName],
    ...["dstport", "14789", "ttl", "1"],
  ],
} as const satisfies Partial<Row>;

/** All rows, in the order in which they run. */
export const ROWS: readonly Row[] = [
  {
    ...VXVDE,
    name: "tcp-1450",
    summary: "tap-vxvde-veth-vxvde-tap, one TCP stream, TAP MTU 1450",
    load: tcp(1),
  },
  {
    ...VXVDE,
    name: "tcp-1450-cut",
    summary: "the same, no packet over its MTU on the wire, as on a plain card",
    cutsOnWire: true,
    load: tcp(1),
  },
  {
    ...VXVDE,
    name: "tcp-1500",
    summary: "the same, MTU 1500 everywhere: every full datagram is fragmented",
    innerMtu: 1500,
    // On an interface, the kernel's device refuses an MTU that would need fragments.
    kernelDevice: (
      { peer },
    ) => ["vxlan", "id", "1", "remote", peer.address, "dstport", "14789"],
    load: tcp(1),
  },
  {
    ...VXVDE,
    name: "udp-64",
    summary: "the same, UDP with 64 bytes of payload, those that arrive",
    load: smallUdp,
  },
  {
    ...VXVDE,
    name: "ping",
    summary: "the same, round trip of one ping at a time",
    load: roundTrip,
  },
];
