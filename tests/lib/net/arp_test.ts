import {
  ALL,
  ARP_REQUEST,
  changed,
  HOST,
  HOST4,
  NONE,
  OTHER,
  PEER,
  PEER4,
  reply,
  request,
  testAnswered,
  testIgnored,
  TO_ALL,
  TO_HOST,
  TO_PEER,
} from "./host_bench.ts";
import { arpFrame, join } from "./packets.ts";

testAnswered([
  {
    name: "an ARP request",
    frame: arpFrame(TO_ALL, request()),
    want: arpFrame(TO_PEER, reply()),
  },
  {
    name: "an ARP request to itself alone",
    frame: arpFrame(TO_HOST, request()),
    want: arpFrame(TO_PEER, reply()),
  },
  {
    name: "an ARP request for its second address",
    frame: arpFrame(TO_ALL, request({ targetIp: "192.0.2.9" })),
    want: arpFrame(TO_PEER, reply({ senderIp: "192.0.2.9" })),
  },
  {
    name: "an ARP probe, whose sender has no address yet",
    frame: arpFrame(TO_ALL, request({ senderIp: "0.0.0.0" })),
    want: arpFrame(TO_PEER, reply({ targetIp: "0.0.0.0" })),
  },
  {
    name: "an ARP request with padding",
    frame: join(arpFrame(TO_ALL, request()), new Uint8Array(18)),
    want: arpFrame(TO_PEER, reply()),
  },
  {
    name: "an ARP request by the sender that it names, not by who passed it on",
    frame: arpFrame(TO_ALL, request({ senderMac: OTHER })),
    want: arpFrame(
      { to: OTHER, from: HOST },
      reply({ targetMac: OTHER }),
    ),
  },
]);

testIgnored([
  {
    name: "an ARP request for another",
    frame: arpFrame(TO_ALL, request({ targetIp: PEER4 })),
  },
  { name: "an ARP reply", frame: arpFrame(TO_HOST, request({ operation: 2 })) },
  {
    name: "an ARP packet of an unknown kind",
    frame: arpFrame(TO_HOST, request({ operation: 0x101 })),
  },
  {
    name: "an ARP request in a frame to another",
    frame: arpFrame({ to: OTHER, from: PEER }, request()),
  },
  {
    name: "an ARP request in a frame to another group",
    frame: arpFrame({ to: "01:80:c2:00:00:00", from: PEER }, request()),
  },
  {
    name: "another's announcement of its own address",
    frame: arpFrame(TO_ALL, request({ senderIp: HOST4 })),
  },
  {
    name: "an ARP request from its own address",
    frame: arpFrame(TO_ALL, request({ senderIp: "192.0.2.9" })),
  },
  {
    name: "an ARP request from a group",
    frame: arpFrame(TO_ALL, request({ senderMac: ALL })),
  },
  {
    name: "an ARP request from nobody",
    frame: arpFrame(TO_ALL, request({ senderMac: NONE })),
  },
  {
    name: "an ARP request of other hardware",
    frame: changed(ARP_REQUEST, 14, 0, 6),
  },
  {
    name: "an ARP request of another protocol",
    frame: changed(ARP_REQUEST, 16, 0x86, 0xdd),
  },
  {
    name: "an ARP request with other address lengths",
    frame: changed(ARP_REQUEST, 18, 8, 4),
  },
]);
