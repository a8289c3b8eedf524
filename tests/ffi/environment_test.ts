import { assertEquals } from "@std/assert";
import { removeVariable, variable } from "../../ffi/environment.ts";
import { ffiTest } from "./case.ts";

const NAME = "VDEPLUG_TEST_VARIABLE";

for (const value of ["", "plain", "with spaces = and ä"]) {
  ffiTest(`variable() reads "${value}", removeVariable() takes it away`, () => {
    Deno.env.set(NAME, value);
    assertEquals(variable(NAME), value);
    removeVariable(NAME);
    assertEquals(variable(NAME), undefined);
    assertEquals(Deno.env.get(NAME), undefined);
    removeVariable(NAME);
  });
}
