/**
 * A cable's thread: opens the two plugs, forwards until something ends it,
 * closes them. Started by `Cable.open`; not for import.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { drainEventFd } from "../../ffi/eventfd.ts";
import { Counters, COUNTERS_BYTES } from "../plug/counters.ts";
import { explainFault } from "../plug/fault.ts";
import type { Log, OpenOptions, Plug } from "../plug/plugin.ts";
import { NATIVE_PLUGINS } from "../native/native_plugins.ts";
import { Registry } from "../plug/registry.ts";
import { statusOf } from "../plug/status.ts";
import { runLoop } from "./loop.ts";
import {
  type CableEndpoint,
  type CableOrder,
  type CableReport,
  packError,
} from "./messages.ts";
import { PLUGIN_KIT } from "../kit/mod.ts";
import { SourceLog } from "./source_log.ts";
import { StreamPlug } from "./stream_plug.ts";

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
  const options = order.ends.map((end, index): OpenOptions => ({
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
      ? plugs.use(new StreamPlug(end.stream, options[index]))
      : undefined
  );
  const registry = await Registry.load(order.pluginModules, NATIVE_PLUGINS);
  const open = async (end: CableEndpoint, index: number): Promise<Plug> =>
    "vnl" in end
      ? plugs.use(await registry.open(end.vnl, options[index]))
      : streams[index]!; // made above for each end that is a stream
  const [first, second] = order.ends;
  return [await open(first, 0), await open(second, 1)];
}

type EndReport = Extract<CableReport, { type: "ended" }>;

function failed(error: unknown, attempt: string): EndReport {
  return { type: "ended", error: packError(explainFault(error, attempt)) };
}

async function carry(order: CableOrder): Promise<void> {
  const counters = [
    new Counters(order.counters, 0),
    new Counters(order.counters, COUNTERS_BYTES),
  ] as const;
  using plugs = new DisposableStack();
  let opened: [Plug, Plug];
  try {
    opened = await openEnds(order, counters, plugs);
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

self.onmessage = ({ data }: MessageEvent<CableOrder>) => void carry(data);
report({ type: "ready" });
