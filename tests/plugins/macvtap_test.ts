import { canMakeTaps, reasonToSkip } from "../lab/mod.ts";
import { testInNamespace } from "./in_namespace.ts";
import { canMakeMacvtaps } from "./macvtaps.ts";

testInNamespace({
  name: "macvtap plug keeps the contract",
  file: "tests/plugins/macvtap_contract.ts",
  skip: await reasonToSkip(canMakeMacvtaps()),
});

testInNamespace({
  name: "the plug behind macvtap:// keeps the contract with taps",
  file: "tests/lib/tap/watched_tap_contract.ts",
  skip: await reasonToSkip(canMakeTaps()),
});
