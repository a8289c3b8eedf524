import { assertEquals, assertStringIncludes } from "@std/assert";
import { explainSilence, type Silence } from "../../../lib/vde/explain.ts";

const SILENCE: Silence = {
  port: undefined,
  switchUid: 0,
  ownUid: 1000,
  mode: 0o700,
  gid: 1000,
};
const GROUP = "unless it is in that group";

const CASES: readonly {
  readonly name: string;
  readonly silence: Partial<Silence>;
  readonly want: string;
}[] = [
  {
    name: "a switch of root's",
    silence: {},
    want: "is it a VDE switch, with a free port?",
  },
  {
    name: "a switch of our user's",
    silence: { switchUid: 1000 },
    want: "is it a VDE switch, with a free port?",
  },
  {
    name: "a socket that is open to all",
    silence: { switchUid: 7, mode: 0o777 },
    want: "is it a VDE switch, with a free port?",
  },
  {
    name: "a port",
    silence: { port: "40" },
    want: "perhaps it has no port 40, or keeps it for others",
  },
  {
    name: "a port group",
    silence: { port: "red" },
    want: 'perhaps the port group "red" is full, or kept for others',
  },
  {
    name: "a switch of another user's",
    silence: { switchUid: 7 },
    want: "the switch runs as user 7, and mode 0700 keeps it from our socket",
  },
  {
    name: "a switch of another user's that may be in the group",
    silence: { switchUid: 7, mode: 0o770, port: "red" },
    want: `mode 0770 and group 1000 keep it, ${GROUP}, from our socket`,
  },
  {
    name: "a mode that keeps our own user out",
    silence: { switchUid: 1000, mode: 0 },
    want: "user 1000, and mode 0000 keeps it from our socket",
  },
];

for (const { name, silence, want } of CASES) {
  Deno.test(`explainSilence() explains ${name}`, () => {
    const text = explainSilence({ ...SILENCE, ...silence });
    assertStringIncludes(text, want);
    assertEquals(text.includes("mode=0777"), want.includes("mode 0"));
  });
}
