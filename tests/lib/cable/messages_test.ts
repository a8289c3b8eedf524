import { assertEquals, assertInstanceOf } from "@std/assert";
import { SystemError } from "../../../ffi/libc.ts";
import { packError, unpackError } from "../../../lib/cable/messages.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";

const DETAILS = { code: "EPERM", hint: "run as root" };

const ERRORS = [
  { error: new TypeError("a"), errorClass: TypeError },
  { error: new RangeError("b"), errorClass: RangeError },
  { error: new SyntaxError("c"), errorClass: SyntaxError },
  { error: new PlugError("d", DETAILS), errorClass: PlugError, ...DETAILS },
  { error: new LinkEnd("e", DETAILS), errorClass: LinkEnd, ...DETAILS },
  { error: new Error("f"), errorClass: PlugError },
  { error: new Deno.errors.NotFound("g"), errorClass: PlugError },
] as const;

for (const { error, errorClass, ...details } of ERRORS) {
  const { name, message } = error;
  Deno.test(`unpackError() makes ${errorClass.name} of a packed ${name}`, () => {
    // What arrives is a copy without classes.
    const found = unpackError(structuredClone(packError(error)));
    assertInstanceOf(found, errorClass);
    assertEquals(found.constructor, errorClass);
    assertEquals(found.message, message);
    if (!(found instanceof PlugError)) return;
    assertEquals(
      { code: "", hint: "", ...details },
      { code: found.code, hint: found.hint },
    );
  });
}

ffiTest(
  "unpackError() makes PlugError with its code of a packed SystemError",
  () => {
    const error = unpackError(packError(new SystemError("open it", 16)));
    assertInstanceOf(error, PlugError);
    assertEquals(error.code, "EBUSY");
    assertEquals(
      error.message,
      "Cannot open it: device or resource busy (EBUSY)",
    );
  },
);

for (const thrown of ["a text", 7, null, undefined]) {
  Deno.test(`unpackError() makes PlugError of ${thrown}, which is no error`, () => {
    const error = unpackError(packError(thrown));
    assertInstanceOf(error, PlugError);
    assertEquals(error.message, String(thrown));
  });
}
