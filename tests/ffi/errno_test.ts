import { assertEquals } from "@std/assert";
import * as errno from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { ffiTest } from "./case.ts";

const NAMES = [
  { number: 1, name: "EPERM" },
  { number: 11, name: "EAGAIN" },
  { number: 35, name: "EDEADLK" },
  { number: 64, name: "ENONET" },
  { number: 77, name: "EBADFD" },
  { number: 95, name: "EOPNOTSUPP" },
  { number: 112, name: "EHOSTDOWN" },
  { number: 133, name: "EHWPOISON" },
  { number: 0, name: "errno 0" },
  { number: -1, name: "errno -1" },
  { number: 41, name: "errno 41" },
  { number: 58, name: "errno 58" },
  { number: 134, name: "errno 134" },
  { number: 4096, name: "errno 4096" },
] as const;

for (const { number, name } of NAMES) {
  Deno.test(`errnoName() of ${number} is ${name}`, () => {
    assertEquals(errno.errnoName(number), name);
  });
}

const cNames = libc({
  strerrorname_np: {
    parameters: ["i32"],
    result: "pointer", // const char *, NULL for a number without a name
    optional: true,
  },
});

ffiTest("errnoName() knows every name that the C library knows", () => {
  const { strerrorname_np } = cNames();
  // glibc has it since 2.32: without it, the table above has to do.
  if (strerrorname_np === null) return;
  for (let number = 1; number <= 4096; number++) {
    const pointer = strerrorname_np(number);
    const name = pointer === null
      ? `errno ${number}`
      : Deno.UnsafePointerView.getCString(pointer);
    // What glibc calls by its other name.
    const other = { ENOTSUP: "EOPNOTSUPP" }[name] ?? name;
    assertEquals(errno.errnoName(number), other);
  }
});

Deno.test("errnoName() of each exported number is the number's own name", () => {
  const numbers = Object.entries(errno)
    .filter(([, value]) => typeof value === "number");
  assertEquals(
    numbers.map(([, number]) => errno.errnoName(number as number)),
    numbers.map(([name]) => name),
  );
});

/** `gone`: a peer is not there; otherwise the network may still have said it of a datagram. */
const PEERS = [
  { number: errno.ECONNREFUSED, gone: true },
  { number: errno.EHOSTUNREACH, gone: true },
  { number: errno.EHOSTDOWN, gone: true },
  { number: errno.ENETUNREACH, gone: true },
  { number: errno.ENETDOWN, gone: true },
  { number: errno.EAGAIN, gone: false },
  { number: errno.EMSGSIZE, gone: false, report: true },
  { number: errno.EACCES, gone: false, report: true },
  { number: errno.EPROTO, gone: false, report: true },
  { number: errno.ENOPROTOOPT, gone: false, report: true },
  { number: errno.EOPNOTSUPP, gone: false, report: true },
  { number: errno.ENONET, gone: false, report: true },
  { number: errno.ENOBUFS, gone: false },
  { number: errno.EPERM, gone: false },
  { number: 0, gone: false },
] as const;

for (const { number, gone, ...rest } of PEERS) {
  const report = "report" in rest ? rest.report : gone;

  Deno.test(`isNetworkReport() is ${report} for ${errno.errnoName(number)}`, () => {
    assertEquals(errno.isNetworkReport(number), report);
  });

  Deno.test(`isPeerGone() is ${gone} for ${errno.errnoName(number)}`, () => {
    assertEquals(errno.isPeerGone(number), gone);
  });
}
