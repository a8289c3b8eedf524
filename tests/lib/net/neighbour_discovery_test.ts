import {
  ADVERTISED,
  ALL6,
  changed,
  DAD,
  GROUP,
  HOST,
  HOST6,
  LOCAL6,
  ND,
  NONE,
  OTHER,
  PEER,
  PEER6,
  PEER_LOCAL6,
  SOLICITATION,
  testAnswered,
  testIgnored,
  TO_GROUP,
  TO_HOST,
  TO_PEER,
} from "./host_bench.ts";
import {
  advertisement,
  hex,
  icmpFrame,
  join,
  mac,
  solicitation,
} from "./packets.ts";

testAnswered([
  {
    name: "a solicitation",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6, PEER)),
    want: icmpFrame(
      TO_PEER,
      ADVERTISED,
      advertisement(0x60, HOST6, HOST),
    ),
  },
  {
    name: "a solicitation for its link-local address",
    frame: icmpFrame(
      TO_GROUP,
      { ...ND, source: PEER_LOCAL6 },
      solicitation(LOCAL6, PEER),
    ),
    want: icmpFrame(
      TO_PEER,
      { source: LOCAL6, destination: PEER_LOCAL6, hopLimit: 255 },
      advertisement(0x60, LOCAL6, HOST),
    ),
  },
  {
    name: "a solicitation to itself alone, without an option",
    frame: icmpFrame(
      TO_HOST,
      { ...ND, destination: HOST6 },
      solicitation(HOST6),
    ),
    want: icmpFrame(
      TO_PEER,
      ADVERTISED,
      advertisement(0x60, HOST6, HOST),
    ),
  },
  {
    name: "a solicitation by the MAC address that its option names",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6, OTHER)),
    want: icmpFrame(
      { to: OTHER, from: HOST },
      ADVERTISED,
      advertisement(0x60, HOST6, HOST),
    ),
  },
  {
    name: "a solicitation with further options (a nonce, RFC 3971)",
    frame: icmpFrame(
      TO_GROUP,
      ND,
      join(
        solicitation(HOST6),
        hex("0e01 112233445566"),
        hex("0101"),
        mac(OTHER),
      ),
    ),
    want: icmpFrame(
      { to: OTHER, from: HOST },
      ADVERTISED,
      advertisement(0x60, HOST6, HOST),
    ),
  },
  {
    name: "a question of duplicate address detection, to all nodes",
    frame: icmpFrame(TO_GROUP, DAD, solicitation(HOST6)),
    want: icmpFrame(
      { to: ALL6, from: HOST },
      { source: HOST6, destination: "ff02::1", hopLimit: 255 },
      advertisement(0x20, HOST6, HOST),
    ),
  },
  {
    name: "such a question with a nonce (RFC 7527)",
    frame: icmpFrame(
      TO_GROUP,
      DAD,
      join(solicitation(HOST6), hex("0e01 112233445566")),
    ),
    want: icmpFrame(
      { to: ALL6, from: HOST },
      { source: HOST6, destination: "ff02::1", hopLimit: 255 },
      advertisement(0x20, HOST6, HOST),
    ),
  },
]);

testIgnored([
  {
    name: "a solicitation for another of its group",
    frame: icmpFrame(TO_GROUP, ND, solicitation("2001:db8:1::1", PEER)),
  },
  {
    name: "a solicitation for a group",
    frame: icmpFrame(TO_GROUP, ND, solicitation(GROUP, PEER)),
  },
  {
    name: "a solicitation that passed a router",
    frame: icmpFrame(
      TO_GROUP,
      { ...ND, hopLimit: 254 },
      solicitation(HOST6, PEER),
    ),
  },
  {
    name: "a solicitation with a code",
    frame: icmpFrame(TO_GROUP, ND, changed(solicitation(HOST6, PEER), 1, 1)),
  },
  {
    name: "a solicitation with a wrong checksum",
    frame: changed(SOLICITATION, 56, 1, 2),
  },
  {
    name: "a solicitation without a target",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6).subarray(0, 23)),
  },
  {
    name: "a solicitation with an option of no length",
    frame: icmpFrame(TO_GROUP, ND, join(solicitation(HOST6), 1, 0, mac(PEER))),
  },
  {
    name: "a solicitation with an option past its end",
    frame: icmpFrame(TO_GROUP, ND, join(solicitation(HOST6), 1, 2, mac(PEER))),
  },
  {
    name: "a solicitation with half an option",
    frame: icmpFrame(TO_GROUP, ND, join(solicitation(HOST6, PEER), 14)),
  },
  {
    name: "a solicitation whose option names a group",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6, ALL6)),
  },
  {
    name: "a solicitation whose option names nobody",
    frame: icmpFrame(TO_GROUP, ND, solicitation(HOST6, NONE)),
  },
  {
    name: "a solicitation from its own address",
    frame: icmpFrame(
      TO_GROUP,
      { ...ND, source: HOST6 },
      solicitation(HOST6, PEER),
    ),
  },
  {
    name: "a solicitation from a group",
    frame: icmpFrame(
      TO_GROUP,
      { ...ND, source: "ff02::1" },
      solicitation(HOST6, PEER),
    ),
  },
  {
    name: "a solicitation to a group that it is not in",
    frame: icmpFrame({ to: "33:33:ff:00:00:02", from: PEER }, {
      ...ND,
      destination: "ff02::1:ff00:2",
    }, solicitation(HOST6, PEER)),
  },
  {
    name: "a question of DAD with an option",
    frame: icmpFrame(TO_GROUP, DAD, solicitation(HOST6, PEER)),
  },
  {
    name: "a question of DAD to itself alone",
    frame: icmpFrame(
      TO_HOST,
      { ...DAD, destination: HOST6 },
      solicitation(HOST6),
    ),
  },
  {
    name: "a question of DAD to all nodes",
    frame: icmpFrame({ to: ALL6, from: PEER }, {
      ...DAD,
      destination: "ff02::1",
    }, solicitation(HOST6)),
  },
  {
    name: "an advertisement",
    frame: icmpFrame({ to: ALL6, from: PEER }, {
      source: PEER6,
      destination: "ff02::1",
      hopLimit: 255,
    }, advertisement(0x20, PEER6, PEER)),
  },
]);
