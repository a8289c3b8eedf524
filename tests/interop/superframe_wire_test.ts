/**
 * What superframes become on the wire: frames that tshark finds sound, none of
 * them an IP fragment.
 *
 * A checksum can be looked at only where it is complete. At the interface that
 * a packet begins at, the kernel has not computed it yet (`CHECKSUM_PARTIAL`),
 * and so it is at a TAP into which a merged superframe was written. Therefore:
 *
 * - The outer wire is recorded at its sender with `ethtool -K wire0 tx off gso
 *   off`: the kernel then cuts UDP's superframes and computes the outer
 *   checksums before the interface sees them. The inner ones are ours, and
 *   complete there in any case.
 * - An inner TAP is recorded where the C tool, or ours with `offload=0`, has
 *   written single frames into it.
 * - What ours merged into superframes is recorded one hop further: the host
 *   with the TAP forwards it out of a wire without offloads, for which the
 *   kernel has to cut it and to complete its checksums. Wrong headers of a
 *   superframe become wrong checksums there.
 */

import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
} from "@std/assert";
import {
  canCapture,
  canMakeTaps,
  capture,
  type LabHost,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { eventually, lastCounts, type Node, pingInTurn } from "./nodes.ts";
import {
  addressOf,
  assertSameBytes,
  assertSound,
  canDissect,
  type Carrier,
  losses,
  meet,
  plugCarrier,
  Recording,
  setMtu,
  withoutFeatures,
} from "./superframe_nodes.ts";

const needs = [canMakeTaps(), peerAvailable("ping"), canCapture()];
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noTshark = noC ??
  await reasonToSkip(canDissect, peerAvailable("ethtool"));

/** About as much as is recorded: reading it again takes tshark a second. */
const RECORDED_BYTES = 4_000_000;
const STEADY_BYTES = 50_000_000;

/**
 * Of some 35,000 segments. Not 0: where nobody runs for long enough, a buffer
 * of the kernel overflows. A cable that loses or disorders superframes has
 * hundreds.
 */
const MAX_LOSSES = 20;

const FULL_BYTES = 20_000_000;

const NETWORKS = [
  { vnl: "vxvde://", version: 4 },
  { vnl: "vxvde:///v6", version: 6 },
] as const;

const RECEIVERS: readonly Carrier[] = ["C", "ours, offload=0"];

for (const { vnl, version } of NETWORKS) {
  for (const carrier of RECEIVERS) {
    labTest(
      `${vnl} puts nothing unsound on the wire, nor at (${carrier}): MTU 1500 everywhere`,
      noTshark,
      async (lab) => {
        const [a, b] = [await lab.host("a"), await lab.host("b")];
        await lab.link(a, b);
        const one = { carrier: "ours", vnl, number: 1, mtu: 1500 } as const;
        const near = await plugCarrier(a, one);
        const other = { carrier, vnl, number: 2, mtu: 1500 };
        const far = await plugCarrier(b, other);
        await meet(near, far);
        await withoutFeatures(a, "wire0", "tx", "gso");
        await using wire = await Recording.start(a, {
          interfaceName: "wire0",
          filter: `udp and src host ${outerAddress(a, version)}`,
        });
        await using inner = await Recording.start(b, {
          interfaceName: "t0",
          filter: `ether src ${near.mac}`,
        });
        await assertSameBytes(a, b, {
          address: addressOf(far, version),
          bytes: RECORDED_BYTES,
        });
        await assertSound(wire);
        await assertSound(inner);
      },
    );
  }

  labTest(
    `${vnl} merges superframes that the kernel forwards soundly`,
    noTshark,
    async (lab) => {
      const [a, r, c] = [
        await lab.host("a"),
        await lab.host("r"),
        await lab.host("c"),
      ];
      await lab.link(a, r);
      const [exit, target] = await lab.link(r, c);
      const one = { carrier: "ours", vnl, number: 1 } as const;
      const near = await plugCarrier(a, one);
      const router = await plugCarrier(r, { ...one, number: 2 });
      await meet(near, router);
      const to = version === 4 ? target.address : target.address6;
      await route(near, router, to);
      await routeBack(c, near, version === 4 ? exit.address : exit.address6);
      await withoutFeatures(r, exit.interfaceName, "tx", "gso", "tso");
      await a.waitForAnswer(to, { madeBy: near.cable });
      await using merged = await Recording.start(r, {
        interfaceName: "t0",
        filter: `ether src ${near.mac}`,
      });
      await using forwarded = await Recording.start(c, {
        interfaceName: target.interfaceName,
        filter: `tcp and src host ${addressOf(near, version)}`,
      });
      await assertSameBytes(a, c, { address: to, bytes: RECORDED_BYTES });
      await assertSound(forwarded);
      await merged.waitForBytes(RECORDED_BYTES / 2);
      const long = await merged.read("tcp.len > 3000", "frame.number");
      assertGreater(long.length, 20);
    },
  );

  labTest(
    `${vnl} has nothing sent again on a wire without loss`,
    noC,
    async (lab) => {
      const [a, b] = [await lab.host("a"), await lab.host("b")];
      await lab.link(a, b);
      const one = { carrier: "ours", vnl, number: 1 } as const;
      const near = await plugCarrier(a, one);
      const far = await plugCarrier(b, { ...one, number: 2 });
      await meet(near, far);
      const bytes = STEADY_BYTES;
      await assertSameBytes(a, b, { address: addressOf(far, version), bytes });
      await assertSameBytes(b, a, { address: addressOf(near, version), bytes });
      for (const node of [near, far]) {
        const { TCPFastRetrans, RcvbufErrors } = await losses(node);
        assertLess(TCPFastRetrans + RcvbufErrors, MAX_LOSSES);
      }
    },
  );
}

/** The address of a host on its wire. */
function outerAddress({ port }: LabHost, version: 4 | 6): string {
  return version === 4 ? port.address : port.address6;
}

/** Lets a node reach an address behind another. */
async function route(near: Node, router: Node, to: string): Promise<void> {
  const forward = "echo 1 >/proc/sys/net/ipv4/ip_forward; " +
    "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding";
  await router.host.run("sh", ["-c", forward]);
  const via = to.includes(":") ? router.address6 : router.address;
  await near.host.run("ip", ["route", "add", to, "via", via]);
}

/** Lets a host reach a node. */
async function routeBack(
  host: LabHost,
  node: Node,
  via: string,
): Promise<void> {
  const to = via.includes(":") ? node.address6 : node.address;
  await host.run("ip", ["route", "add", to, "via", via]);
}

for (const { vnl, version } of NETWORKS) {
  for (const carrier of ["ours", "ours, offload=0", "C"] as const) {
    labTest(
      `${vnl} makes no IP fragment of TCP where every MTU is 1500, to (${carrier})`,
      noC,
      async (lab) => {
        const [a, b] = [await lab.host("a"), await lab.host("b")];
        await lab.link(a, b);
        const options = ["--json", "--stats=0.05"];
        const one = { carrier: "ours", vnl, mtu: 1500 } as const;
        const near = await plugCarrier(a, { ...one, number: 1, options });
        const far = await plugCarrier(b, { ...one, carrier, number: 2 });
        await meet(near, far);
        await using fragments = await capture(b, {
          interfaceName: "wire0",
          filter: `(ip[6:2] & 0x3fff != 0 or ip6[6] == 44) and src host ${
            outerAddress(a, version)
          }`,
        });
        const address = addressOf(far, version);
        await assertSameBytes(a, b, { address, bytes: FULL_BYTES });
        assertEquals(fragments.lines, []);
        assertEquals(near.cable.stderr.includes("in fragments"), false);

        const before = lastCounts(near.cable).backward.fragmented;
        for (let round = 0; round < 2; round++) {
          // ICMP of 1500 bytes, which nobody may cut.
          const size = ["-s", version === 4 ? "1472" : "1452"];
          await pingInTurn(near, address, 2, size);
        }
        await fragments.waitFor(/frag|0x0|length/);
        const counted = await eventually("fragments counted", () => {
          const { backward } = lastCounts(near.cable);
          return backward.fragmented >= before + 4 ? backward : undefined;
        });
        assertEquals(counted.fragmented, 4);
        await near.cable.waitFor(/in fragments/);
        const told = near.cable.stderr.split("\n")
          .filter((line) => line.includes("in fragments"));
        assertEquals(told.length, 1);
        const fits = version === 4 ? 1450 : 1430;
        assertMatch(told[0], new RegExp(`an MTU of ${fits} or less`));
      },
    );
  }
}

labTest(
  "udp:// makes no IP fragment of TCP where every MTU is 1500",
  noC,
  async (lab) => {
    const [a, b] = [await lab.host("a"), await lab.host("b")];
    const [left, right] = await lab.link(a, b);
    const one = { carrier: "ours", mtu: 1500 } as const;
    const near = await plugCarrier(a, {
      ...one,
      number: 1,
      vnl: `udp://5000->${right.address}:5000`,
    });
    const far = await plugCarrier(b, {
      ...one,
      number: 2,
      vnl: `udp://5000->${left.address}:5000`,
    });
    await meet(near, far);
    await using fragments = await capture(b, {
      interfaceName: "wire0",
      filter: "ip[6:2] & 0x3fff != 0",
    });
    await assertSameBytes(a, b, { address: far.address, bytes: FULL_BYTES });
    await assertSameBytes(b, a, { address: near.address6, bytes: FULL_BYTES });
    assertEquals(fragments.lines, []);
  },
);

labTest(
  "vxvde:// follows a wire whose MTU becomes smaller",
  noC,
  async (lab) => {
    const [a, b] = [await lab.host("a"), await lab.host("b")];
    await lab.link(a, b);
    const one = { carrier: "ours", vnl: "vxvde://", mtu: 1500 } as const;
    const near = await plugCarrier(a, { ...one, number: 1 });
    const far = await plugCarrier(b, { ...one, number: 2 });
    await meet(near, far);
    const transfer = { address: far.address, bytes: FULL_BYTES };
    await assertSameBytes(a, b, transfer);
    for (const host of [a, b]) await setMtu(host, "wire0", 1280);
    await assertSameBytes(a, b, transfer);
    assert(near.cable.status === undefined && far.cable.status === undefined);
  },
);
