/**
 * Virtual machines of QEMU on networks of ours, as README.md's recipes have
 * them: `-netdev vde` through the C library.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { dirname } from "@std/path";
import { NATIVE_PLUGINS } from "../../lib/native/native_plugins.ts";
import {
  type Availability,
  canMakeNamespaces,
  canMakeTaps,
  type Lab,
  type LabHost,
  type LabProcess,
  labTest,
  reasonToSkip,
} from "../lab/mod.ts";
import { canRunGuests, Guest, GuestImage } from "../lab/guest.ts";
import { plugIn, start } from "../interop/nodes.ts";
import {
  canBeOrdinary,
  canRunAsOrdinary,
  OrdinaryUser,
} from "./ordinary_user.ts";
import { makePlace } from "../interop/switch_server.ts";
import { fetchSum, servePage } from "./web_page.ts";

const noGuests = await reasonToSkip(canMakeNamespaces(), canRunGuests());
const noUser = noGuests ?? await reasonToSkip(canBeOrdinary());
const noTaps = noGuests ?? await reasonToSkip(canMakeTaps());
const noSlirp = noGuests ??
  await reasonToSkip(canRunAsOrdinary(), slirpAvailable());

const MTU = 1500;
const JUMBO_MTU = 9000;
/** Of IPv4 and of ICMP. */
const PING_HEADER_BYTES = 28;

const PINGS = 3;

const BYTES = 4_000_000;
const FILE = "file";
/** Makes a guest serve random bytes, and prints their sum. */
const MAKE_FILE = `head -c ${BYTES} </dev/urandom >/srv/${FILE} && ` +
  `sha256sum </srv/${FILE}`;

/** What a test with guests gets. */
interface Scene {
  readonly lab: Lab;
  readonly image: GuestImage;
  /** Path of a switch that is yet to be made. */
  readonly path: string;
  readonly user: OrdinaryUser;
}

function guestTest(
  name: string,
  skip: string | undefined,
  run: (scene: Scene) => Promise<void>,
): void {
  labTest(name, skip, async (lab) => {
    using place = makePlace();
    await using image = await GuestImage.pack();
    const user = await OrdinaryUser.make(dirname(place.path));
    await run({ lab, image, path: place.path, user });
  });
}

async function slirpAvailable(): Promise<Availability> {
  const plugin = await NATIVE_PLUGINS.find("slirp");
  if (plugin !== undefined) return { ok: true };
  return { ok: false, reason: "libvdeplug_slirp.so is not installed" };
}

/** Starts `vdeplug switch` and waits until it can be joined. */
async function serve(
  host: LabHost,
  path: string,
  ...options: string[]
): Promise<LabProcess> {
  const server = await start(host, "ours", "switch", "-v", ...options, path);
  await server.waitFor(/listens in/);
  return server;
}

/** Fetches a page in a guest; gives the line that sha256sum(1) prints of it. */
function fetchInGuest(guest: Guest, url: string): Promise<string> {
  return guest.run(`wget -q -O - ${url} | sha256sum`);
}

/** Asserts that a file arrives as it is, in each direction at once. */
async function assertFetches(one: Guest, other: Guest): Promise<void> {
  const made = await Promise.all([one.run(MAKE_FILE), other.run(MAKE_FILE)]);
  const fetched = await Promise.all([
    fetchInGuest(other, `http://${one.address}/${FILE}`),
    fetchInGuest(one, `http://${other.address}/${FILE}`),
  ]);
  assertEquals(fetched, made);
}

/** Asserts that a guest gets an answer to each ping that fills a frame, none in fragments. */
async function assertFullFrames(
  from: Guest,
  address: string,
  mtu = MTU,
): Promise<void> {
  await from.run(`reach ${address}`);
  const size = `-s ${mtu - PING_HEADER_BYTES}`;
  // One by one: the last of many is not waited for as long as the first.
  for (let ping = 0; ping < PINGS; ping++) {
    await from.run(`ping -c 1 -W 30 ${size} ${address}`);
  }
  const counts = await from.run("grep ^Ip: /proc/net/snmp");
  const [names, values] = counts.split("\n").map((line) => line.split(" "));
  for (const name of ["FragCreates", "ReasmReqds"]) {
    assertEquals(values[names.indexOf(name)], "0", `${name}: ${counts}`);
  }
}

guestTest(
  "vdeplug switch joins virtual machines of two users, at the ports they ask for",
  noUser,
  async ({ lab, image, path, user }) => {
    const host = await lab.host("h");
    const server = await serve(host, path, ...user.switchOptions);
    const guest = (number: number, netdev: string[], before?: string[]) =>
      Guest.start(host, { image, number, sock: path, netdev, before });
    // In a user namespace, groups have other numbers.
    const [program, ...args] = [...user.before, "id", "-g"];
    const group = `group=${(await host.run(program, args)).trim()}`;
    const [one, two] = await Promise.all([
      guest(1, ["port=5", "mode=0640"]),
      guest(2, ["port=7", "mode=0640", group], user.before),
    ]);
    for (const port of [5, 7]) {
      const joined = `port ${port}: process \\d+ joined: QEMU `;
      await server.waitFor(new RegExp(joined));
    }
    // The C library sets the mode of the switch's socket, too, where it may.
    const { mode } = await Deno.stat(`${path}/fd5`);
    assertEquals((mode ?? 0) & 0o777, 0o640);
    await assertFullFrames(one, two.address);
    await assertFullFrames(two, one.address);
    await assertFetches(one, two);
    assertEquals((await server.terminate()).code, 0, server.report());
  },
);

guestTest(
  "virtual machines of two hosts meet, each at a switch on vxvde://",
  noGuests,
  async ({ lab, image, path }) => {
    const [near, far] = [await lab.host("near"), await lab.host("far")];
    await lab.link(near, far);
    // The two ways to put a switch on another network.
    const socks = [path, `${path}-far`];
    await serve(near, socks[0]);
    await start(near, "ours", "vxvde://", `vde://${socks[0]}`);
    const both = ["-v", `switch://${socks[1]}`, "vxvde://"];
    await (await start(far, "ours", ...both)).waitFor(/listens in/);
    const [one, two] = await Promise.all([
      Guest.start(near, { image, number: 1, sock: socks[0] }),
      Guest.start(far, { image, number: 2, sock: socks[1] }),
    ]);
    await assertFullFrames(one, two.address);
    await assertFullFrames(two, one.address);
    await assertFetches(one, two);
  },
);

guestTest(
  "vdeplug switch outlasts a virtual machine that is killed, and has a TAP beside",
  noTaps,
  async ({ lab, image, path }) => {
    const host = await lab.host("h");
    const server = await serve(host, path);
    const common = { image, sock: path, mtu: JUMBO_MTU };
    const vnl = `vde://${path}`;
    const [one, two, node] = await Promise.all([
      Guest.start(host, { ...common, number: 1 }),
      Guest.start(host, { ...common, number: 2 }),
      plugIn(host, { tool: "ours", vnl, number: 3 }),
    ]);
    await host.run("ip", [
      "link",
      "set",
      "dev",
      node.tap,
      "mtu",
      `${JUMBO_MTU}`,
    ]);
    await assertFullFrames(one, two.address, JUMBO_MTU);
    await two.run(`ping -i 0.01 ${one.address} >/dev/null &`);
    await one[Symbol.asyncDispose]();
    await server.waitFor(/its client left/);
    await assertFullFrames(two, node.address, JUMBO_MTU);

    const page = await servePage(host, node.address, BYTES);
    const url = `http://${node.address}:${page.port}/`;
    assertEquals(await fetchInGuest(two, url), page.sum);
    const sum = await two.run(MAKE_FILE);
    assertEquals(await fetchSum(host, `http://${two.address}/${FILE}`), sum);
    assertEquals((await server.terminate()).code, 0, server.report());
  },
);

/** What slirp has unless its VNL says otherwise: libvdeplug_slirp(1). */
const SLIRP_HOST = "10.0.2.2";
const LEASE = /^guest: leased 10\.0\.2\.\d+\/.* router 10\.0\.2\.2,/m;

guestTest(
  "slirp:// gives the virtual machine of an ordinary user an address and the web",
  noSlirp,
  async ({ lab, image, user }) => {
    const host = await lab.host("h");
    const page = await servePage(host, "127.0.0.1", BYTES);
    const sock = `${user.home}/sw`;
    const [program, ...args] = await user.vdeplug(
      "-v",
      "slirp://",
      `switch://${sock}`,
    );
    const cable = host.spawn(program, args);
    await cable.waitFor(/listens in/);
    const { uid } = await Deno.stat(`/proc/${cable.pid}`);
    assertEquals(uid, user.uid);
    await using guest = await Guest.start(host, {
      image,
      number: 1,
      sock,
      address: "dhcp",
      before: user.before,
    });
    assertMatch(guest.console, LEASE);
    const url = `http://${SLIRP_HOST}:${page.port}/`;
    assertEquals(await fetchInGuest(guest, url), page.sum);
    await guest[Symbol.asyncDispose]();
    assertEquals((await cable.terminate()).code, 0, cable.report());
  },
);
