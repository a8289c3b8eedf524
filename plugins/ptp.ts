/**
 * `ptp://` plugs: two ends that meet at a path, one frame a packet.
 *
 * @module
 */

import { resolve } from "node:path";
import { SystemError } from "../ffi/libc.ts";
import { MAX_SOCKET_PATH_BYTES } from "../ffi/unix_socket.ts";
import { PlugError } from "../lib/plug/errors.ts";
import type { Access, Plugin } from "../lib/plug/plugin.ts";
import type { Vnl } from "../lib/plug/vnl.ts";
import { SECOND_SUFFIX } from "../lib/ptp/datagram_end.ts";
import { type LinkOptions, PtpLink } from "../lib/ptp/ptp_link.ts";
import { PtpPlug } from "../lib/ptp/ptp_plug.ts";
import { longestNameBytes } from "../lib/ptp/socket_name.ts";
import { ownerGroup } from "../lib/vde/owner_group.ts";

const DEFAULT_MODE = 0o700;
const MAX_MODE = 0o777;

/** Opens `ptp://` plugs. */
export const ptpPlugin: Plugin = {
  scheme: "ptp",
  summary: "Two programs of this host, which meet at a path.",
  description: [
    "A line between two programs, with no switch: each opens the same " +
    "path, in any order. The other one may be a C program with ptp://, of " +
    "vdeplug 4.0.1 or newer.",
    "It never ends by itself: when one end goes, the other waits at the " +
    "path for the next, and frames are dropped meanwhile. Who may join is " +
    "for mode and group to say; a third one is refused.",
  ],
  syntax: {
    form: "bracket",
    address: "PATH",
    addressSummary: "the same at both ends; whoever comes first makes it",
    addressCompletes: "file",
    keys: [
      {
        name: "dgram",
        type: "flag",
        summary: "make it as vdeplug 4.0.1 does; joining works with both kinds",
      },
      {
        name: "mode",
        type: "octal",
        min: 0,
        max: MAX_MODE,
        summary:
          "permission bits of what is made: who may join; 0700 unless given",
      },
      {
        name: "group",
        type: "text",
        placeholder: "GROUP",
        completes: "group",
        summary: "group of what is made: a name or an id",
      },
    ],
    examples: [
      { vnl: "ptp:///tmp/wire", summary: "one end; the same is the other" },
      {
        vnl: "ptp:///tmp/wire[dgram]",
        summary: "before a vde_plug 4.0.1 comes, as Debian 12 has it",
      },
      {
        vnl: "ptp:///run/wire[mode=0770/group=vm]",
        summary: "members of group vm may be the other end",
      },
    ],
  },
  async open(vnl, options) {
    const place: LinkOptions = {
      path: readPath(vnl),
      access: readAccess(vnl, options.access),
      kind: vnl.flag("dgram") ? "datagrams" : "packets",
      log: options.log,
    };
    try {
      return new PtpPlug(await PtpLink.open(place), options);
    } catch (error) {
      throw explain(vnl.text, error);
    }
  },
};

function readPath({ text, address }: Vnl): string {
  const path = resolve(address);
  const bytes = longestNameBytes(path + SECOND_SUFFIX);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return path;
  throw new RangeError(
    `Cannot open "${text}" as the path of a socket has at most ` +
      `${MAX_SOCKET_PATH_BYTES} bytes: it takes ${bytes}`,
  );
}

function readAccess(
  vnl: Vnl,
  access: Access | undefined,
): LinkOptions["access"] {
  return {
    mode: vnl.number("mode") ?? access?.mode ?? DEFAULT_MODE,
    gid: ownerGroup(vnl, "group", access?.group),
  };
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: "the other end's mode, or the folder's, keeps this user out",
  ENOENT: "the folder of the path must exist",
  EPERM:
    "what is there belongs to another user: remove it, or choose another path",
};

/** An error of the world, in the words of the VNL. */
function explain(text: string, cause: unknown): unknown {
  if (cause instanceof PlugError) {
    const { code, hint } = cause;
    return new PlugError(`Cannot open "${text}": ${plain(cause)}`, {
      code,
      hint,
      cause,
    });
  }
  if (!(cause instanceof SystemError)) return cause;
  const { code } = cause;
  return new PlugError(`Cannot open "${text}": ${plain(cause)}`, {
    code,
    hint: HINTS[code],
    cause,
  });
}

function plain({ message }: Error): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
