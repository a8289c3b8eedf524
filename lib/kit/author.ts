/**
 * What the author of a plugin imports: types, and {@linkcode definePlugin}.
 *
 * A plugin is a file `vdeplug_NAME.ts` (or `.js`) that exports one object,
 * `plugin`. It is found in the folders of `$VDEPLUG_PLUGIN_PATH`, or in
 * `~/.config/vdeplug/plugins`, when somebody says `NAME://`; or it is named
 * with `--plugin FILE`. `vdeplug plugins new NAME` writes one to begin with.
 *
 * A file that imports types alone works in the compiled program, too, where no
 * package is at hand: all that its plugs are built with is in `options.kit`.
 *
 * @example A plugin
 * ```ts no-eval
 * import type { Plugin } from "@vdeplug/vdeplug/plugin";
 *
 * export const plugin: Plugin = {
 *   scheme: "mine",
 *   summary: "Frames between two local sockets.",
 *   syntax: { form: "bracket", address: "PATH", keys: [] },
 *   open(vnl, options) {
 *     const { kit } = options;
 *     const socket = kit.localSocket(vnl.address, `${vnl.address}.peer`);
 *     return kit.framePlug(socket, options);
 *   },
 * };
 * ```
 *
 * A plug can also stand before that of another network, whatever that is:
 * `options.open` opens it, `kit.frameLink` gives its frames one by one, and
 * `kit.timer` wakes the plug when it is time for something. What is late when
 * the other end goes is lost here.
 *
 * @example Another network, from which frames come later
 * ```ts no-eval
 * import type { Plugin } from "@vdeplug/vdeplug/plugin";
 *
 * const ms = { name: "ms", type: "integer", min: 1, max: 9999 } as const;
 *
 * export const plugin: Plugin = {
 *   scheme: "delay",
 *   summary: "Another network, from which frames come later.",
 *   syntax: {
 *     form: "slash",
 *     nested: "required",
 *     keys: [{ ...ms, default: 100, summary: "how much later; 100 if absent" }],
 *     examples: [{ vnl: "delay://{tap://t0}/ms=20", summary: "20 ms later" }],
 *   },
 *   async open(vnl, options) {
 *     const { kit, receiveCounters } = options;
 *     const delayMs = vnl.number("ms")!; // it has a default
 *     using parts = new DisposableStack();
 *     const inner = await options.open(vnl.nested!); // it is required
 *     const link = parts.use(kit.frameLink(inner, options));
 *     const timer = parts.use(kit.timer());
 *     const either = parts.use(kit.anyOf([link.fd, timer.fd]));
 *     const late: { frame: Uint8Array; dueMs: number }[] = [];
 *     const kept = parts.move();
 *     return kit.framePlug({
 *       ...link, // what is not said below is as it is there
 *       fd: either.fd,
 *       // While the cable is held up, a switch still has its clients to serve;
 *       // what is late waits, and must not keep the thread busy.
 *       serve: link.serve && (() => {
 *         link.serve?.();
 *         timer.set(delayMs);
 *       }),
 *       receive(room) {
 *         for (let turn = 0; turn < 64; turn++) { // others have theirs, too
 *           const length = link.receive(room);
 *           if (length < 0) break;
 *           if (late.length === 0) timer.set(delayMs);
 *           const dueMs = performance.now() + delayMs;
 *           const frame = room.slice(0, length);
 *           if (late.length < 10_000) late.push({ frame, dueMs });
 *           else receiveCounters.add(kit.Counter.full, 1);
 *         }
 *         const waitMs = late.length > 0 ? late[0].dueMs - performance.now() : 0;
 *         if (waitMs > 0) timer.set(waitMs);
 *         else if (late.length === 0) timer.clear();
 *         if (waitMs > 0 || late.length === 0) return -1;
 *         const { frame } = late.shift()!;
 *         room.set(frame);
 *         return frame.length;
 *       },
 *       [Symbol.dispose]: () => kept.dispose(),
 *     }, options);
 *   },
 * };
 * ```
 *
 * @module
 */

export type { Arena } from "../net/arena.ts";
export type { Burst } from "../net/burst.ts";
export type { Counter, CounterName, Counters } from "../plug/counters.ts";
export type { LinkEnd, PlugError, PlugErrorOptions } from "../plug/errors.ts";
export type {
  AnyOf,
  FrameLink,
  PluginKit,
  SendResult,
  Timer,
  WakeUp,
} from "../plug/kit.ts";
export type {
  Access,
  Log,
  OpenOptions,
  Plug,
  Plugin,
  PluginTable,
} from "../plug/plugin.ts";
export { definePlugin } from "../plug/define_plugin.ts";
export type {
  FlagKey,
  KeyBase,
  NumberKey,
  TextKey,
  TextKind,
  Vnl,
  VnlKey,
  VnlSyntax,
} from "../plug/vnl.ts";
