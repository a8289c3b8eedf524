/**
 * Prints this host's addresses: for tests, which run it in a namespace.
 *
 * @module
 */

import { interfaceAddresses } from "../../ffi/netif.ts";

for (const { name, address } of interfaceAddresses()) {
  console.log(`${name} ${address}`);
}
