/**
 * The kit that plugins are handed.
 *
 * @module
 */

import { EventFd } from "../../ffi/eventfd.ts";
import { SystemError } from "../../ffi/libc.ts";
import { Counter } from "../plug/counters.ts";
import { LinkEnd, PlugError } from "../plug/errors.ts";
import type { PluginKit } from "../plug/kit.ts";
import { FramePlug } from "./frame_plug.ts";
import { openLocalSocket } from "./local_socket.ts";

/** What stands in the options of every `open`. */
export const PLUGIN_KIT: PluginKit = {
  framePlug: (link, options) => new FramePlug(link, options),
  localSocket: openLocalSocket,
  wakeUp() {
    try {
      return new EventFd();
    } catch (cause) {
      if (!(cause instanceof SystemError)) throw cause;
      throw new PlugError(cause.message, { code: cause.code, cause });
    }
  },
  PlugError,
  LinkEnd,
  Counter,
};
