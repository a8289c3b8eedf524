/**
 * A cable's thread: opens the two plugs, forwards until something ends it,
 * closes them. Started by `Cable.open`; not for import.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { drainEventFd } from "../../ffi/eventfd.ts";
import { currentThread } from "../../ffi/thread.ts";
import { Counters, COUNTERS_BYTES } from "../plug/counters.ts";
import { PlugError } from "../plug/errors.ts";
import { explainFault, SOMEBODY } from "../plug/fault.ts";
import { namePlug } from "../plug/plug_calls.ts";
import type { Log, OpenParts, OpenRequest, Plug } from "../plug/plugin.ts";
import { THIS_MACHINE } from "../machine/mod.ts";
import { Registry } from "../plug/registry.ts";
import { statusOf } from "../plug/status.ts";
import { runLoop } from "./loop.ts";
import {
  type CableEndpoint,
  type CableOrder,
  type CableReport,
  type CableRequest,
  packError,
} from "./messages.ts";
import { PLUGIN_KIT } from "../kit/mod.ts";
import { SourceLog } from "./source_log.ts";
import { type StreamEnds, StreamPlug } from "./stream_plug.ts";

function report(message: CableReport): void {
  self.postMessage(message);
}

const log: Log = {
  warn: (line) => report({ type: "log", level: "warn", line }),
  debug: (line) => report({ type: "log", level: "debug", line }),
};

/** Opens both sides. What is open already when one fails is in `plugs`, for the caller to close. */
async function openEnds(
  order: CableOrder,
  counters: readonly [Counters, Counters],
  plugs: DisposableStack,
): Promise<[Plug, Plug]> {
  const options = order.ends.map((end, index): OpenParts => ({
    access: "vnl" in end ? end.access : undefined,
    description: order.description,
    kit: PLUGIN_KIT,
    log,
    receiveCounters: counters[index],
    sendCounters: counters[1 - index],
  }));
  // Descriptors are ours from now on, so they come first: the failure of the other side closes them.
  const streams = order.ends.map((end, index) =>
    "stream" in end
      ? plugs.use(openStream(end.stream, options[index]))
      : undefined
  );
  const registry = new Registry(order.pluginModules, THIS_MACHINE);
  const open = async (end: CableEndpoint, index: number): Promise<Plug> => {
    if (!("vnl" in end)) return streams[index]!; // made above for each such end
    const plug = await registry.open(end.vnl, options[index]);
    if (!plugs.disposed) return plugs.use(plug);
    plug[Symbol.dispose]();
    throw givenUp();
  };
  const [first, second] = order.ends;
  return [await open(first, 0), await open(second, 1)];
}

function openStream(stream: StreamEnds, options: OpenRequest): StreamPlug {
  const name = { vnl: stream.peer, culprit: SOMEBODY };
  return namePlug(new StreamPlug(stream, options), name);
}

function givenUp(): PlugError {
  return new PlugError("Cannot open the cable: nobody wants it any more");
}

type EndReport = Extract<CableReport, { type: "ended" }>;

function failed(error: unknown, attempt: string): EndReport {
  return { type: "ended", error: packError(explainFault(error, attempt)) };
}

/** Rejected once nobody wants the cable any more; heard only while plugs are being opened. */
const abandoned = Promise.withResolvers<never>();

async function carry(order: CableOrder): Promise<void> {
  const counters = [
    new Counters(order.counters, 0),
    new Counters(order.counters, COUNTERS_BYTES),
  ] as const;
  using plugs = new DisposableStack();
  let opened: [Plug, Plug];
  try {
    opened = await Promise.race([
      openEnds(order, counters, plugs),
      abandoned.promise,
    ]);
  } catch (error) {
    plugs.dispose();
    report({ type: "failed", error: packError(error) });
    return;
  }
  report({ type: "opened" });
  const answer = () => {
    drainEventFd(order.queryFd);
    const plugs = opened.map(statusOf).filter((status) => status !== undefined);
    report({ type: "status", plugs });
  };
  let end: EndReport = { type: "ended" };
  try {
    const query = { fd: order.queryFd, answer };
    const watch = order.watchSources
      ? new SourceLog((source) => report({ type: "source", source }))
      : undefined;
    runLoop({ plugs: opened, counters, stopFd: order.stopFd, query, watch });
  } catch (error) {
    end = failed(error, "carry frames");
  }
  const finish = (attempt: string, run: () => void) => {
    try {
      run();
    } catch (error) {
      if (end.error === undefined) end = failed(error, attempt);
    }
  };
  // What plugs have to tell goes with them.
  finish("tell the status", answer);
  // Goodbyes are sent and names unlinked before anybody hears that it is over.
  finish("close a plug", () => plugs.dispose());
  report(end);
}

self.onmessage = ({ data }: MessageEvent<CableRequest>) => {
  if (data.type === "open") void carry(data.order);
  else abandoned.reject(givenUp());
};
report({ type: "ready", thread: currentThread() });
