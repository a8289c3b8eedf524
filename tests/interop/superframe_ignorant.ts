/**
 * A plugin that knows nothing of superframes: `socket://FD`, one frame a
 * datagram of a socket. Kept as short as one can be.
 *
 * @module
 */

import { closeFd, readv, writev } from "../../ffi/fd.ts";
import { ABSOLUTE, addressOf, Iovecs } from "../../ffi/memory.ts";
import type { Plug, PluginTable } from "../../lib/plug/plugin.ts";

function openSocket(fd: number): Plug {
  const iovec = new Iovecs(1);
  const move = (call: typeof readv, bytes: Uint8Array) => {
    iovec.set(0, ABSOLUTE, addressOf(bytes), bytes.length);
    return call(fd, iovec, 1);
  };
  return {
    ...{ fd, writeFd: fd, maxFrameBytes: 9234, accepts: 0 },
    receive(burst) {
      const before = burst.count;
      while (burst.room(9280) > 0) {
        const slot = burst.bytes.subarray(burst.tail, burst.tail + 9280);
        const length = move(readv, slot);
        if (length <= 0) break;
        burst.append(burst.tail, length);
      }
      return burst.count - before;
    },
    send(burst, from) {
      let index = from;
      while (index < burst.count && move(writev, burst.frame(index)) > 0) {
        index++;
      }
      return index - from;
    },
    [Symbol.dispose]: () => closeFd(fd),
  };
}

/** The plugin's table. */
export const plugins: PluginTable = {
  socket: () =>
    Promise.resolve({
      scheme: "socket",
      summary: "A socket that is open already.",
      syntax: { form: "slash", address: "FD", keys: [] },
      open: (vnl) => openSocket(Number(vnl.address)),
    }),
};
