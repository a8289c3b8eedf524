import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Cable, type CableOptions } from "../../../lib/cable/cable.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import { CLOSED_FD } from "./faulty_plugins.ts";

const FAULTY = import.meta.resolve("./faulty_plugins.ts");
const PLUGINS = [import.meta.resolve("./test_plugins.ts"), FAULTY];
const WHO = `the plugin of ${new URL(FAULTY).pathname}`;
const ROOT = new URL("../../../", import.meta.url).pathname;

function cableTest(name: string, fn: () => Promise<void>): void {
  ffiTest(name, fn, { threads: true });
}

function open(
  near: string,
  far: string,
  options: Partial<CableOptions> = {},
): Promise<Cable> {
  return Cable.open([{ vnl: near }, { vnl: far }], {
    pluginModules: PLUGINS,
    ...options,
  });
}

const FAULTS = [
  {
    name: "send-nan",
    message:
      `Cannot send to "faulty://send-nan" as send must return how many ` +
      `frames it took, 0 to 3: ${WHO} returned NaN`,
  },
  {
    name: "send-million",
    message: `Cannot send to "faulty://send-million" as send must return how ` +
      `many frames it took, 0 to 3: ${WHO} returned 1000000`,
  },
  {
    name: "send-nothing",
    message: `Cannot send to "faulty://send-nothing" as a plug that leaves ` +
      `frames must have a writeFd: ${WHO} has none, and left frames`,
  },
  {
    name: "receive-negative",
    message:
      `Cannot receive from "faulty://receive-negative" as receive must ` +
      `return the number of frames it appended, 0: ${WHO} returned -5`,
  },
  {
    name: "receive-five",
    message: `Cannot receive from "faulty://receive-five" as receive must ` +
      `return the number of frames it appended, 0: ${WHO} returned 5`,
  },
  ...["source", "sink", "control"].map((kind) => ({
    name: `closed-${kind}`,
    message: `Cannot wait for "faulty://closed-${kind}": descriptor ` +
      `${CLOSED_FD} is not open (${WHO})`,
  })),
];

for (const { name, message } of FAULTS) {
  cableTest(
    `Cable.ended names the plugin and what it did: faulty://${name}`,
    async () => {
      const cable = await open("gives://3", `faulty://${name}`);
      const { reason, error } = await cable.ended;
      assertEquals(error?.message, message);
      assertInstanceOf(error, PlugError);
      assertEquals(reason, "failed");
      const { frames } = cable.counters[1].snapshot();
      assertEquals(frames, 0, "frames that never were");
    },
  );
}

cableTest(
  "Cable.ended names the plugin whose link returns no length, and no file of ours",
  async () => {
    const cable = await open("gives://0", "faulty://link-nan");
    const { reason, error } = await cable.ended;
    assertInstanceOf(error, PlugError);
    assertEquals(reason, "failed");
    for (const part of ['"faulty://link-nan"', WHO, "length", "null"]) {
      assertStringIncludes(error.message, part);
    }
    assertEquals(error.message.includes("frame_plug.ts"), false, error.message);
  },
);

Deno.test({
  name: "Cable.ended tells that a plugin has ended the thread",
  // What the thread held is nobody's any more.
  sanitizeResources: false,
  fn: async () => {
    const cable = await open("gives://0", "faulty://exits");
    const { reason, error } = await cable.ended;
    assertInstanceOf(error, PlugError);
    assertEquals(
      [reason, error.message],
      ["failed", "Cannot carry frames: the thread of the cable is gone"],
    );
    assertStringIncludes(error.hint, "must end neither");
    const refused = await assertRejects(
      () => open("gives://0", "faulty://exits-at-open"),
      PlugError,
    );
    assertEquals(refused.message, error.message);
  },
});

Deno.test("Cable.stop() does not wait without end for a plugin that never returns", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-all"],
      ...["--config", `${ROOT}deno.json`],
      `${ROOT}tests/lib/cable/stuck_main.ts`,
    ],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), {
    reason: "failed",
    message: "Cannot end the cable in good order: its thread has not " +
      "answered for 5 seconds",
  });
});

for (const when of ["before", "while", "a moment later"] as const) {
  cableTest(
    `Cable.open() is given up by a signal that comes ${when} it opens, and leaves nothing`,
    async () => {
      const reason = new DOMException("enough", "AbortError");
      const given = new AbortController();
      const { signal } = given;
      if (when === "before") given.abort(reason);
      const log = {
        // The first side tells that it is being opened.
        warn: () => {
          if (when === "a moment later") given.abort(reason);
        },
        debug: () => {},
      };
      const opening = open("gives://1", "faulty://waits", { signal, log });
      if (when === "while") given.abort(reason);
      const thrown = await assertRejects(() => opening);
      assertEquals(thrown === reason, true);
    },
  );
}

cableTest("Cable is stopped by its signal", async () => {
  const given = new AbortController();
  const { signal } = given;
  const cable = await open("gives://1", "gives://1", { signal });
  given.abort();
  assertEquals(await cable.ended, { reason: "stopped" });
});

cableTest("Cable that has ended hears no signal any more", async () => {
  const given = new AbortController();
  const { signal } = given;
  const cable = await open("gives://1", "gives://1", { signal });
  cable.stop();
  assertEquals(await cable.ended, { reason: "stopped" });
  given.abort();
  assertEquals(await cable.ended, { reason: "stopped" });
});
