import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  labTest,
  PATIENCE_MS,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { burstOf, makeFrame, takeFrames, until } from "../plugs.ts";
import { command, eventually, prepared } from "./nodes.ts";
import { joinServer, makePlace, serverTest } from "./switch_server.ts";

const noC = await reasonToSkip(peerAvailable("vde_plug"));

labTest(
  "vdeplug switch lists its ports on SIGUSR1, and as JSON in the end",
  noC,
  async (lab) => {
    using place = makePlace();
    await prepared();
    const host = await lab.host("h");
    const [program, ...args] = command(
      "ours",
      "switch",
      "--verbose",
      "--json",
      place.path,
    );
    const server = host.spawn(program, args);
    await server.waitFor(/listens in/);
    const client = host.spawn("vde_plug", [
      "--descr",
      "a friend",
      `vde://${place.path}`,
      "=",
      "cat",
    ]);
    await server.waitFor(/port 1: process \d+ joined: a friend/);
    // The cable opens a moment before it listens for the signal.
    const [line] = await eventually("the ports", () => {
      server.signal("SIGUSR1");
      return server.stderr.match(/^\{.*"plugs".*\n/m) ?? undefined;
    });
    const [plug] = JSON.parse(line).plugs;
    assertEquals(plug.vnl, `switch://${place.path}`);
    const ports = plug.ports.map((port: Record<string, unknown>) => port.port);
    assertEquals(ports, [0, 1]);
    assertMatch(plug.ports[1].description, /^a friend user=/);
    assertEquals(plug.ports[1].pid, client.pid);

    await client.terminate();
    await server.waitFor(/port 1: its client left/);
    assertEquals((await server.terminate()).code, 0, server.report());
    const last = server.stderr.trimEnd().split("\n")
      .filter((line) => line.startsWith("{")).at(-1);
    assertEquals(JSON.parse(last ?? "{}").plugs[0].ports.length, 1);
    assertEquals([...Deno.readDirSync(place.path.replace(/\/net$/, ""))], []);
  },
);

labTest(
  "vdeplug switch leaves no debugger open behind SIGUSR1",
  await reasonToSkip(peerAvailable("ss")),
  async (lab) => {
    using place = makePlace();
    await prepared();
    const host = await lab.host("h");
    const [program, ...args] = command("ours", "switch", "-v", place.path);
    const server = host.spawn(program, args);
    await server.waitFor(/listens in/);
    // Deno heeds the signal half a second after its start: until then, nothing opens.
    for (let tries = 0; tries < 20; tries++) {
      server.signal("SIGUSR1");
      if (server.stderr.includes("Debugger listening")) break;
      await host.run("sleep", ["0.1"]);
    }
    await eventually("a closed debugger", async () => {
      const sockets = await host.run("ss", ["-Hltn"]);
      return !sockets.includes(":9229") || undefined;
    });
    assertEquals((await server.terminate()).code, 0, server.report());
  },
);

serverTest(
  "switch:// goes on between its clients when the program at its end takes nothing",
  undefined,
  async (lab) => {
    using place = makePlace();
    await prepared();
    const host = await lab.host("h");
    const vnl = `switch://${place.path}`;
    const [program, ...args] = command("ours", "-v", vnl, "=", "sleep", "100");
    const server = host.spawn(program, args);
    await server.waitFor(/listens in/);
    using from = await joinServer(place.path);
    using to = await joinServer(place.path);
    const frames = Array.from({ length: 10 }, (_, seed) => {
      const frame = makeFrame(1400, seed);
      frame.fill(0xff, 0, 6);
      return frame;
    });
    // The pipe to the program holds 1 MB, and the cable another one.
    let received = 0;
    for (let bytes = 0; bytes < 6_000_000; bytes += 14_000) {
      let sent = 0;
      const burst = burstOf(frames);
      const isThrough = await until(() => {
        sent += from.send(burst, sent);
        received += takeFrames(to).length;
        return sent === frames.length && received * 1400 > bytes;
      }, PATIENCE_MS);
      assert(isThrough, `${received} frames came of ${bytes / 1400}`);
    }
    await server.terminate();
  },
);
