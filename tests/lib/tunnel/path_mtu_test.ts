import { assertEquals } from "@std/assert";
import { AF_INET, AF_INET6 } from "../../../ffi/sockaddr.ts";
import { PathMtu } from "../../../lib/tunnel/path_mtu.ts";

const START_MS = 1_000_000;
const REFRESH_MS = 10_000;

const LIMITS = [
  { family: AF_INET, mtu: 1500, limit: 1472 },
  { family: AF_INET6, mtu: 1500, limit: 1452 },
  { family: AF_INET, mtu: 65536, limit: 65508 },
  { family: AF_INET6, mtu: 1280, limit: 1232 },
  { family: AF_INET, mtu: undefined, limit: 1472 },
  { family: AF_INET6, mtu: undefined, limit: 1452 },
];

for (const { family, mtu, limit } of LIMITS) {
  Deno.test(`PathMtu.limit() is ${limit} for an MTU of ${mtu}, family ${family}`, () => {
    const paths = new PathMtu(3);
    paths.note(1, 0, family, mtu, START_MS);
    assertEquals(paths.limit(1), limit);
  });
}

Deno.test("PathMtu.isStale() asks for a destination first, and again after a while", () => {
  const paths = new PathMtu(2);
  assertEquals(paths.isStale(0, 0, 0), true);
  paths.note(0, 0, AF_INET, 1500, START_MS);
  assertEquals(paths.isStale(0, 0, START_MS), false);
  assertEquals(paths.isStale(0, 0, START_MS + REFRESH_MS), false);
  assertEquals(paths.isStale(0, 0, START_MS + REFRESH_MS + 1), true);
  assertEquals(paths.isStale(1, 0, START_MS), true);
});

Deno.test("PathMtu.isStale() asks when another destination has the place", () => {
  const paths = new PathMtu(1);
  paths.note(0, 4, AF_INET, 1500, START_MS);
  assertEquals(paths.isStale(0, 4, START_MS), false);
  assertEquals(paths.isStale(0, 5, START_MS), true);
});

Deno.test("PathMtu.forget() makes it ask again", () => {
  const paths = new PathMtu(2);
  for (const index of [0, 1]) paths.note(index, 0, AF_INET, 1500, START_MS);
  paths.forget(0);
  assertEquals(paths.isStale(0, 0, START_MS), true);
  assertEquals(paths.isStale(1, 0, START_MS), false);
});
