import { assertEquals } from "@std/assert";
import type { Plug, Plugin } from "../../../lib/plug/plugin.ts";
import {
  bondingPlugin,
  hubPlugin,
  multiPlugin,
  switchPlugin,
} from "../../../plugins/switch.ts";
import { ffiTest } from "../../ffi/case.ts";
import { burstOf } from "../../plugs.ts";
import { describePlug, Party, take } from "./clients.ts";

const CLIENTS = 3;
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const TYPE = [0x88, 0xb5];

/** The station at each port; 0 is the host's. */
const STATIONS = [0, 1, 2, 3].map((port) => `02:00:00:00:00:0${port}`);

function bytesOf(mac: string): number[] {
  return mac.split(":").map((pair) => parseInt(pair, 16));
}

interface FrameOptions {
  readonly vlan?: number;
  /** Last byte of the payload. */
  readonly mark?: number;
}

function frame(
  to: string,
  from: string,
  { vlan, mark = 0 }: FrameOptions = {},
): Uint8Array {
  const tag = vlan === undefined ? [] : [0x81, 0, vlan >> 8, vlan & 0xff];
  return new Uint8Array([
    ...bytesOf(to),
    ...bytesOf(from),
    ...tag,
    ...TYPE,
    ...Array(45).fill(0),
    mark,
  ]);
}

/** The plug at each port. */
function plugs(party: Party): Plug[] {
  return [party.plug, ...party.clients];
}

/** Sends a frame into a port, and tells at which ports it comes out. */
function pass(party: Party, port: number, sent: Uint8Array): number[] {
  plugs(party)[port].send(burstOf([sent]), 0);
  const counts = [party.settle(), ...party.clients.map(take)];
  return counts.flatMap((frames, index) => frames.map(() => index));
}

interface Step {
  readonly from: number;
  /** A port's station; absent: broadcast. */
  readonly to?: number;
  /** Where it comes out. */
  readonly want: readonly number[];
}

const CASES: readonly {
  readonly name: string;
  readonly plugin: Plugin;
  readonly steps: readonly Step[];
}[] = [
  {
    name: "switch:// floods until it has learned",
    plugin: switchPlugin,
    steps: [
      { from: 1, to: 2, want: [0, 2, 3] },
      { from: 2, to: 1, want: [1] },
      { from: 1, to: 2, want: [2] },
      { from: 3, to: 1, want: [1] },
      { from: 1, to: 3, want: [3] },
      { from: 1, want: [0, 2, 3] },
    ],
  },
  {
    name: "switch:// learns the host, and sends to it alone",
    plugin: switchPlugin,
    steps: [
      { from: 0, want: [1, 2, 3] },
      { from: 1, to: 0, want: [0] },
      { from: 0, to: 1, want: [1] },
      { from: 0, to: 2, want: [1, 2, 3] },
    ],
  },
  {
    name: "switch:// sends nothing back to where it came from",
    plugin: switchPlugin,
    steps: [
      { from: 1, to: 1, want: [] },
      { from: 0, to: 0, want: [] },
    ],
  },
  {
    name: "hub:// sends everything to everybody else",
    plugin: hubPlugin,
    steps: [
      { from: 1, to: 2, want: [0, 2, 3] },
      { from: 2, to: 1, want: [0, 1, 3] },
      { from: 0, to: 1, want: [1, 2, 3] },
      { from: 3, want: [0, 1, 2] },
    ],
  },
  {
    name: "multi:// joins clients with the host alone",
    plugin: multiPlugin,
    steps: [
      { from: 1, to: 2, want: [0] },
      { from: 2, want: [0] },
      { from: 0, to: 1, want: [1, 2, 3] },
      { from: 0, want: [1, 2, 3] },
    ],
  },
  {
    name: "bonding:// sends the host's frames to the clients in turn",
    plugin: bondingPlugin,
    steps: [
      { from: 0, want: [1] },
      { from: 0, to: 1, want: [2] },
      { from: 0, to: 1, want: [3] },
      { from: 0, want: [1] },
      { from: 2, to: 1, want: [0] },
      { from: 3, want: [0] },
    ],
  },
];

for (const { name, plugin, steps } of CASES) {
  ffiTest(name, async () => {
    using party = await Party.open(plugin, CLIENTS);
    for (const [index, { from, to, want }] of steps.entries()) {
      const destination = to === undefined ? BROADCAST : STATIONS[to];
      const got = pass(party, from, frame(destination, STATIONS[from]));
      assertEquals(got, want, `step ${index}`);
    }
  });
}

/** 1 and 1025, 5 and 1029 are the same in ten bits. */
const VLANS = [1, 5, 1023, 1024, 1025, 1029, 4094];

ffiTest("switch:// keeps VLANs apart by all 12 bits of their ids", async () => {
  using party = await Party.open(switchPlugin, CLIENTS);
  const [, one, two] = STATIONS;
  for (const vlan of VLANS) {
    assertEquals(pass(party, 1, frame(BROADCAST, one, { vlan })), [0, 2, 3]);
    for (const other of VLANS) {
      const isKnown = VLANS.indexOf(other) <= VLANS.indexOf(vlan);
      const got = pass(party, 2, frame(one, two, { vlan: other }));
      assertEquals(got, isKnown ? [1] : [0, 1, 3], `${other} after ${vlan}`);
    }
  }
});

ffiTest("switch:// knows a station on each VLAN for itself", async () => {
  using party = await Party.open(switchPlugin, CLIENTS);
  const station = STATIONS[1];
  // The same address on as many VLANs as there are ports, none displaces another.
  for (const port of [1, 2, 3]) {
    pass(party, port, frame(BROADCAST, station, { vlan: 1024 + port }));
  }
  for (const port of [1, 2, 3]) {
    const sent = frame(station, STATIONS[0], { vlan: 1024 + port });
    assertEquals(pass(party, 0, sent), [port]);
  }
  assertEquals(pass(party, 0, frame(station, STATIONS[0])), [1, 2, 3]);
});

ffiTest("switch:// hands tags on as they are", async () => {
  using party = await Party.open(switchPlugin, 2);
  const sent = frame(BROADCAST, STATIONS[1], { vlan: 4094, mark: 7 });
  party.clients[0].send(burstOf([sent]), 0);
  assertEquals(party.settle(), [sent]);
  assertEquals(take(party.clients[1]), [sent]);
});

ffiTest("switch:// does not take a group's address for a station", async () => {
  using party = await Party.open(switchPlugin, 2);
  const group = "03:00:00:00:00:01";
  pass(party, 1, frame(BROADCAST, group));
  assertEquals(describePlug(party.plug).stations, []);
  assertEquals(pass(party, 2, frame(group, STATIONS[2])), [0, 1]);
});

ffiTest("switch:// follows a station that moves", async () => {
  using party = await Party.open(switchPlugin, CLIENTS);
  pass(party, 1, frame(BROADCAST, STATIONS[1]));
  assertEquals(pass(party, 3, frame(STATIONS[1], STATIONS[3])), [1]);
  pass(party, 2, frame(BROADCAST, STATIONS[1]));
  assertEquals(pass(party, 3, frame(STATIONS[1], STATIONS[3])), [2]);
});

ffiTest("switch:// forgets the stations of a port that is closed", async () => {
  using party = await Party.open(switchPlugin, CLIENTS);
  pass(party, 1, frame(BROADCAST, STATIONS[1]));
  party.clients[0][Symbol.dispose]();
  party.settle();
  const { stations, ports } = describePlug(party.plug);
  assertEquals(stations, []);
  assertEquals(ports.map(({ port }) => port), [0, 2, 3]);
  party.clients.shift();
  const got = pass(party, 1, frame(STATIONS[1], STATIONS[2]));
  assertEquals(got, [0, 2], "the second client's frame reaches the third");
});

ffiTest(
  "switch:// keeps the quiet when one port invents stations",
  async () => {
    using party = await Party.open(switchPlugin, 2);
    const [one, two] = party.clients;
    pass(party, 1, frame(BROADCAST, STATIONS[1]));
    for (let batch = 0; batch < 800; batch++) {
      const frames = Array.from({ length: 64 }, (_, index) => {
        const number = batch * 64 + index;
        return frame(
          STATIONS[2],
          `06:00:00:00:${hex(number >> 8)}:${hex(number & 0xff)}`,
          { vlan: 1 + (number >> 16) },
        );
      });
      two.send(burstOf(frames), 0);
      party.settle();
      take(one);
    }
    assertEquals(pass(party, 0, frame(STATIONS[1], STATIONS[0])), [1]);
  },
);

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}
