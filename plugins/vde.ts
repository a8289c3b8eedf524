/**
 * `vde://` plugs: a port of a VDE switch on this host, one frame a datagram.
 *
 * @module
 */

import { resolve } from "node:path";
import { PacketPlug } from "../lib/packet/packet_plug.ts";
import { SuperframePacketPlug } from "../lib/packet/superframe_packet_plug.ts";
import type { Access, OpenOptions, Plug, Plugin } from "../lib/plug/plugin.ts";
import type { Vnl } from "../lib/plug/vnl.ts";
import { joinSwitch, type SwitchPort } from "../lib/vde/client.ts";
import type { DataSocketAccess } from "../lib/vde/data_socket.ts";
import { describeClient, thisClient } from "../lib/vde/description.ts";
import { ownerGroup } from "../lib/vde/owner_group.ts";
import { MAX_REQUEST_PORT } from "../lib/vde/request.ts";

/** Where switches are by custom. */
const DEFAULT_DIRECTORIES = ["/var/run/vde.ctl", "/tmp/vde.ctl"];
const DEFAULT_MODE = 0o700;
const MAX_MODE = 0o777;
/** Wanted of the kernel, which gives what its limits allow. */
const BUFFER_BYTES = 1 << 20;

/** Opens `vde://` plugs. */
export const vdePlugin: Plugin = {
  scheme: "vde",
  summary: "A port of a VDE switch on this host: vde_switch, or switch://.",
  description: [
    "Joins a switch that runs on this host: vde_switch of the package " +
    "vde2, or switch://, hub://, multi:// and bonding:// of this program " +
    "and of the C one. It runs as any user whom the switch's folder and " +
    "sockets let in.",
    "The switch sends to a socket that is made here, and must be allowed " +
    "to: with mode=0700, that is a switch of this user or of root. For " +
    "one of another user, mode and group say who may.",
    "It ends when the switch does. With a switch of this program, TCP " +
    "passes in superframes of up to 64 KB.",
  ],
  syntax: {
    form: "bracket",
    address: "DIRECTORY",
    addressOptional: true,
    addressSummary: "the switch's; else /var/run/vde.ctl, then /tmp/vde.ctl",
    addressCompletes: "switch",
    unnamedKey: "port",
    keys: [
      {
        name: "port",
        type: "text",
        placeholder: "PORT",
        summary: "number of a port, or name of a group of ports",
      },
      {
        name: "portgroup",
        type: "text",
        placeholder: "GROUP",
        summary: "the same as port",
      },
      {
        name: "group",
        type: "text",
        placeholder: "GROUP",
        completes: "group",
        summary: "group that may send to us, if mode lets it: the switch's",
      },
      {
        name: "mode",
        type: "octal",
        min: 0,
        max: MAX_MODE,
        summary: "permission bits for who may send to us; 0700 unless given",
      },
      {
        name: "offload",
        type: "integer",
        min: 0,
        max: 1,
        default: 1,
        summary: "0: no superframes, not even with a switch of ours",
      },
    ],
    examples: [
      { vnl: "vde:///tmp/myswitch", summary: "any port of that switch" },
      { vnl: "vde:///tmp/myswitch[12]", summary: "port 12" },
      {
        vnl: "vde:///run/sw[mode=0770/group=net]",
        summary: "of a switch that runs as another user of group net",
      },
      { vnl: "vde://", summary: "the switch of this host" },
    ],
  },
  async open(vnl, options) {
    const port = await joinSwitch({
      vnl: vnl.text,
      directories: vnl.address === ""
        ? DEFAULT_DIRECTORIES
        : [resolve(vnl.address)],
      port: readPort(vnl, options.access),
      access: readAccess(vnl, options.access),
      description: describeClient(options.description, thisClient()),
      superframes: vnl.number("offload") === 1,
    });
    options.log.debug(`${vnl.text} is connected to "${port.path}"`);
    return makePlug(port, options);
  },
};

function makePlug(
  { directory, data, control, superframes }: SwitchPort,
  options: OpenOptions,
): Plug {
  data.setBuffers(BUFFER_BYTES);
  const link = { socket: data, control, peer: `switch "${directory}"` };
  return superframes
    ? new SuperframePacketPlug(link, options)
    : new PacketPlug(link, options);
}

function readPort(vnl: Vnl, access: Access | undefined): string | undefined {
  const { text } = vnl;
  if (vnl.has("port") && vnl.has("portgroup")) {
    throw new TypeError(
      `Cannot open "${text}" as port and portgroup are two names of one key: received both`,
    );
  }
  const key = vnl.has("portgroup") ? "portgroup" : "port";
  const port = vnl.has(key) ? vnl.string(key) : access?.port?.toString();
  if (port === undefined) return undefined;
  if (/^\d+$/.test(port)) {
    if (Number(port) <= MAX_REQUEST_PORT) return String(Number(port));
    throw new RangeError(
      `Cannot open "${text}" as ${key} must be 0 to ${MAX_REQUEST_PORT}, ` +
        `or the name of a port group: received ${port}`,
    );
  }
  if (port === "" || port === "." || port === ".." || port.includes("/")) {
    throw new TypeError(
      `Cannot open "${text}" as ${key} must be a number, or the name of a ` +
        `port group, without a "/": received "${port}"`,
    );
  }
  return port;
}

function readAccess(vnl: Vnl, access: Access | undefined): DataSocketAccess {
  const mode = vnl.number("mode") ?? access?.mode ?? DEFAULT_MODE;
  return {
    mode,
    gid: ownerGroup(vnl, "group", access?.group),
  };
}
