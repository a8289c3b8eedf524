import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertThrows,
} from "@std/assert";
import { closeFd } from "../../../ffi/fd.ts";
import { SystemError } from "../../../ffi/libc.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import {
  Program,
  startError,
  startStatus,
} from "../../../lib/stream/program.ts";
import { ffiTest } from "../../ffi/case.ts";
import { readText, writeOnce } from "../../ffi/pipes.ts";
import { until } from "../../plugs.ts";

function closeEnds({ ends }: Program): void {
  for (const fd of [ends.readFd, ends.writeFd]) closeFd(fd);
}

ffiTest("Program gives everything back when it is never started", () => {
  const program = new Program(["true"]);
  closeEnds(program);
  program[Symbol.dispose]();
  program[Symbol.dispose]();
});

ffiTest("Program tells nothing of what was not started", async () => {
  using program = new Program(["true"]);
  assertEquals(program.pid, 0);
  assertEquals(program.status(), undefined);
  assertEquals(program.endSoon(0), undefined);
  assertEquals(program.endNow(0), undefined);
  assertEquals(await program.end(), undefined);
  assert(program.ends.peer.includes('"true"'));
  closeEnds(program);
});

ffiTest("Program.start() connects standard input and output", async () => {
  using program = new Program(["tr", "a-z", "A-Z"]);
  program.start();
  const { readFd, writeFd } = program.ends;
  writeOnce(writeFd, new TextEncoder().encode("hello\n"));
  closeFd(writeFd);
  assertEquals(await readText(readFd), "HELLO\n");
  closeFd(readFd);
  assertEquals(await program.end(), { code: 0, signal: 0 });
});

ffiTest("Program.start() tells what it cannot start", () => {
  using program = new Program(["no-such-program", "x"]);
  const error = assertThrows(
    () => program.start(),
    PlugError,
    'Cannot start "no-such-program"',
  );
  assertEquals(error.hint, "no such program along PATH");
  assertEquals(startStatus(error), 127);
  closeEnds(program);
});

ffiTest("Program.status() tells of the end, again and again", async () => {
  using program = new Program(["sh", "-c", "read line; exit 3"]);
  program.start();
  assertEquals(program.status(), undefined);
  closeEnds(program);
  assert(await until(() => program.status() !== undefined));
  const status = { code: 3, signal: 0 };
  assertEquals(program.status(), status);
  assertEquals(program.endSoon(1000), status);
  assertEquals(program.endNow(1000), status);
  assertEquals(await program.end(), status);
});

ffiTest("Program.endSoon() waits, and sends nothing", () => {
  using program = new Program(["sh", "-c", "read line; sleep 0.1; exit 4"]);
  program.start();
  assertEquals(program.endSoon(0), undefined);
  closeEnds(program);
  assertEquals(program.endSoon(60_000), { code: 4, signal: 0 });
});

ffiTest("Program.endNow() sends SIGTERM once patience is over", () => {
  using program = new Program(["sleep", "60"]);
  program.start();
  const start = performance.now();
  assertEquals(program.endNow(50)?.signal, 15);
  assertLess(performance.now() - start, 30_000);
  closeEnds(program);
});

ffiTest("Program.endNow() leaves a program that ends in time alone", () => {
  using program = new Program(["cat"]);
  program.start();
  closeEnds(program);
  assertEquals(program.endNow(60_000), { code: 0, signal: 0 });
});

ffiTest("Program.end() does not hold up the event loop", async () => {
  // It ends with its input, whatever SIGTERM says.
  using program = new Program(["sh", "-c", 'trap "" TERM; exec cat']);
  program.start();
  let turns = 0;
  const timer = setInterval(() => {
    if (++turns === 10) closeEnds(program);
  }, 1);
  const status = await program.end();
  clearInterval(timer);
  assertEquals([status, turns >= 10], [{ code: 0, signal: 0 }, true]);
});

const REFUSALS = [
  { errno: 2, hint: "no such program along PATH", status: 127 },
  { errno: 13, hint: "", status: 126 },
  { errno: 8, hint: "", status: 126 },
] as const;

for (const { errno, hint, status } of REFUSALS) {
  Deno.test(`startError() keeps error number ${errno}`, () => {
    const cause = new SystemError('start "x"', errno);
    const error = startError(cause);
    assertInstanceOf(error, PlugError);
    assertEquals([error.code, error.hint], [cause.code, hint]);
    assertEquals([error.message, error.cause], [cause.message, cause]);
    assertEquals(startStatus(error), status);
  });
}

Deno.test("startError() leaves what the system did not say as it is", () => {
  const error = new TypeError("x");
  assertEquals(startError(error), error);
});
