import { assertEquals, assertThrows } from "@std/assert";
import { Burst } from "../../../lib/net/burst.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { culpritOf } from "../../../lib/plug/fault.ts";
import {
  namePlug,
  notOpen,
  receiveInto,
  requireWriteFd,
  sendFrom,
} from "../../../lib/plug/plug_calls.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";

const NAME = {
  vnl: "mine://here",
  culprit: culpritOf("file:///home/me/mine.ts"),
};

function makePlug(parts: Partial<Plug>): Plug {
  return {
    maxFrameBytes: 1514,
    fd: -1,
    accepts: 0,
    receive: () => 0,
    send: () => 0,
    [Symbol.dispose]: () => {},
    ...parts,
  };
}

function makeBurst(frames: number): Burst {
  const burst = new Burst();
  for (let index = 0; index < frames; index++) burst.push(new Uint8Array(60));
  return burst;
}

/** Values as JavaScript may return them. */
const NO_NUMBERS: readonly unknown[] = [NaN, "2", undefined, null, 1n, 0.5];

for (const taken of [0, 1, 2]) {
  Deno.test(`sendFrom() takes ${taken} frames of 2 for an answer`, () => {
    const plug = makePlug({ send: () => taken });
    assertEquals(sendFrom(plug, makeBurst(5), 3), taken);
  });
}

for (const returned of [...NO_NUMBERS, -1, 3, 1e6, Infinity]) {
  const found = Deno.inspect(returned);
  Deno.test(`sendFrom() refuses ${found} for an answer about 2 frames`, () => {
    const plug = makePlug({ send: () => returned as number });
    assertThrows(
      () => sendFrom(namePlug(plug, NAME), makeBurst(5), 3),
      PlugError,
      `Cannot send to "mine://here" as send must return how many frames it ` +
        `took, 0 to 2: the plugin of /home/me/mine.ts returned ${found}`,
    );
  });
}

for (const frames of [0, 1, 7]) {
  Deno.test(`receiveInto() counts ${frames} frames behind those a burst holds`, () => {
    const burst = makeBurst(2);
    const receive = (burst: Burst) => {
      for (let count = 0; count < frames; count++) {
        burst.push(new Uint8Array(60));
      }
      return frames;
    };
    assertEquals(receiveInto(makePlug({ receive }), burst), frames);
    assertEquals(burst.count, 2 + frames);
  });
}

for (const returned of [...NO_NUMBERS, -5, 0, 2, 5]) {
  const found = Deno.inspect(returned);
  Deno.test(`receiveInto() refuses ${found} for an answer where one frame came`, () => {
    const receive = (burst: Burst) => {
      burst.push(new Uint8Array(60));
      return returned as number;
    };
    assertThrows(
      () => receiveInto(namePlug(makePlug({ receive }), NAME), makeBurst(2)),
      PlugError,
      `Cannot receive from "mine://here" as receive must return the number of ` +
        `frames it appended, 1: the plugin of /home/me/mine.ts returned ${found}`,
    );
  });
}

Deno.test("receiveInto() refuses more frames than the burst has room for", () => {
  const burst = new Burst(2);
  const receive = (burst: Burst) => {
    for (let count = 0; count < 3; count++) burst.append(0, 60);
    return 3;
  };
  assertThrows(
    () => receiveInto(namePlug(makePlug({ receive }), NAME), burst),
    PlugError,
    'Cannot receive from "mine://here" as a burst must hold at most 2 frames: ' +
      "the plugin of /home/me/mine.ts filled it with 3",
  );
});

Deno.test("receiveInto() and sendFrom() throw what a link may throw as it is", () => {
  for (const error of [new PlugError("Cannot go on"), new LinkEnd("over")]) {
    const fail = () => {
      throw error;
    };
    const plug = namePlug(makePlug({ receive: fail, send: fail }), NAME);
    for (
      const call of [
        () => receiveInto(plug, makeBurst(0)),
        () => sendFrom(plug, makeBurst(1), 0),
      ]
    ) {
      assertEquals(assertThrows(call) === error, true);
    }
  }
});

Deno.test("receiveInto() blames nobody by name where the plug has none", () => {
  assertThrows(
    () => receiveInto(makePlug({ receive: () => 5 }), makeBurst(0)),
    PlugError,
    "Cannot receive from a plug as receive must return the number of frames " +
      "it appended, 0: a plugin returned 5",
  );
});

for (const writeFd of [undefined, -1]) {
  Deno.test(`requireWriteFd() refuses ${writeFd}`, () => {
    assertThrows(
      () => requireWriteFd(namePlug(makePlug({ writeFd }), NAME)),
      PlugError,
      'Cannot send to "mine://here" as a plug that leaves frames must have a writeFd',
    );
  });
}

Deno.test("requireWriteFd() takes every descriptor", () => {
  assertEquals(requireWriteFd(makePlug({ writeFd: 0 })), undefined);
});

Deno.test("notOpen() names the descriptor and the plugin", () => {
  const { code, message } = notOpen(namePlug(makePlug({}), NAME), 999);
  assertEquals(
    [code, message],
    [
      "EBADF",
      'Cannot wait for "mine://here": descriptor 999 is not open (the plugin of /home/me/mine.ts)',
    ],
  );
});
