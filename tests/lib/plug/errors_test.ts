import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";

const CLASSES = [
  { name: "PlugError", errorClass: PlugError },
  { name: "LinkEnd", errorClass: LinkEnd },
] as const;

for (const { name, errorClass } of CLASSES) {
  Deno.test(`${name} tells its message, code, hint and cause`, () => {
    const cause = new TypeError("below");
    const error = new errorClass("Cannot open", {
      code: "EPERM",
      hint: "run as root",
      cause,
    });
    assertEquals(
      [error.name, error.message, error.code, error.hint],
      [name, "Cannot open", "EPERM", "run as root"],
    );
    assertStrictEquals(error.cause, cause);
    assertInstanceOf(error, PlugError);
    assertInstanceOf(error, Error);
  });

  Deno.test(`${name} has "" for what is not known`, () => {
    const error = new errorClass("Cannot open");
    assertEquals([error.code, error.hint, error.cause], ["", "", undefined]);
  });
}

Deno.test("LinkEnd is told from a broken link by its class", () => {
  assertEquals(new PlugError("Cannot read") instanceof LinkEnd, false);
});
