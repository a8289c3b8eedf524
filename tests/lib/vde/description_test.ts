import { assert, assertEquals } from "@std/assert";
import {
  type Client,
  describeClient,
  thisClient,
} from "../../../lib/vde/description.ts";
import { ffiTest } from "../../ffi/case.ts";

const CLIENT: Client = { user: "ann", pid: 123, ssh: "" };
const WHO = " user=ann pid=123";
const LIMIT = 127;

const TEXTS = [
  { name: "a text", text: "vdeplug:", client: CLIENT, want: "vdeplug:" + WHO },
  { name: "no text", text: "", client: CLIENT, want: WHO },
  {
    name: "who comes by ssh",
    text: "x",
    client: { ...CLIENT, ssh: "2001:db8::7" },
    want: `x${WHO} SSH=2001:db8::7`,
  },
  {
    name: "control characters as spaces",
    text: "a\nb\tc",
    client: { ...CLIENT, user: "a\rb" },
    want: "a b c user=a b pid=123",
  },
  {
    name: "a text that just fits",
    text: "x".repeat(LIMIT - WHO.length),
    client: CLIENT,
    want: "x".repeat(LIMIT - WHO.length) + WHO,
  },
  {
    name: "a text that is too long, cut",
    text: "x".repeat(LIMIT),
    client: CLIENT,
    want: "x".repeat(LIMIT - WHO.length) + WHO,
  },
  {
    name: "no half of a character",
    text: "x" + "é".repeat(LIMIT),
    client: CLIENT,
    want: "x" + "é".repeat((LIMIT - WHO.length - 1) >> 1) + WHO,
  },
  {
    name: "no half of a surrogate pair",
    text: "𝄞".repeat(LIMIT),
    client: CLIENT,
    want: "𝄞".repeat((LIMIT - WHO.length) >> 2) + WHO,
  },
  {
    name: "an endless address",
    text: "x",
    client: { ...CLIENT, ssh: "é".repeat(LIMIT) },
    want: `x${WHO} SSH=${"é".repeat((LIMIT - 22) >> 1)}`,
  },
];

for (const { name, text, client, want } of TEXTS) {
  Deno.test(`describeClient() sends ${name}`, () => {
    const description = describeClient(text, client);
    assertEquals(description, want);
    assert(new TextEncoder().encode(description).length <= LIMIT);
  });
}

const SSH_CLIENTS = [
  { value: undefined, want: "" },
  { value: "", want: "" },
  { value: "192.0.2.7 50000 22", want: "192.0.2.7" },
  { value: " 2001:db8::7 50000 22", want: "2001:db8::7" },
  { value: "192.0.2.7", want: "192.0.2.7" },
] as const;

for (const { value, want } of SSH_CLIENTS) {
  ffiTest(`thisClient() takes "${want}" out of SSH_CLIENT=${value}`, () => {
    const before = Deno.env.get("SSH_CLIENT");
    using restore = new DisposableStack();
    restore.defer(() => setOrDelete(before));
    setOrDelete(value);
    assertEquals(thisClient().ssh, want);
  });
}

function setOrDelete(value: string | undefined): void {
  if (value === undefined) Deno.env.delete("SSH_CLIENT");
  else Deno.env.set("SSH_CLIENT", value);
}

ffiTest("thisClient() knows this process and its user", async () => {
  const { user, pid } = thisClient();
  const { stdout } = await new Deno.Command("id", { args: ["-un"] }).output();
  const name = new TextDecoder().decode(stdout).trim();
  assertEquals([user, pid], [name || String(Deno.uid()), Deno.pid]);
});
