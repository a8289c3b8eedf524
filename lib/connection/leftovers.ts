/**
 * What is still open when a program ends by itself, or by `Deno.exit`: it is
 * closed then, so that children end and names go. A signal or an error that
 * nobody catches leaves no time for it.
 *
 * @module
 */

const open = new Set<Disposable>();

/** Disposes of something at the end of the program, unless it is forgotten before. */
export function remember(leftover: Disposable): void {
  if (open.size === 0) globalThis.addEventListener("unload", closeAll);
  open.add(leftover);
}

/** It is closed. Twice is harmless. */
export function forget(leftover: Disposable): void {
  open.delete(leftover);
  if (open.size === 0) globalThis.removeEventListener("unload", closeAll);
}

function closeAll(): void {
  // All of them, even if one cannot be closed.
  using closing = new DisposableStack();
  for (const leftover of open) closing.use(leftover);
}
