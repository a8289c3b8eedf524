import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Burst } from "../../lib/net/burst.ts";
import { PacketPlug } from "../../lib/packet/packet_plug.ts";
import { LinkEnd, PlugError } from "../../lib/plug/errors.ts";
import type {
  Access,
  OpenOptions,
  Plug,
  Plugin,
} from "../../lib/plug/plugin.ts";
import { parseVnl, quoteVnl, type Vnl } from "../../lib/plug/vnl.ts";
import { packReply, type PortRequest } from "../../lib/vde/request.ts";
import { vdePlugin } from "../../plugins/vde.ts";
import { ffiTest } from "../ffi/case.ts";
import {
  type FakePort,
  FakeSwitch,
  TestFolder,
} from "../lib/vde/fake_switch.ts";
import { pluginContract, type PlugPair } from "../plugin_contract.ts";
import { testOptions } from "../plugs.ts";

const parse = (vnl: string): Vnl => parseVnl(vnl, vdePlugin.syntax);

async function open(
  vnl: string,
  options: OpenOptions = testOptions(),
): Promise<Plug> {
  return await vdePlugin.open(parse(vnl), options);
}

/** A plug on a switch of its own, and the switch's side of the port. */
interface Joined {
  readonly plug: Plug;
  readonly port: FakePort;
  readonly fake: FakeSwitch;
  /** Closes the switch. */
  readonly close: () => void;
}

async function joinFake(
  keys: string = "",
  options: OpenOptions = testOptions(),
): Promise<Joined> {
  const folder = new TestFolder();
  const fake = new FakeSwitch(folder.path);
  const [plug, port] = await Promise.all([
    open(`vde://${folder.path}${keys}`, options),
    fake.serve(),
  ]);
  const close = () => {
    fake[Symbol.dispose]();
    folder[Symbol.dispose]();
  };
  return { plug, port, fake, close };
}

/** The plugin, which joins a switch made for it where the contract's VNL is opened. */
const servedPlugin: Plugin = {
  ...vdePlugin,
  open: async (vnl, options) => {
    if (vnl.text !== "vde:///served") return await vdePlugin.open(vnl, options);
    const { plug, close } = await joinFake("", options);
    const dispose = plug[Symbol.dispose].bind(plug);
    let isOpen = true;
    Object.defineProperty(plug, Symbol.dispose, {
      value: () => {
        dispose();
        if (isOpen) close();
        isOpen = false;
      },
    });
    return plug;
  },
};

async function openPair(
  near: OpenOptions,
  farOptions: OpenOptions,
): Promise<PlugPair> {
  const { plug, port: { data, control }, close } = await joinFake("", near);
  const link = { socket: data, control, peer: "the client" };
  const far = new PacketPlug(link, farOptions);
  return { near: plug, far, [Symbol.dispose]: close };
}

const NOBODY = "/no/such/switch";

pluginContract({
  plugin: servedPlugin,
  vnl: "vde:///served",
  openPair,
  reliable: true,
  badVnls: [
    { vnl: `vde://${NOBODY}`, includes: `found no switch at "${NOBODY}"` },
    {
      vnl: `vde://${NOBODY}[port=1/portgroup=2]`,
      includes: "two names of one key: received both",
    },
    { vnl: `vde://${NOBODY}[]`, includes: "found no switch" },
    { vnl: `vde://${NOBODY}[port=]`, includes: 'without a "/": received ""' },
    { vnl: `vde://${NOBODY}[portgroup=..]`, includes: 'received ".."' },
    { vnl: `vde://${NOBODY}[..%2fctl]`, includes: 'received "../ctl"' },
    {
      vnl: `vde://${NOBODY}[16777216]`,
      includes: "port must be 0 to 16777215, or the name of a port group",
    },
    { vnl: `vde://${NOBODY}[mode=1000]`, includes: "0 to 0777" },
    { vnl: `vde://${NOBODY}[mode=8]`, includes: "an octal number" },
    { vnl: `vde://${NOBODY}[mode=]`, includes: "an octal number" },
    {
      vnl: `vde://${NOBODY}[group=no-such-group]`,
      includes: 'received "no-such-group", and the group database has no such',
    },
    { vnl: `vde://${NOBODY}[group=4294967296]`, includes: "up to 4294967295" },
    { vnl: `vde://${NOBODY}[speed=1]`, includes: 'no key "speed"' },
    { vnl: `vde:///${"x".repeat(104)}`, includes: "at most 107 bytes" },
    { vnl: "vde:///etc/hosts", includes: '"/etc/hosts" is a file' },
  ],
});

const DEFAULTS = ["/var/run/vde.ctl", "/tmp/vde.ctl"];
const switches = DEFAULTS.filter((path) => {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
});

ffiTest(
  "vde plugin looks for a switch where they are by custom",
  async () => {
    const error = await assertRejects(() => open("vde://"), PlugError);
    assertEquals(
      error.message,
      'Cannot open "vde://": found no switch at "/var/run/vde.ctl" or "/tmp/vde.ctl"',
    );
  },
  { skip: switches.length > 0 ? `there is ${switches[0]}` : undefined },
);

ffiTest("vde plugin takes a directory below the current one", async () => {
  using folder = new TestFolder();
  Deno.mkdirSync(`${folder.path}/a [b]`);
  using fake = new FakeSwitch(`${folder.path}/a [b]`);
  const before = Deno.cwd();
  Deno.chdir(folder.path);
  const opening = open(`vde://${quoteVnl("./a [b]/", "path")}`);
  Deno.chdir(before);
  const [plug, { request }] = await Promise.all([opening, fake.serve()]);
  plug[Symbol.dispose]();
  assert(request.path.startsWith(`${folder.path}/a [b]/.`), request.path);
});

/** What a switch hears, and sees of the data socket, before it answers. */
interface Heard {
  readonly request: PortRequest;
  readonly mode: number;
  readonly gid: number;
}

async function hear(keys: string, access?: Access): Promise<Heard> {
  using folder = new TestFolder();
  using fake = new FakeSwitch(folder.path);
  const serve = async () => {
    const { request, control } = await fake.hear();
    const { mode, gid } = Deno.lstatSync(request.path);
    fake.dataSocket("x");
    control.send(packReply(`${folder.path}/x`));
    return { request, mode: (mode ?? 0) & 0o777, gid: gid ?? -1 };
  };
  const options = { ...testOptions(), access };
  const [plug, heard] = await Promise.all([
    open(`vde://${folder.path}${keys}`, options),
    serve(),
  ]);
  plug[Symbol.dispose]();
  assertEquals(folder.names(), ["ctl", "x"]);
  return heard;
}

const OWN_GID = Deno.gid() ?? 0;

const WISHES: readonly {
  readonly keys: string;
  readonly access?: Access;
  readonly port?: number;
  readonly mode?: number;
}[] = [
  { keys: "" },
  { keys: "[]" },
  { keys: "[12]", port: 12 },
  { keys: "[0]", port: 0 },
  { keys: "[007]", port: 7 },
  { keys: "[port=16777215]", port: 16777215 },
  { keys: "[portgroup=3]", port: 3 },
  { keys: "[mode=0750]", mode: 0o750 },
  { keys: "[5/mode=0]", port: 5, mode: 0 },
  { keys: "[5/group=GID/mode=770]", port: 5, mode: 0o770 },
  { keys: "", access: { port: 9 }, port: 9 },
  { keys: "", access: { port: 0 }, port: 0 },
  { keys: "[4]", access: { port: 9, mode: 0o770 }, port: 4, mode: 0o770 },
  { keys: "[portgroup=4]", access: { port: 9 }, port: 4 },
  {
    keys: "[mode=701]",
    access: { port: 9, mode: 0o770 },
    port: 9,
    mode: 0o701,
  },
  { keys: "", access: { group: String(OWN_GID), mode: 0o660 }, mode: 0o660 },
  { keys: "[group=GID]", access: { group: "no-such-group" } },
];

for (const { keys, access, port, mode = 0o700 } of WISHES) {
  const title = `"${keys}" and ${JSON.stringify(access ?? {})}`;
  ffiTest(
    `vde plugin given ${title} asks for port ${port} with mode 0${
      mode.toString(8)
    }`,
    async () => {
      const heard = await hear(keys.replace("GID", String(OWN_GID)), access);
      assertEquals(
        { port: heard.request.port, mode: heard.mode, gid: heard.gid },
        { port, mode, gid: OWN_GID },
      );
    },
  );
}

ffiTest("vde plugin says who it is", async () => {
  const { request: { description } } = await hear("");
  assertMatch(description, /^test user=[^ ]+ pid=\d+( SSH=.*)?$/);
  assertEquals(description.match(/pid=(\d+)/)?.[1], String(Deno.pid));
});

ffiTest("vde plug ends when its switch does, and names it", async () => {
  const options = testOptions();
  const { plug, port, fake, close } = await joinFake("[3]", options);
  using _plug = plug;
  assertEquals(plug.receive(new Burst()), 0);
  close();
  const end = assertThrows(() => plug.receive(new Burst()), LinkEnd);
  const directory = fake.directory;
  assertEquals(end.message, `switch "${directory}" closed the connection`);
  assertEquals(port.request.port, 3);
  assertEquals(options.lines, [
    `debug: vde://${directory}[3] is connected to "${directory}/001.1"`,
  ]);
});
