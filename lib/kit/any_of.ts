/**
 * One descriptor for several, as a plug shows its cable only one.
 *
 * A set of which another is made does not stand in that, but its members do:
 * plugs stand in one another, each with a set of its own, and the kernel takes
 * no more than five sets in one another (epoll_ctl(2), ELOOP).
 *
 * @module
 */

import { EpollSet } from "../../ffi/epoll.ts";
import type { AnyOf } from "../plug/kit.ts";
import { misuse } from "../plug/fault.ts";
import { orPlugError } from "./plug_error.ts";

const NO_FD = -1;

/** Members of the sets that are open, by the sets' descriptors. */
const membersOf = new Map<number, readonly number[]>();

/** Makes one; see `PluginKit.anyOf`. */
export function makeAnyOf(fds: readonly number[]): AnyOf {
  for (const fd of fds) {
    if (!Number.isInteger(fd) || fd < NO_FD) throw misuse(noDescriptor(fd));
  }
  return orPlugError(() => new DescriptorSet(fds));
}

class DescriptorSet implements AnyOf {
  readonly fd: number;
  readonly #set: EpollSet;
  #open = true;

  constructor(fds: readonly number[]) {
    const members = membersIn(fds);
    using parts = new DisposableStack();
    this.#set = parts.use(new EpollSet());
    for (const fd of members) this.#set.add(fd);
    this.fd = this.#set.fd;
    membersOf.set(this.fd, members);
    parts.move();
  }

  [Symbol.dispose](): void {
    // Once it is closed, its number may be another set's.
    if (!this.#open) return;
    this.#open = false;
    membersOf.delete(this.fd);
    this.#set[Symbol.dispose]();
  }
}

/** Each once, as a set takes none twice. */
function membersIn(fds: readonly number[]): number[] {
  const members = fds.filter((fd) => fd !== NO_FD)
    .flatMap((fd) => membersOf.get(fd) ?? [fd]);
  return [...new Set(members)];
}

function noDescriptor(received: unknown): RangeError {
  return new RangeError(
    `Cannot watch descriptors as each is a whole number, ${NO_FD} for none: ` +
      `received ${Deno.inspect(received)}`,
  );
}
