import { assertEquals } from "@std/assert";
import { viewStatus } from "../../../lib/cli/status_view.ts";
import type { PlugStatus, PortStatus } from "../../../lib/plug/status.ts";

const PORT: PortStatus = {
  port: 0,
  description: "host",
  pid: 0,
  uid: -1,
  ageSeconds: 61,
  framesIn: 0,
  bytesIn: 0,
  framesOut: 1234567,
  bytesOut: 2_000_000,
  dropped: 0,
};

const STATUS: PlugStatus = {
  vnl: "switch:///tmp/sw",
  ports: [PORT, {
    ...PORT,
    port: 12,
    description: "vm \x1b[2J\u202e user=1000",
    pid: 4321,
    uid: 1000,
    framesIn: 5,
    dropped: 7,
  }],
  stations: [
    { mac: "02:00:00:00:00:02", vlan: 4094, port: 12, ageSeconds: 3 },
    { mac: "02:00:00:00:00:01", vlan: 0, port: 0, ageSeconds: 3600 },
  ],
};

Deno.test("viewStatus() lines up the ports, and shows no control character", () => {
  assertEquals(viewStatus(STATUS, { stations: false }), [
    "switch:///tmp/sw: 2 ports, 2 stations",
    "  port  frames in  bytes in  frames out  bytes out  dropped   age   pid  description",
    "     0          0       0 B   1,234,567    2.00 MB        0  1:01     -  host",
    "    12          5       0 B   1,234,567    2.00 MB        7  1:01  4321  vm ?[2J? user=1000",
  ]);
});

Deno.test("viewStatus() lists the stations by address where they are wanted", () => {
  assertEquals(viewStatus(STATUS, { stations: true }).slice(4), [
    "            station  vlan  port  age",
    "  02:00:00:00:00:01     -     0  1:00:00",
    "  02:00:00:00:00:02  4094    12  0:03",
  ]);
});

Deno.test("viewStatus() has titles also where there is nothing below them", () => {
  const empty = { vnl: "hub:///tmp/h", ports: [], stations: [] };
  assertEquals(viewStatus(empty, { stations: true }), [
    "hub:///tmp/h: 0 ports, 0 stations",
    "  port  frames in  bytes in  frames out  bytes out  dropped  age  pid  description",
  ]);
});
