import { assertEquals } from "@std/assert";
import { completeVnl } from "../../../lib/completion/vnl_word.ts";
import { HERE, SCHEMES } from "./fixture.ts";

const CASES: readonly {
  readonly name: string;
  readonly word: string;
  readonly want: readonly string[];
}[] = [
  { name: "a scheme", word: "t", want: ["tap://"] },
  { name: "a scheme with a colon", word: "tap:", want: ["tap://"] },
  { name: "a scheme with a slash", word: "tap:/", want: ["tap://"] },
  { name: "no scheme that is none", word: "x://", want: [] },
  {
    name: "keys in slash form",
    word: "lan://239.1.2.3/",
    want: [
      "lan://239.1.2.3/v6",
      "lan://239.1.2.3/ttl=",
      "lan://239.1.2.3/if=",
    ],
  },
  {
    name: "keys that begin so",
    word: "lan://239.1.2.3/tt",
    want: ["lan://239.1.2.3/ttl="],
  },
  {
    name: "no key twice",
    word: "lan:///ttl=3/v6/",
    want: ["lan:///ttl=3/v6/if="],
  },
  {
    name: "no key twice that was shortened",
    word: "lan:///t=3/",
    want: ["lan:///t=3/v6", "lan:///t=3/if="],
  },
  {
    name: "what may follow an address in slash form",
    word: "lan://239.1.2.3",
    want: ["lan://239.1.2.3/"],
  },
  { name: "nothing for an address of no kind", word: "lan://", want: [] },
  {
    name: "more keys behind a flag in slash form",
    word: "lan:///v6",
    want: ["lan:///v6", "lan:///v6/"],
  },
  {
    name: "more keys behind a number",
    word: "lan:///ttl=3",
    want: ["lan:///ttl=3/"],
  },
  {
    name: "interfaces for a key",
    word: "lan:///if=t",
    want: ["lan:///if=tap0", "lan:///if=tap1"],
  },
  {
    name: "TAPs as an address",
    word: "tap://",
    want: ["tap://tap0", "tap://tap1"],
  },
  {
    name: "macvtaps as an address",
    word: "macvtap://",
    want: ["macvtap://mv0"],
  },
  {
    name: "keys behind an interface that is there",
    word: "tap://tap0",
    want: ["tap://tap0", "tap://tap0["],
  },
  {
    name: "nothing behind an interface that is not there",
    word: "tap://new",
    want: [],
  },
  {
    name: "keys in brackets",
    word: "tap://x[",
    want: ["tap://x[mtu=", "tap://x[offload="],
  },
  {
    name: "both ends of a value in brackets",
    word: "tap://x[mtu=1400",
    want: ["tap://x[mtu=1400]", "tap://x[mtu=1400/"],
  },
  {
    name: "one end of the last value in brackets",
    word: "tap://x[offload=0/mtu=1400",
    want: ["tap://x[offload=0/mtu=1400]"],
  },
  {
    name: "yes and no of a number that is one of them",
    word: "tap://x[offload=",
    want: ["tap://x[offload=0]", "tap://x[offload=1]"],
  },
  { name: "nothing behind a bracket", word: "tap://x[mtu=1]", want: [] },
  {
    name: "a flag in brackets",
    word: "vde:///tmp/sw[d",
    want: ["vde:///tmp/sw[dgram]", "vde:///tmp/sw[dgram/"],
  },
  {
    name: "the value of the key without a name",
    word: "vde:///tmp/sw[12",
    want: ["vde:///tmp/sw[12]", "vde:///tmp/sw[12/"],
  },
  {
    name: "groups, quoted as they must be",
    word: "vde://x[group=k",
    want: ["vde://x[group=kvm]"],
  },
  {
    name: "switches that run",
    word: "vde://",
    want: [
      "vde:///run/vde1",
      "vde:///tmp/sw",
      "vde:///home/u/.vde2/office",
      "vde://own",
    ],
  },
  {
    name: "folders on the way to a switch",
    word: "vde:///tmp/",
    want: ["vde:///tmp/sw", "vde:///tmp/a b/", "vde:///tmp/x%5b1%5d/"],
  },
  {
    name: "paths behind a quote of the VNL",
    word: "vde:///tmp/x%5b",
    want: ["vde:///tmp/x%5b1%5d/"],
  },
  { name: "nothing inside a quote of the VNL", word: "vde://'/tm", want: [] },
  {
    name: "folders",
    word: "switch:///t",
    want: ["switch:///tmp/"],
  },
  {
    name: "a brace where one must follow",
    word: "wrap://",
    want: ["wrap://{"],
  },
  { name: "no brace where nobody knows", word: "native://", want: [] },
  {
    name: "a nested scheme",
    word: "wrap://{ta",
    want: ["wrap://{tap://"],
  },
  {
    name: "a nested scheme of a native plugin",
    word: "native://{ta",
    want: ["native://{tap://"],
  },
  {
    name: "a nested address, and the brace behind it",
    word: "wrap://{tap://",
    want: ["wrap://{tap://tap0}", "wrap://{tap://tap1}"],
  },
  {
    name: "what may follow a nested address, each once",
    word: "wrap://{tap://tap0",
    want: ["wrap://{tap://tap0}", "wrap://{tap://tap0["],
  },
  {
    name: "nested keys",
    word: "wrap://{lan:///t",
    want: ["wrap://{lan:///ttl="],
  },
  {
    name: "all closers",
    word: "wrap://{wrap://{tap://x[offload=",
    want: [
      "wrap://{wrap://{tap://x[offload=0]}}",
      "wrap://{wrap://{tap://x[offload=1]}}",
    ],
  },
  {
    name: "the brace behind a VNL without an address",
    word: "wrap://{null://",
    want: ["wrap://{null://}"],
  },
  {
    name: "parameters behind a nested VNL",
    word: "wrap://{null://}",
    want: ["wrap://{null://}["],
  },
  {
    name: "keys behind a nested VNL",
    word: "wrap://{null://}[",
    want: ["wrap://{null://}[mtu="],
  },
];

for (const { name, word, want } of CASES) {
  Deno.test(`completeVnl() offers ${name}`, async () => {
    const offer = await completeVnl(word, { schemes: SCHEMES, here: HERE });
    assertEquals(offer.candidates.map(({ word }) => word), want);
  });
}

const MESSAGES = [
  { word: "lan://", want: "GROUP: the group" },
  { word: "lan:///ttl=", want: "ttl: hops" },
  { word: "tap://x[mtu=", want: "mtu: its MTU" },
  { word: "vde://x[port=", want: "port: a port" },
  { word: "lan:///ttl=3", want: undefined },
] as const;

for (const { word, want } of MESSAGES) {
  Deno.test(`completeVnl() says what is to be typed behind ${word}`, async () => {
    const offer = await completeVnl(word, { schemes: SCHEMES, here: HERE });
    assertEquals(offer.message, want);
  });
}

Deno.test("completeVnl() tells what keys and schemes are", async () => {
  const sources = { schemes: SCHEMES, here: HERE };
  const summaries = async (word: string) =>
    (await completeVnl(word, sources)).candidates.map(({ summary }) => summary);
  assertEquals(await summaries("lan:///"), ["IPv6 only", "hops", "where"]);
  assertEquals(await summaries("tap"), ["about tap"]);
});

Deno.test("completeVnl() goes on from every beginning of a VNL", async () => {
  const vnls = [
    `wrap://'a{b'{lan://239.1.2.3/ttl=3/if="eth0"/v6}[mtu=0x40]`,
    "vde:///tmp/x%5b1%5d[group=kvm/port=1]",
    "native://a\\{b{tap://x[mtu=1400]}/c",
  ];
  for (const vnl of vnls) {
    for (let length = 0; length <= vnl.length; length++) {
      const word = vnl.slice(0, length);
      const { candidates } = await completeVnl(word, {
        schemes: SCHEMES,
        here: HERE,
      });
      for (const candidate of candidates) {
        assertEquals(candidate.word.slice(0, length), word);
      }
    }
  }
});
