/**
 * Giving up what takes too long.
 *
 * @module
 */

/**
 * Waits for something until a signal comes.
 *
 * @param work Goes on all the same: what comes of it then is the caller's to
 * clear up.
 * @param signal Absent: never comes.
 * @throws What `work` is rejected with, or the reason of the signal.
 */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
