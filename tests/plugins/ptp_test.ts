import { ptpPlugin } from "../../plugins/ptp.ts";
import { beside, open, Place } from "../lib/ptp/places.ts";
import {
  makeFrame,
  type OpenPair,
  plugContract,
  pluginContract,
} from "../plugin_contract.ts";
import { burstOf, sameFrame, takeFrames, until } from "../plugs.ts";

/** Two ends of one path; the keys are the first one's. */
function pairOf(...keys: string[]): OpenPair {
  return async (near, far) => {
    const place = new Place();
    const first = await open(place.vnl(...keys), near);
    const second = await beside([first], open(place.vnl(), far));
    const hello = makeFrame(60, 0xfffffff1);
    // A first end of datagrams learns of its peer by what comes from it.
    second.send(burstOf([hello]), 0);
    await until(() => takeFrames(first).some((one) => sameFrame(one, hello)));
    return {
      near: first,
      far: second,
      [Symbol.dispose]: () => place[Symbol.dispose](),
    };
  };
}

pluginContract({
  plugin: ptpPlugin,
  vnl: `ptp:///tmp/vdeplug-test-${Deno.pid}`,
  openPair: pairOf(),
  reliable: true,
  badVnls: [
    { vnl: "ptp://", includes: "needs an address" },
    { vnl: "ptp:///tmp/a{null://}", includes: "takes no nested VNL" },
    { vnl: "ptp:///tmp/a[port=1]", includes: 'no key "port"' },
    { vnl: "ptp:///tmp/a[mode=0888]", includes: "mode" },
    { vnl: "ptp:///tmp/a[mode=1777]", includes: "0777" },
    { vnl: "ptp:///tmp/a[group=no such]", includes: "no such" },
    { vnl: `ptp:///tmp/${"a".repeat(103)}`, includes: "at most 107 bytes" },
    { vnl: `ptp://${"/long".repeat(21)}/a`, includes: "at most 107 bytes" },
    { vnl: "ptp:///no/such/folder/a", includes: "ENOENT" },
    { vnl: "ptp:///tmp", includes: "found no socket" },
  ],
});

plugContract("ptp of datagrams", { openPair: pairOf("dgram"), reliable: true });
