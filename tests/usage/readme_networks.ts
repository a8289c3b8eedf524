/**
 * Scenes of README.md with interfaces and networks, without virtual machines.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  canMakeNamespaces,
  canMakeTaps,
  type LabProcess,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { pingInTurn } from "../interop/nodes.ts";
import type { Scene } from "./readme_scene.ts";
import type { Stage, StageHost } from "./readme_stage.ts";

const [ONE, OTHER] = ["10.0.0.1", "10.0.0.2"];
const PINGS = 3;
const POWERLESS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

const needs = [canMakeTaps(), peerAvailable("ping")];
const noLab = await reasonToSkip(canMakeNamespaces());
const noOurs = await reasonToSkip(...needs);
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noUsers = await reasonToSkip(...needs, peerAvailable("setpriv"));

const TAP = [
  "sudo vdeplug --daemon vxvde:// tap://mytap",
  "sudo ip addr add 10.0.0.1/24 dev mytap",
  "sudo ip link set mytap up",
];
const ASK = "vdeplug ping vxvde:// 10.0.0.1";
const C_TAP = "vde_plug vxvde:// tap://mytap";
const REMOTE = "vdeplug vxvde:// = ssh root@remote.host vdeplug tap://mytap";
const FOR_A_USER = "ip tuntap add mytap mode tap user alice";

/** Networks that README.md says are others than `vxvde://`. */
const APART = ["vxvde://239.1.2.3", "vxvde:///vni=7"];

/** Pastes the lines one by one. */
async function pasteAll(
  host: StageHost,
  lines: readonly string[],
  edits?: Record<string, string>,
): Promise<void> {
  for (const line of lines) await host.paste(line, { edits });
}

/** Asserts that two hosts, which have these addresses, reach each other. */
async function assertReach(
  one: StageHost,
  other: StageHost,
  madeBy?: LabProcess,
): Promise<void> {
  for (const [from, to] of [[one, OTHER], [other, ONE]] as const) {
    await from.host.waitForAnswer(to, { madeBy });
    await pingInTurn(from, to, PINGS);
  }
}

/** Puts the first host on the LAN, as README.md says. */
async function onTheLan(stage: Stage): Promise<[StageHost, StageHost]> {
  const [one, other] = await stage.wiredHosts();
  await pasteAll(one, TAP);
  return [one, other];
}

/** Starts C's program on the other host. */
async function joinWithC(
  other: StageHost,
  program: string,
): Promise<LabProcess> {
  const cable = other.start(program);
  await other.host.waitForInterface("mytap", { madeBy: cable });
  const [, ...setUp] = TAP;
  await pasteAll(other, setUp, { [ONE]: OTHER });
  return cable;
}

async function remoteTap(
  stage: Stage,
  edits: Record<string, string>,
): Promise<void> {
  const [one, near] = await onTheLan(stage);
  const far = await stage.host("remote");
  const env = { REMOTE_PID: String(far.host.pid) };
  const cable = near.start(REMOTE, { edits, env });
  await far.host.configure("mytap", {
    addresses: [`${OTHER}/24`],
    madeBy: cable,
  });
  await assertReach(one, far, cable);
}

/** Who alice is: the user that runs the tests. */
const WITH_ALICE = "mount -t tmpfs none /media && { cat /etc/passwd; " +
  'echo "alice:x:$(id -u):$(id -g)::/:/bin/sh"; } >/media/passwd && ' +
  "mount --bind /media/passwd /etc/passwd && ";

export const NETWORK_SCENES: readonly Scene[] = [
  {
    name: "two hosts of a LAN get a TAP interface on its distributed switch",
    block: TAP,
    skip: noOurs,
    run: async (stage) => {
      const [one, other] = await onTheLan(stage);
      await pasteAll(other, TAP, { [ONE]: OTHER });
      await assertReach(one, other);
    },
  },
  {
    name: "the other host may run C's vde_plug",
    spans: [C_TAP],
    skip: noC,
    run: async (stage) => {
      const [one, other] = await onTheLan(stage);
      await assertReach(one, other, await joinWithC(other, C_TAP));
    },
  },
  {
    name:
      "a ping asks whether a host is there, with no interface and not as root",
    block: [ASK],
    skip: noUsers,
    run: async (stage) => {
      const [, other] = await onTheLan(stage);
      const line = `exec ${POWERLESS.join(" ")} ${ASK}`;
      const nobody = line.replace(ONE, "-c 1 10.0.0.9");
      // An answer ends the wait for it, however busy this machine is.
      const edits = { ping: "ping -W 20" };
      assertStringIncludes(await other.paste(line, { edits }), "4 received");
      // Not meanwhile: a ping answers for the free address that it asks from.
      const { code, stdout } = await other.attempt(nobody);
      assertEquals(code, 1, stdout);
      const interfaces = await other.host.run("ip", ["-br", "link"]);
      assert(!interfaces.includes("mytap"), interfaces);
    },
  },
  {
    name: "a TAP interface appears on a remote host, over ssh",
    block: [REMOTE],
    skip: noOurs,
    run: (stage) => remoteTap(stage, {}),
  },
  {
    name: "vde_plug at the far end of ssh works as well",
    skip: noC,
    run: (stage) =>
      remoteTap(stage, { "remote.host vdeplug": "remote.host vde_plug" }),
  },
  {
    name: "a TAP interface is prepared for a user who has no rights",
    spans: [FOR_A_USER],
    skip: noUsers ?? await reasonToSkip(peerAvailable("mount")),
    run: async (stage) => {
      const host = await stage.host("one");
      const open = `${POWERLESS.join(" ")} vdeplug --daemon ` +
        "tap://mytap probe://10.0.0.9";
      const refused = await host.attempt(open);
      assertEquals(refused.code, 1, refused.stderr);
      assertStringIncludes(refused.stderr, "EPERM");
      await host.paste(`exec unshare -m sh -c '${WITH_ALICE}${FOR_A_USER}'`);
      await host.paste(open);
      await host.host.configure("mytap", { addresses: [`${ONE}/24`] });
      await host.host.waitForAnswer("10.0.0.9");
    },
  },
  {
    name: `${APART.join(" and ")} are networks apart from the first`,
    skip: noLab,
    run: async (stage) => {
      const [one, other] = await stage.wiredHosts();
      const networks = ["vxvde://", ...APART];
      const addressOf = (vnl: string) => `10.0.0.${networks.indexOf(vnl) + 1}`;
      await Promise.all(
        networks.map((vnl) =>
          one.paste(`vdeplug --daemon ${vnl} probe://${addressOf(vnl)}`)
        ),
      );
      const pings = networks.flatMap((vnl) =>
        networks.map(async (each) => {
          const isThere = each === vnl;
          // An answer ends it: only one that must not come is waited for.
          const wait = isThere ? 20 : 1;
          // Of their own: a ping answers for the address that it asks from.
          const from = `10.0.1.${networks.indexOf(each) + 1}`;
          const ping = `vdeplug ping -c 1 -W ${wait} --from ${from}`;
          const line = `${ping} ${vnl} ${addressOf(each)}`;
          assertEquals((await other.attempt(line)).code, isThere ? 0 : 1, line);
        })
      );
      await Promise.all(pings);
    },
  },
];
