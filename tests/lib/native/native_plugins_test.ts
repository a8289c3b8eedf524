import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { LinkerError } from "../../../ffi/dynamic_linker.ts";
import {
  makeNativeFinder,
  NATIVE_PLUGINS,
  SYSTEM_NATIVE_PLACES,
} from "../../../lib/native/native_plugins.ts";
import { nativeFolders } from "../../../lib/native/search.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import { Registry } from "../../../lib/plug/registry.ts";
import { ffiTest } from "../../ffi/case.ts";
import {
  noCompiler,
  TEST_SCHEME,
  testLibraries,
} from "../../ffi/native_library.ts";
import { testOptions } from "../../plugs.ts";
import { TestFolder } from "../vde/fake_switch.ts";
import { libraryPlaces } from "./library_places.ts";

const skip = await noCompiler();

ffiTest(
  "Registry opens a native plugin's plug where no module has the scheme",
  async () => {
    const { folder, plugin } = await testLibraries();
    const finder = makeNativeFinder(libraryPlaces(folder));
    const registry = await Registry.load([], { finder });
    using plug = await registry.open(
      `${TEST_SCHEME}://script:1`,
      testOptions(),
    );
    assertEquals(plug.accepts, 0);
    const { summary } = await registry.plugin(TEST_SCHEME);
    assertEquals(summary, `The native plugin ${plugin}.`);
  },
  { skip },
);

ffiTest(
  "makeNativeFinder() hands the VNL on as it is, brackets, braces and quotes included",
  async () => {
    const { folder } = await testLibraries();
    const finder = makeNativeFinder(libraryPlaces(folder));
    const registry = await Registry.load([], { finder });
    const error = await assertRejects(
      () =>
        registry.open(`${TEST_SCHEME}://fail:13[a='b]{c://%41`, testOptions()),
      PlugError,
    );
    assertEquals(error.code, "EACCES");
    assertStringIncludes(error.message, "fail:13[a='b]{c://%41");
  },
  { skip },
);

ffiTest(
  "NATIVE_PLUGINS finds nothing for a scheme that nobody has",
  async () => {
    const scheme = "nobody_has_this";
    assertEquals(await NATIVE_PLUGINS.find(scheme), undefined);
    const where = await NATIVE_PLUGINS.describePlaces(scheme);
    assertStringIncludes(where, `for libvdeplug_${scheme}.so in /`);
  },
);

ffiTest(
  "Registry.plugin() tells where it looked for a native plugin",
  async () => {
    using folder = new TestFolder();
    const finder = makeNativeFinder(libraryPlaces(folder.path));
    const registry = await Registry.load([], { finder });
    await assertRejects(
      () => registry.plugin("absent"),
      TypeError,
      `and for libvdeplug_absent.so in ${folder.path} (VDEPLUGIN_PATH)`,
    );
  },
);

ffiTest("makeNativeFinder() names a library that does not load", () => {
  using folder = new TestFolder();
  const file = `${folder.path}/libvdeplug_broken.so`;
  Deno.writeTextFileSync(file, "no library");
  const finder = makeNativeFinder(libraryPlaces(folder.path));
  const error = assertThrows(
    () => finder.find("broken"),
    PlugError,
    `Cannot load "${file}" as the native plugin for "broken://": `,
  );
  assertInstanceOf(error.cause, LinkerError);
});

Deno.test("SYSTEM_NATIVE_PLACES knows what is not there", () => {
  assertEquals(SYSTEM_NATIVE_PLACES.isFile("/nonexistent/a"), false);
  assertEquals(SYSTEM_NATIVE_PLACES.isFile("/usr"), false);
  assertEquals(SYSTEM_NATIVE_PLACES.names("/nonexistent"), []);
});

ffiTest("SYSTEM_NATIVE_PLACES names absolute folders", () => {
  const env = () => undefined;
  for (const folder of nativeFolders({ ...SYSTEM_NATIVE_PLACES, env })) {
    assertEquals(folder.startsWith("/"), true, folder);
  }
});
