/**
 * The rows of the benchmark.
 *
 * @module
 */

import { atLeast, atMost, atMostOther, limit } from "./goals.ts";
import { roundTrip, smallUdp, tcp, tcpBothWays } from "./loads.ts";
import type { Row, Side } from "./row.ts";

const COSTS = ["plugCpu", "machineCpu"] as const;
const SIDES = ["nearCpu", "farCpu"] as const;

/** vxvde:// with its defaults, and the kernel's device on the same network. */
const VXVDE = {
  wireMtu: 1500,
  cutsOnWire: false,
  innerMtu: 1450,
  family: 4,
  figures: COSTS,
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
    goals: [
      atLeast(5),
      atLeast(0.5, { to: "kernel" }),
      atMost(0.25, { figure: "plugCpu" }),
    ],
  },
  {
    ...VXVDE,
    name: "tcp-1450-cut",
    summary: "the same, no packet over its MTU on the wire, as on a plain card",
    cutsOnWire: true,
    load: tcp(1),
    goals: [],
  },
  {
    ...VXVDE,
    name: "tcp-1500",
    summary: "the same, MTU 1500 everywhere: every full frame is over the MTU",
    innerMtu: 1500,
    // On an interface, the kernel's device refuses an MTU that would need fragments.
    kernelDevice: (
      { peer },
    ) => ["vxlan", "id", "1", "remote", peer.address, "dstport", "14789"],
    figures: [...COSTS, "fragments"],
    load: tcp(1),
    goals: [atLeast(8), limit("fragments", 0)],
  },
  {
    ...VXVDE,
    name: "tcp6",
    summary: "one TCP stream over IPv6, inside and outside, TAP MTU 1430",
    innerMtu: 1430,
    family: 6,
    // C ends on a host with an interface that has no address at all: there is none here.
    vnl: () => "vxvde:///v6",
    kernelDevice: ({ port }) => [
      ...["vxlan", "id", "1", "group", "ff05:56de::1"],
      ...["dev", port.interfaceName, "dstport", "14789", "ttl", "1"],
    ],
    load: tcp(1),
    goals: [atLeast(4)],
  },
  {
    ...VXVDE,
    name: "tcp-4",
    summary: "four TCP streams, two each way, sum of all; TAP MTU 1450",
    load: tcpBothWays(2),
    goals: [atLeast(4)],
  },
  {
    ...VXVDE,
    name: "mixed",
    summary: "one TCP stream from ours to C and from C to ours, TAP MTU 1450",
    figures: SIDES,
    systems: ["c", "ours-c", "c-ours"],
    load: tcp(1),
    goals: [
      atLeast(1, { system: "ours-c" }),
      atMostOther("ours-c", 0.5, ["nearCpu", "farCpu"]),
      atLeast(1, { system: "c-ours" }),
      atMostOther("c-ours", 0.5, ["farCpu", "nearCpu"]),
    ],
  },
  {
    ...VXVDE,
    name: "udp-64",
    summary: "UDP with 64 bytes of payload, one way, those that arrive",
    figures: ["loss", ...COSTS],
    systems: ["c", "ours"],
    load: smallUdp,
    goals: [atLeast(2), atMost(1, { figure: "loss" })],
  },
  {
    ...VXVDE,
    name: "ping",
    summary: "flood ping, each when the one before is answered, round trip",
    figures: [],
    systems: ["c", "ours"],
    load: roundTrip,
    goals: [atMost(1)],
  },
  {
    ...VXVDE,
    name: "rss",
    summary: "most resident memory of one process, under one TCP stream",
    figures: ["rss"],
    systems: ["c", "ours", "tree"],
    load: tcp(1),
    goals: [limit("rss", 64), limit("rss", 64, "tree")],
  },
  {
    ...VXVDE,
    name: "udp-tunnel",
    summary: "tap-udp-veth-udp-tap, one TCP stream, TAP MTU 1450",
    systems: ["c", "ours"],
    vnl: ({ peer }) => `udp://5000->${peer.address}:5000`,
    load: tcp(1),
    goals: [atLeast(4)],
  },
  {
    ...VXVDE,
    name: "switch",
    summary: "tap-vde-switch-vde-tap, one TCP stream, TAP MTU 1500, own switch",
    between: "own switch",
    innerMtu: 1500,
    systems: ["c", "ours"],
    vnl: ({ switchPath }) => `vde://${switchPath}`,
    load: tcp(1),
    goals: [atLeast(2)],
  },
  {
    ...VXVDE,
    name: "vde-switch",
    summary: "the same through C's vde_switch",
    between: "vde_switch",
    innerMtu: 1500,
    systems: ["c", "ours"],
    vnl: ({ switchPath }) => `vde://${switchPath}`,
    load: tcp(1),
    goals: [atLeast(2)],
  },
];
