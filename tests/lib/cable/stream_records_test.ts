import { assert, assertEquals } from "@std/assert";
import { StreamRecords } from "../../../lib/cable/stream_records.ts";
import { makeArena } from "../../../lib/net/arena.ts";
import { Burst, SUPERFRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { Counters } from "../../../lib/plug/counters.ts";
import { ffiTest } from "../../ffi/case.ts";
import { seededRandom } from "../../random.ts";
import { makePlainFrame, makeSuperframe, place } from "../net/superframes.ts";

/** Records that one scatter list holds. */
const MAX_RECORDS = 512;

for (const plain of [MAX_RECORDS - 8, MAX_RECORDS - 4, MAX_RECORDS - 1]) {
  ffiTest(
    `StreamRecords.fill() leaves a superframe of segments too long for a frame for the next list, behind ${plain} frames`,
    () => {
      const random = seededRandom(plain);
      const burst = new Burst(1024, makeArena(4 * SUPERFRAME_SLOT_BYTES));
      const short = makePlainFrame({ payload: random.bytes(20) });
      for (let index = 0; index < plain; index++) {
        place(burst, short, burst.tail);
      }
      // Two segments for the kernel, and seven once they fit a frame.
      const fields = { payload: random.bytes(60_000) };
      place(burst, makeSuperframe(fields, 30_000), burst.tail);
      const counters = new Counters();
      const records = new StreamRecords(counters);
      const next = records.fill(burst, 0, 0);
      assert(records.pieces <= records.iovecs.capacity, `${records.pieces}`);
      if (plain + 7 > MAX_RECORDS) assertEquals(next, plain);
      else assertEquals(next, plain + 1);
      if (next === plain) {
        assertEquals(records.fill(burst, next, 0), plain + 1);
        assertEquals(records.pieces, 2 * 7);
      }
      assertEquals(counters.dropped(), 0);
    },
  );
}
