import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { SOCK_DGRAM, SOCK_SEQPACKET } from "../../../ffi/unix_socket.ts";
import { ffiTest } from "../../ffi/case.ts";
import { leaveName, Place } from "./places.ts";
import type { Race } from "./race_worker.ts";

const RACERS = 2;

/** What stands at the path when both come. */
const SCENES = [
  { name: "a free path", keys: "", rounds: 300, left: [] },
  {
    name: "a free path, with datagrams",
    keys: "[dgram]",
    rounds: 100,
    left: [],
  },
  {
    name: "a dead end's socket",
    keys: "",
    rounds: 100,
    left: [["", SOCK_SEQPACKET]],
  },
  {
    name: "dead ends' sockets, with datagrams",
    keys: "[dgram]",
    rounds: 50,
    left: [["", SOCK_DGRAM], ["+", SOCK_DGRAM]],
  },
] as const;

for (const { name, keys, rounds, left } of SCENES) {
  ffiTest(
    `ptp:// ends that start at the same moment meet at ${name}, ${rounds} times`,
    async () => {
      using place = new Place();
      const paths = Array.from(
        { length: rounds },
        (_, round) => join(place.folder, `${round}`),
      );
      for (const path of paths) {
        for (const [suffix, type] of left) leaveName(type, path + suffix);
      }
      const vnls = paths.map((path) => `ptp://${path}${keys}`);
      const gates = new SharedArrayBuffer(8);
      const racers = Array.from(
        { length: RACERS },
        (_, number) => run({ vnls, number, gates }),
      );
      assertEquals(await Promise.all(racers), [[], []]);
      assertEquals(place.names(), []);
    },
    { threads: true },
  );
}

/** Runs one racer to the end; gives what went wrong. */
async function run(race: Race): Promise<string[]> {
  const url = new URL("race_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(race);
    });
  } finally {
    worker.terminate();
  }
}
