import { assert, assertEquals, assertLess } from "@std/assert";
import {
  type ExitStatus,
  killProcess,
  spawnProgram,
  waitForExit,
} from "../../../ffi/spawn.ts";
import {
  awaitEnd,
  awaitEndSync,
  type Reminder,
  seeEndSync,
  SIGKILL,
  SIGTERM,
} from "../../../lib/stream/ending.ts";
import { ffiTest } from "../../ffi/case.ts";
import { readOnce, TestPipe } from "../../ffi/pipes.ts";

type Wait = (
  pid: number,
  reminders: readonly Reminder[],
) => Promise<ExitStatus | undefined> | ExitStatus | undefined;

const WAITS: readonly (readonly [string, Wait])[] = [
  ["awaitEnd", awaitEnd],
  ["awaitEndSync", awaitEndSync],
];

/** Starts a script, and waits until it has written a line. */
function startScript(script: string): number {
  using output = new TestPipe();
  const pid = spawnProgram(["sh", "-c", script], [[output.writeFd, 1]]);
  readOnce(output.readFd);
  return pid;
}

const HEEDLESS = 'trap "" TERM; echo; while :; do sleep 0.05; done';

for (const [name, wait] of WAITS) {
  ffiTest(
    `${name}() tells the exit status of what ends by itself`,
    async () => {
      const pid = startScript("echo; sleep 0.05; exit 9");
      const reminders = [{ patienceMs: 10_000, signal: SIGKILL }];
      assertEquals(await wait(pid, reminders), { code: 9, signal: 0 });
    },
  );

  ffiTest(`${name}() sends a signal once its patience is over`, async () => {
    const pid = startScript("echo; exec sleep 60");
    const start = performance.now();
    const end = await wait(pid, [{ patienceMs: 100, signal: SIGTERM }]);
    assertEquals(end?.signal, SIGTERM);
    const tookMs = performance.now() - start;
    assert(tookMs >= 100, `${tookMs} ms`);
    assertLess(tookMs, 30_000);
  });

  ffiTest(`${name}() goes from one signal to the next`, async () => {
    const pid = startScript(HEEDLESS);
    const end = await wait(pid, [
      { patienceMs: 0, signal: SIGTERM },
      { patienceMs: 50, signal: SIGKILL },
    ]);
    assertEquals(end?.signal, SIGKILL);
  });

  ffiTest(`${name}() ends what was stopped`, async () => {
    const pid = startScript("echo; kill -STOP $$; sleep 60");
    const end = await wait(pid, [{ patienceMs: 50, signal: SIGTERM }]);
    assertEquals(end?.signal, SIGTERM);
  });

  ffiTest(`${name}() gives up on what pays no heed at all`, async () => {
    const pid = startScript(HEEDLESS);
    assertEquals(
      await wait(pid, [{ patienceMs: 0, signal: SIGTERM }]),
      undefined,
    );
    killProcess(pid, SIGKILL);
    assertEquals((await waitForExit(pid)).signal, SIGKILL);
  });
}

ffiTest("seeEndSync() sends nothing", async () => {
  const pid = startScript("echo; exec sleep 60");
  assertEquals(seeEndSync(pid, 50), undefined);
  killProcess(pid, SIGTERM);
  assertEquals((await waitForExit(pid)).signal, SIGTERM);
});
