import { assertEquals } from "@std/assert";
import {
  hasVxlanHeaderUnchecked,
  isVxlanHeaderUnchecked,
  makeVxlanHeader,
  MAX_VNI,
  VXLAN_HEADER_BYTES,
} from "../../../lib/net/vxlan_header.ts";

const HEADERS = [
  { vni: 0, bytes: [8, 0, 0, 0, 0, 0, 0, 0] },
  { vni: 1, bytes: [8, 0, 0, 0, 0, 0, 1, 0] },
  { vni: 0x123456, bytes: [8, 0, 0, 0, 0x12, 0x34, 0x56, 0] },
  { vni: 0x800000, bytes: [8, 0, 0, 0, 0x80, 0, 0, 0] },
  { vni: MAX_VNI, bytes: [8, 0, 0, 0, 0xff, 0xff, 0xff, 0] },
] as const;

for (const { vni, bytes } of HEADERS) {
  Deno.test(`makeVxlanHeader() writes vni ${vni}`, () => {
    assertEquals([...makeVxlanHeader(vni)], [...bytes]);
  });

  Deno.test(`makeVxlanHeader() makes for vni ${vni} what is recognized, at any offset`, () => {
    const padded = new Uint8Array(20).fill(0xa5);
    for (
      let offset = 0;
      offset <= padded.length - VXLAN_HEADER_BYTES;
      offset++
    ) {
      padded.fill(0xa5).set(bytes, offset);
      const header = makeVxlanHeader(vni);
      assertEquals(hasVxlanHeaderUnchecked(padded, offset, header), true);
      assertEquals(isVxlanHeaderUnchecked(padded, offset), true);
    }
  });
}

Deno.test("hasVxlanHeaderUnchecked() wants all 64 bits", () => {
  const header = makeVxlanHeader(0x123456);
  for (let bit = 0; bit < 8 * VXLAN_HEADER_BYTES; bit++) {
    const other = header.slice();
    other[bit >> 3] ^= 1 << (bit & 7);
    assertEquals(
      hasVxlanHeaderUnchecked(other, 0, header),
      false,
      `bit ${bit}`,
    );
    // In the vni, a bit makes it another network's; elsewhere, no header at all.
    const inVni = bit >= 32 && bit < 56;
    assertEquals(isVxlanHeaderUnchecked(other, 0), inVni, `bit ${bit}`);
  }
});
