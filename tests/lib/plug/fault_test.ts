import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import {
  culpritOf,
  describeThrown,
  explainFault,
  explainOpenFault,
  SOMEBODY,
} from "../../../lib/plug/fault.ts";

/** Of another copy of the library. */
class OtherPlugError extends Error {
  override readonly name = "PlugError";
}

const LINK_ERRORS = [
  new PlugError("Cannot go on: no"),
  new LinkEnd("it is over"),
  new OtherPlugError("Cannot go on: no"),
];

for (const error of LINK_ERRORS) {
  Deno.test(`explainFault() leaves ${error.constructor.name} as it is`, () => {
    assertEquals(explainFault(error, "carry frames") === error, true);
    assertEquals(explainOpenFault(error, "open", SOMEBODY) === error, true);
  });
}

const VNL_ERRORS = [
  new TypeError('Cannot open "x" as it must be y: received z'),
  new RangeError('Cannot use "x" as a path has 107 bytes: received 200'),
  new SyntaxError('Cannot open "x{": found no "}"'),
];

for (const error of VNL_ERRORS) {
  Deno.test(`explainOpenFault() leaves ${error} as it is, explainFault() does not`, () => {
    assertEquals(explainOpenFault(error, "open", SOMEBODY) === error, true);
    const explained = explainFault(error, "carry frames");
    assertEquals(explained instanceof PlugError, true);
    assertEquals(explained.cause === error, true);
  });
}

/** What the engine throws. */
const ENGINE_FAULTS: readonly (() => unknown)[] = [
  () => JSON.parse("null").x,
  () => JSON.parse("{}").x(),
  () => BigInt(1) + JSON.parse("1"),
  () => new Array(JSON.parse("-1")),
  () => JSON.parse("{"),
];

for (const run of ENGINE_FAULTS) {
  Deno.test(`explainOpenFault() tells what ${run} threw, and where`, () => {
    try {
      run();
    } catch (error) {
      const { message } = explainOpenFault(error, 'open "x://"', {
        words: "it",
      });
      assertMatch(
        message,
        /^Cannot open "x:\/\/": it threw (Type|Range|Syntax)Error: .*fault_test\.ts:\d+:\d+\)$/,
      );
      return;
    }
    throw new TypeError("Cannot test: nothing was thrown");
  });
}

for (const thrown of ["text", 7, undefined, null, { a: 1 }]) {
  Deno.test(`explainFault() tells of ${Deno.inspect(thrown)}, which is no error`, () => {
    assertEquals(
      explainFault(thrown, "carry frames").message,
      `Cannot carry frames: a plugin threw no error, but ${
        Deno.inspect(thrown)
      }`,
    );
  });
}

Deno.test("explainFault() tells which permission a plugin lacks, and how to give it", () => {
  const denied = new Deno.errors.NotCapable(
    'Requires read access to "/x", run again with the --allow-read flag',
  );
  const explained = explainFault(denied, "carry frames");
  assertInstanceOf(explained, PlugError);
  assertEquals(
    explained.message,
    'Cannot carry frames: Deno has not been given the permission to read "/x"',
  );
  assertEquals(explained.hint, "run it with --allow-read=/x");
});

/** Thrown by the library alone: no place of it is the test's. */
function libraryError(): TypeError {
  const error = new TypeError("it is wrong");
  const place = import.meta.resolve("../../../lib/kit/frame_plug.ts");
  error.stack = `${error}\n    at FramePlug.receive (${place}:88:10)`;
  return error;
}

const CULPRITS = [
  {
    name: "blames a plugin's module, and no place of the library",
    culprit: culpritOf("file:///home/me/vdeplug_mine.ts"),
    want: "the plugin of /home/me/vdeplug_mine.ts threw TypeError: it is wrong",
  },
  {
    name: "names the place in the library for a built-in plugin",
    culprit: culpritOf(import.meta.resolve("../../../plugins/mod.ts")),
    want: `the plugin of ${
      new URL("../../../plugins/mod.ts", import.meta.url).pathname
    } threw TypeError: it is wrong (${
      import.meta.resolve("../../../lib/kit/frame_plug.ts")
    }:88:10)`,
  },
  {
    name: "names the place in the library where nobody is to blame",
    culprit: SOMEBODY,
    want: `a plugin threw TypeError: it is wrong (${
      import.meta.resolve("../../../lib/kit/frame_plug.ts")
    }:88:10)`,
  },
];

for (const { name, culprit, want } of CULPRITS) {
  Deno.test(`explainFault() ${name}`, () => {
    const { message } = explainFault(libraryError(), "carry frames", culprit);
    assertEquals(message, `Cannot carry frames: ${want}`);
  });
}

Deno.test("describeThrown() tells both errors of a SuppressedError, in their order", () => {
  const fail = (text: string) => {
    throw new RangeError(text);
  };
  const failTwice = () => {
    using _held = { [Symbol.dispose]: () => fail("the second") };
    fail("the first");
  };
  const place = String.raw`\(file:.*fault_test\.ts:\d+:\d+\)`;
  try {
    failTwice();
  } catch (error) {
    return assertMatch(
      describeThrown(error),
      new RegExp(
        `^RangeError: the first ${place}, and then RangeError: the second ${place}$`,
      ),
    );
  }
  throw new TypeError("Cannot test: nothing was thrown");
});
