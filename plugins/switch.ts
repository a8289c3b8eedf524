/**
 * `switch://`, `hub://`, `multi://` and `bonding://` plugs: a switch of one's
 * own, which any VDE client joins.
 *
 * @module
 */

import { SystemError } from "../ffi/libc.ts";
import { userName } from "../ffi/passwd.ts";
import { userId } from "../ffi/users.ts";
import { MAX_MAC_TABLE_CAPACITY } from "../lib/net/mac_table.ts";
import { PlugError } from "../lib/plug/errors.ts";
import type { Access, Plugin } from "../lib/plug/plugin.ts";
import type { Vnl, VnlKey, VnlSyntax } from "../lib/plug/vnl.ts";
import {
  type DirectoryAccess,
  SwitchDirectory,
} from "../lib/switch/directory.ts";
import {
  BondingPolicy,
  HubPolicy,
  LearningPolicy,
  MultiPolicy,
  type Policy,
} from "../lib/switch/policy.ts";
import type { PortTable } from "../lib/switch/port.ts";
import { SwitchPlug } from "../lib/switch/switch_plug.ts";
import { ownerGroup } from "../lib/vde/owner_group.ts";

const DEFAULT_MODE = 0o600;
const MAX_MODE = 0o777;
const MAX_DIRECTORY_MODE = 0o7777;
const DEFAULT_EXPIRE_SECONDS = 120;
const DEFAULT_HASH_SIZE = 256;
/** Remembered however small the table is said to be: more cost next to nothing. */
const MIN_STATIONS = 32768;
const MAX_INT = 0x7fff_ffff;
const MS_PER_SECOND = 1000;
const DEFAULT_FOLDER = "/tmp/vdenode_";

const KEYS: readonly VnlKey[] = [
  {
    name: "mode",
    type: "octal",
    min: 0,
    max: MAX_MODE,
    summary: "permission bits of the sockets: who may join; 0600 unless given",
  },
  {
    name: "dirmode",
    type: "octal",
    min: 0,
    max: MAX_DIRECTORY_MODE,
    summary: "those of the folder; unless given mode, with search, and setgid",
  },
  {
    name: "grp",
    type: "text",
    placeholder: "GROUP",
    completes: "group",
    summary: "group of the folder and the sockets: a name or an id",
  },
  {
    name: "offload",
    type: "integer",
    min: 0,
    max: 1,
    default: 1,
    summary: "0: no superframes, not even with clients of ours",
  },
];

const LEARNING_KEYS: readonly VnlKey[] = [
  {
    name: "hashsize",
    type: "integer",
    min: 1,
    max: MAX_MAC_TABLE_CAPACITY,
    default: DEFAULT_HASH_SIZE,
    summary: `stations to remember; it is never fewer than ${MIN_STATIONS}`,
  },
  {
    name: "hashseed",
    type: "integer",
    min: 0,
    max: MAX_INT,
    default: 0,
    summary: "makes the table's hash repeatable; 0: random",
  },
  {
    name: "expiretime",
    type: "integer",
    min: -MAX_INT,
    max: MAX_INT,
    default: DEFAULT_EXPIRE_SECONDS,
    placeholder: "SECONDS",
    summary: "how long to remember a silent station",
  },
];

/** The C plugins take them too: a VNL that opened there opens here. */
const UNUSED_KEYS: readonly VnlKey[] = LEARNING_KEYS.map((key) => ({
  ...key,
  summary: "of no use here, as nothing is learned",
}));

/** What holds for all of them. */
const DESCRIPTION: readonly string[] = [
  "Whoever opens vde://FOLDER is a client: this program, the C ones, and QEMU " +
  "with -netdev vde,sock=FOLDER. The other side of the cable is one port more: " +
  "the host.",
  "It runs as any user. Nobody else may join unless mode and grp let them. The " +
  "folder is made at the start and removed in the end; one that a killed " +
  "program left behind is taken over.",
  "It ends with the program, whoever comes and goes. A client that is too slow " +
  "loses frames, and holds nobody else up. Clients of this program pass TCP in " +
  "superframes of up to 64 KB.",
];

/** What tells the four schemes apart. */
interface Kind {
  readonly scheme: string;
  readonly summary: string;
  /** What it does with frames. */
  readonly about: string;
  readonly keys: readonly VnlKey[];
  readonly example: string;
  makePolicy(vnl: Vnl, ports: PortTable): Policy;
}

/** Opens `switch://` plugs. */
export const switchPlugin: Plugin = makePlugin({
  scheme: "switch",
  summary: "A switch of one's own, which any VDE client joins.",
  about:
    "It learns which station is behind which port, each VLAN for itself, and " +
    "sends to all ports what is for everybody or for a station that it does " +
    "not know. Tagged frames (802.1Q) pass as they are.",
  keys: [...KEYS, ...LEARNING_KEYS],
  example: "a switch that members of group vm join",
  makePolicy: (vnl) => makeLearning(vnl),
});

/** Opens `hub://` plugs. */
export const hubPlugin: Plugin = makePlugin({
  scheme: "hub",
  summary: "A hub of one's own: every frame goes to every other client.",
  about: "It learns nothing, so that each client sees all that passes: for " +
    "those who watch, or test.",
  keys: [...KEYS, ...UNUSED_KEYS],
  example: "a hub that members of group vm join",
  makePolicy: () => new HubPolicy(),
});

/** Opens `multi://` plugs. */
export const multiPlugin: Plugin = makePlugin({
  scheme: "multi",
  summary:
    "One to many: the host hears all clients, and each hears the host alone.",
  about:
    "What the host sends goes to all clients. What a client sends goes to " +
    "the host, and to no other client.",
  keys: [...KEYS, ...UNUSED_KEYS],
  example: "clients of group vm, kept from one another",
  makePolicy: () => new MultiPolicy(),
});

/** Opens `bonding://` plugs. */
export const bondingPlugin: Plugin = makePlugin({
  scheme: "bonding",
  summary: "Many as one: the host's frames go to the clients in turn.",
  about:
    "Each frame of the host goes to one client, the next frame to the next " +
    "client, so that several lines carry what is too much for one. What any " +
    "client sends goes to the host.",
  keys: [...KEYS, ...UNUSED_KEYS],
  example: "lines of group vm that share the host's frames",
  makePolicy: (_vnl, ports) => new BondingPolicy(ports),
});

function makePlugin(kind: Kind): Plugin {
  const { scheme, summary, about } = kind;
  return {
    scheme,
    summary,
    description: [about, ...DESCRIPTION],
    syntax: makeSyntax(kind),
    open(vnl, options) {
      const access = accessOf(vnl, options.access);
      const path = vnl.address || defaultPath();
      try {
        const directory = SwitchDirectory.create(path, access);
        const plug = new SwitchPlug({
          vnl: vnl.text,
          directory,
          superframes: vnl.number("offload") === 1,
          makePolicy: (ports) => kind.makePolicy(vnl, ports),
        }, options);
        options.log.debug(`${vnl} listens in "${directory.path}"`);
        return plug;
      } catch (error) {
        throw explain(vnl, error);
      }
    },
  };
}

function makeSyntax({ scheme, keys, example }: Kind): VnlSyntax {
  return {
    form: "bracket",
    address: "FOLDER",
    addressOptional: true,
    addressSummary: `where clients find it; else ${DEFAULT_FOLDER}USERNAME`,
    addressCompletes: "folder",
    keys,
    examples: [
      { vnl: `${scheme}://`, summary: "in the default folder, for oneself" },
      { vnl: `${scheme}:///run/net1[mode=660/grp=vm]`, summary: example },
    ],
  };
}

function defaultPath(): string {
  const uid = userId();
  return DEFAULT_FOLDER + (userName(uid) ?? `u${uid}`);
}

/** What the VNL says; where it says nothing, what the command line does. */
function accessOf(vnl: Vnl, given: Access = {}): DirectoryAccess {
  const mode = vnl.number("mode") ?? given.mode ?? DEFAULT_MODE;
  return {
    mode: checkMode(vnl, mode),
    directoryMode: vnl.number("dirmode"),
    gid: ownerGroup(vnl, "grp", given.group),
  };
}

function checkMode(vnl: Vnl, mode: number): number {
  if (mode >= 0 && mode <= MAX_MODE) return mode;
  throw new RangeError(
    `Cannot open "${vnl}" as mode must be 0 to 777 (octal): received ${
      mode.toString(8)
    }`,
  );
}

function makeLearning(vnl: Vnl): Policy {
  const seconds = vnl.number("expiretime") ?? 0;
  const seed = vnl.number("hashseed") ?? 0;
  return new LearningPolicy({
    capacity: Math.max(vnl.number("hashsize") ?? 0, MIN_STATIONS),
    maxAgeMs: MS_PER_SECOND * (seconds > 0 ? seconds : DEFAULT_EXPIRE_SECONDS),
    seed: seed === 0 ? undefined : seed,
  });
}

function explain(vnl: Vnl, error: unknown): unknown {
  if (!(error instanceof SystemError) && !(error instanceof PlugError)) {
    return error;
  }
  const { code } = error;
  const reason = error.message.replace(/^C/, "c");
  const hint = error instanceof PlugError ? error.hint : undefined;
  return new PlugError(`Cannot open "${vnl}": ${reason}`, {
    code,
    hint,
    cause: error,
  });
}
