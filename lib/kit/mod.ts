/**
 * The kit that plugins are handed.
 *
 * @module
 */

import { EventFd } from "../../ffi/eventfd.ts";
import { Counter } from "../plug/counters.ts";
import { LinkEnd, PlugError } from "../plug/errors.ts";
import type { PluginKit } from "../plug/kit.ts";
import { makeAnyOf } from "./any_of.ts";
import { linkOf } from "./frame_link.ts";
import { FramePlug } from "./frame_plug.ts";
import { openLocalSocket } from "./local_socket.ts";
import { orPlugError } from "./plug_error.ts";
import { makeTimer } from "./timer.ts";

/** What stands in the options of every `open`. */
export const PLUGIN_KIT: PluginKit = {
  framePlug: (link, options) => new FramePlug(link, options),
  localSocket: openLocalSocket,
  frameLink: linkOf,
  wakeUp: () => orPlugError(() => new EventFd()),
  timer: makeTimer,
  anyOf: makeAnyOf,
  PlugError,
  LinkEnd,
  Counter,
};
