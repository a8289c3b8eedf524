import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  moduleUrl,
  readsTypeScript,
  runtimeFault,
  showModule,
} from "../../../lib/plug/module_url.ts";

const URLS = [
  { given: "/a/b.ts", want: "file:///a/b.ts", shown: "/a/b.ts" },
  { given: "b.ts", want: "file:///work/b.ts", shown: "/work/b.ts" },
  { given: "./b.ts", want: "file:///work/b.ts", shown: "/work/b.ts" },
  { given: "../b.ts", want: "file:///b.ts", shown: "/b.ts" },
  { given: "/a b#c?.ts", want: "file:///a%20b%23c%3F.ts", shown: "/a b#c?.ts" },
  { given: "/50%.ts", want: "file:///50%25.ts", shown: "/50%.ts" },
  { given: "https://x.test/b.ts", want: "https://x.test/b.ts" },
  { given: "jsr:@x/y", want: "jsr:@x/y" },
  { given: "file:///a/b.ts", want: "file:///a/b.ts", shown: "/a/b.ts" },
] as const;

for (const { given, want, ...also } of URLS) {
  Deno.test(`moduleUrl() makes ${want} of ${given}, and showModule() a name`, () => {
    assertEquals(moduleUrl(given, () => "/work"), want);
    assertEquals(showModule(want), "shown" in also ? also.shown : want);
  });
}

Deno.test("moduleUrl() asks for no current folder where a path is whole", () => {
  const never = () => {
    throw new TypeError("Cannot tell: asked");
  };
  assertEquals(moduleUrl("/a/b.ts", never), "file:///a/b.ts");
  assertEquals(moduleUrl("file:///a/b.ts", never), "file:///a/b.ts");
});

for (const url of ["file:///tmp/100%.ts", "file:///tmp/%ff.ts"]) {
  Deno.test(`showModule() shows ${url} as it is`, () => {
    assertEquals(showModule(url), url);
  });
}

const RUNTIMES = [
  { version: "2.4.2", standalone: true, want: false },
  { version: "2.8.1", standalone: true, want: false },
  { version: "2.8.2", standalone: true, want: true },
  { version: "2.8.2+abc", standalone: true, want: true },
  { version: "2.9.0", standalone: true, want: true },
  { version: "2.10.0", standalone: true, want: true },
  { version: "3.0.0", standalone: true, want: true },
  { version: "2.4.2", standalone: false, want: true },
] as const;

for (const { want, ...runtime } of RUNTIMES) {
  const kind = runtime.standalone ? "a compiled program" : "deno run";
  Deno.test(`readsTypeScript() is ${want} for ${kind} of ${runtime.version}`, () => {
    assertEquals(readsTypeScript(runtime), want);
  });
}

Deno.test("runtimeFault() names the runtime and the remedy for TypeScript", () => {
  const old = { standalone: true, version: "2.4.2" };
  const found = runtimeFault("file:///a/vdeplug_x.ts", old);
  assertStringIncludes(found?.fault ?? "", "compiled with Deno 2.4.2");
  assertStringIncludes(
    found?.hint ?? "",
    "deno transpile -o /a/vdeplug_x.js /a/vdeplug_x.ts",
  );
  assertEquals(runtimeFault("file:///a/vdeplug_x.js", old), undefined);
});

Deno.test("runtimeFault() writes a command that can be pasted", () => {
  const old = { standalone: true, version: "2.4.2" };
  assertStringIncludes(
    runtimeFault("file:///a%20b/vdeplug_x.ts", old)?.hint ?? "",
    "deno transpile -o '/a b/vdeplug_x.js' '/a b/vdeplug_x.ts'",
  );
});

Deno.test("runtimeFault() knows that a compiled program loads files only", () => {
  const url = "https://x.test/b.js";
  const found = runtimeFault(url, { standalone: true, version: "2.9.6" });
  assertStringIncludes(found?.fault ?? "", "files of this host only");
  assertEquals(
    runtimeFault(url, { standalone: false, version: "2.9.6" }),
    undefined,
  );
});
