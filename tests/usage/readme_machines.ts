/**
 * Scenes of README.md with virtual machines: small ones, in place of the disk
 * images of the reader's own.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { NATIVE_PLUGINS } from "../../lib/native/native_plugins.ts";
import {
  type Availability,
  canMakeNamespaces,
  reasonToSkip,
} from "../lab/mod.ts";
import { canRunGuests, Guest, GuestImage } from "../lab/guest.ts";
import { eventually } from "../interop/nodes.ts";
import type { Scene } from "./readme_scene.ts";
import type { Edits, StageHost } from "./readme_stage.ts";

const noGuest = await reasonToSkip(canMakeNamespaces(), canRunGuests());
const noSlirp = noGuest ?? await reasonToSkip(slirpAvailable());

const ONE_HOST = [
  "vdeplug switch --daemon /tmp/sw",
  "kvm -netdev vde,id=n0,sock=/tmp/sw -device virtio-net-pci,netdev=n0,mac=02:00:00:00:00:01 vm1.qcow2",
  "kvm -netdev vde,id=n0,sock=/tmp/sw -device virtio-net-pci,netdev=n0,mac=02:00:00:00:00:02 vm2.qcow2",
];
const ONE_LAN = [
  "vdeplug --daemon switch:///tmp/sw vxvde://",
  "kvm -netdev vde,id=n0,sock=/tmp/sw -device virtio-net-pci,netdev=n0,mac=02:00:00:00:00:03 vm1.qcow2",
];
const INTERNET = [
  "sudo apt install libvdeplug-slirp",
  "vdeplug --daemon slirp:// switch:///tmp/sw",
  "kvm -netdev vde,id=n0,sock=/tmp/sw -device virtio-net-pci,netdev=n0,mac=02:00:00:00:00:01 vm1.qcow2",
];

/** What slirp has unless its VNL says otherwise: libvdeplug_slirp(1). */
const SLIRP_HOST = "10.0.2.2";
const PAGE = "a page of the host's loopback";
const PINGS = 3;

/** Serves a page on the loopback interface, and says at which port. */
const SERVER = `Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: (at) => console.log("port", at.port) },
  () => new Response(${JSON.stringify(PAGE + "\n")}),
);`;

async function slirpAvailable(): Promise<Availability> {
  try {
    const plugin = await NATIVE_PLUGINS.find("slirp");
    if (plugin !== undefined) return { ok: true };
    return { ok: false, reason: "libvdeplug_slirp.so is not installed" };
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
}

/** How a machine is started. */
interface MachineOptions {
  readonly image: GuestImage;
  /** Its address follows from it, but not the one of its network card. */
  readonly number: number;
  /** What it asks for in place of that address. */
  readonly address?: string;
  readonly edits?: Edits;
}

/** Pastes a line that starts a virtual machine, and waits until that has its address. */
function startMachine(
  host: StageHost,
  line: string,
  { edits, ...guest }: MachineOptions,
): Promise<Guest> {
  return Guest.start(host.host, {
    ...guest,
    sock: "/nonexistent: the line says it",
    before: host.asWords(line, { edits }),
  });
}

/** Asserts that each machine has the address of its line, and reaches the other. */
async function assertReach(
  one: { guest: Guest; mac: string },
  other: { guest: Guest; mac: string },
): Promise<void> {
  for (const [from, to] of [[one, other], [other, one]]) {
    assertStringIncludes(await from.guest.run("ip link show eth0"), from.mac);
    // One by one: the last of many is not waited for as long as the first.
    for (let ping = 0; ping < PINGS; ping++) {
      await from.guest.run(`ping -c 1 -W 30 ${to.guest.address}`);
    }
  }
}

/** Starts both at once; ends the one if the other cannot be started. */
async function startBoth(
  starts: readonly [Promise<Guest>, Promise<Guest>],
): Promise<[Guest, Guest]> {
  const [one, other] = await Promise.allSettled(starts);
  if (one.status === "fulfilled" && other.status === "fulfilled") {
    return [one.value, other.value];
  }
  for (const start of [one, other]) {
    if (start.status === "fulfilled") await start.value[Symbol.asyncDispose]();
  }
  throw [one, other].find((start) => start.status === "rejected")?.reason;
}

export const MACHINE_SCENES: readonly Scene[] = [
  {
    name: "two virtual machines on one host reach each other",
    block: ONE_HOST,
    skip: noGuest,
    run: async (stage) => {
      const host = await stage.host("one");
      await using image = await GuestImage.pack();
      const [sw, ...machines] = ONE_HOST;
      await host.paste(sw);
      const [one, other] = await startBoth([
        startMachine(host, machines[0], { image, number: 1 }),
        startMachine(host, machines[1], { image, number: 2 }),
      ]);
      await assertReach(
        { guest: one, mac: "02:00:00:00:00:01" },
        { guest: other, mac: "02:00:00:00:00:02" },
      );
    },
  },
  {
    name: "virtual machines on two hosts of a LAN reach each other",
    block: ONE_LAN,
    skip: noGuest,
    run: async (stage) => {
      const hosts = await stage.wiredHosts();
      await using image = await GuestImage.pack();
      const [join, machine] = ONE_LAN;
      for (const host of hosts) await host.paste(join);
      const [first, second] = ["02:00:00:00:00:03", "02:00:00:00:00:04"];
      const edits = { [first]: second };
      const [one, other] = await startBoth([
        startMachine(hosts[0], machine, { image, number: 3 }),
        startMachine(hosts[1], machine, { image, number: 4, edits }),
      ]);
      await assertReach(
        { guest: one, mac: first },
        { guest: other, mac: second },
      );
    },
  },
  {
    name:
      "a virtual machine gets an address, and a page of its host, from slirp",
    block: INTERNET,
    skip: noSlirp,
    run: async (stage) => {
      const host = await stage.host("one");
      await using image = await GuestImage.pack();
      const [install, join, machine] = INTERNET;
      const peers = new URL("../../.ci/install_peers", import.meta.url);
      const packages = (await Deno.readTextFile(peers)).split(/\s+/);
      assertEquals(packages.includes(install.split(" ").at(-1) ?? ""), true);
      const serve = ["eval", "--no-lock", SERVER];
      const server = host.host.spawn(Deno.execPath(), serve);
      const [, port] = await server.waitFor(/^port (\d+)$/m);
      await host.paste(join);
      const guest = await startMachine(host, machine, {
        image,
        number: 1,
        address: "dhcp",
      });
      assertMatch(await guest.run("ip address show eth0"), /inet 10\.0\.2\.\d/);
      // The server may take its time.
      const page = await eventually("the page", async () => {
        const order = `wget -q -O - http://${SLIRP_HOST}:${port}/`;
        const { code, output } = await guest.attempt(order);
        return code === 0 ? output : undefined;
      });
      assertStringIncludes(page, PAGE);
    },
  },
];
