import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  agreesToSuperframes,
  MAX_REQUEST_PORT,
  packReply,
  packRequest,
  parseReply,
  parseRequest,
  type PortRequest,
  REPLY_BYTES,
  REQUEST_HEADER_BYTES,
  RequestHeader,
} from "../../../lib/vde/request.ts";
import { seededRandom } from "../../random.ts";

const REQUEST: PortRequest = {
  port: undefined,
  path: "/tmp/sw/.18744-00000",
  description: "vdeplug: user=root pid=18744",
  superframes: false,
};

/** What Debian's libvdeplug sent for port 5 of /tmp/vdehelp/sw, seen with strace. */
function recorded(): Uint8Array<ArrayBuffer> {
  const path = "/tmp/vdehelp/sw/.18744-00000".padEnd(108, "\0");
  const text = new TextEncoder().encode("héllo user=root pid=18744");
  const start = "\xce\xfa\xed\xfe\x03\0\0\0\0\x05\0\0\x01\0" + path;
  return Uint8Array.from([
    ...Array.from(start, (character) => character.charCodeAt(0)),
    ...text,
  ]);
}

Deno.test("packRequest() writes what Debian's client writes", () => {
  const request = {
    port: 5,
    path: "/tmp/vdehelp/sw/.18744-00000",
    description: "héllo user=root pid=18744",
    superframes: false,
  };
  assertEquals(packRequest(request), recorded());
  assertEquals(parseRequest(recorded()), request);
});

const TYPES = [
  { port: undefined, type: 0 },
  { port: 0, type: 1 },
  { port: 1, type: 0x100 },
  { port: 255, type: 0xff00 },
  { port: 0x800000, type: 0x80000000 },
  { port: MAX_REQUEST_PORT, type: 0xffffff00 },
] as const;

for (const { port, type } of TYPES) {
  Deno.test(`packRequest() asks for port ${port} with type ${type}`, () => {
    const bytes = packRequest({ ...REQUEST, port });
    const view = new DataView(bytes.buffer);
    assertEquals(view.getUint32(RequestHeader.type, true), type);
    assertEquals(parseRequest(bytes).port, port);
  });
}

for (const port of [-1, 1.5, MAX_REQUEST_PORT + 1, NaN]) {
  Deno.test(`packRequest() refuses port ${port}`, () => {
    assertThrows(
      () => packRequest({ ...REQUEST, port }),
      RangeError,
      `Cannot ask for port "${port}" as ports are 0 to 16777215`,
    );
  });
}

Deno.test("packRequest() refuses a path that is too long", () => {
  const path = "/".padEnd(108, "x");
  assertThrows(() => packRequest({ ...REQUEST, path }), RangeError, "107");
});

const DESCRIPTIONS = [
  { name: "no bytes", bytes: [], want: "" },
  { name: "UTF-8", bytes: [0xc3, 0xa9], want: "é" },
  { name: "bytes up to a zero", bytes: [97, 0, 98], want: "a" },
  { name: "half a character", bytes: [97, 0xc3], want: "a\ufffd" },
  { name: "control characters", bytes: [97, 10, 27, 98, 127], want: "a  b " },
] as const;

for (const { name, bytes, want } of DESCRIPTIONS) {
  Deno.test(`parseRequest() reads a description of ${name}`, () => {
    const header = packRequest({ ...REQUEST, description: "" });
    const request = Uint8Array.from([...header, ...bytes]);
    assertEquals(parseRequest(request).description, want);
  });
}

Deno.test("parseRequest() reads from the middle of an array", () => {
  const bytes = packRequest(REQUEST);
  const within = new Uint8Array(bytes.length + 3).fill(0xa5);
  within.set(bytes, 3);
  assertEquals(parseRequest(within.subarray(3)), REQUEST);
});

/** A request with something else at an offset. */
function spoiled(at: number, ...bytes: number[]): Uint8Array {
  const request = packRequest(REQUEST);
  request.set(bytes, at);
  return request;
}

const BAD_REQUESTS = [
  {
    name: "another magic",
    bytes: spoiled(RequestHeader.magic, 0),
    found: "found magic 0xfeedfa00",
  },
  {
    name: "another version",
    bytes: spoiled(RequestHeader.version, 4),
    found: "found version 4",
  },
  {
    name: "another byte order",
    bytes: spoiled(RequestHeader.magic, 0xfe, 0xed, 0xfa, 0xce),
    found: "found magic 0xcefaedfe",
  },
  {
    name: "an unknown type",
    bytes: spoiled(RequestHeader.type, 7, 1),
    found: "found type 0x00000107",
  },
  {
    name: "a path of another family",
    bytes: spoiled(RequestHeader.address, 2),
    found: "found no path of a data socket",
  },
  {
    name: "no path",
    bytes: spoiled(RequestHeader.address, 1, 0, 0),
    found: "found no path of a data socket",
  },
] as const;

for (const { name, bytes, found } of BAD_REQUESTS) {
  Deno.test(`parseRequest() refuses ${name}`, () => {
    assertThrows(
      () => parseRequest(bytes),
      SyntaxError,
      `Cannot read a request for a port, version 3: ${found}`,
    );
  });
}

Deno.test("parseRequest() reads a request cut at any length, or says so", () => {
  const bytes = packRequest(REQUEST);
  for (let length = 0; length <= bytes.length; length++) {
    const cut = bytes.subarray(0, length);
    if (length >= REQUEST_HEADER_BYTES) {
      const { description } = parseRequest(cut);
      assert(REQUEST.description.startsWith(description), description);
    } else {
      assertThrows(
        () => parseRequest(cut),
        SyntaxError,
        `found ${length} of 122 bytes`,
      );
    }
  }
});

Deno.test("parseRequest() throws nothing but SyntaxError", () => {
  const random = seededRandom(1);
  for (let round = 0; round < 2000; round++) {
    const bytes = random.bytes(random.below(300));
    const good = packRequest(REQUEST);
    bytes.set(good.subarray(0, Math.min(bytes.length, random.below(16))));
    try {
      assert(parseRequest(bytes).path !== "");
    } catch (error) {
      assert(error instanceof SyntaxError, String(error));
    }
  }
});

Deno.test("packReply() packs the path that parseReply() reads", () => {
  const reply = packReply("/tmp/sw/005.6");
  assertEquals(reply.length, REPLY_BYTES);
  assertEquals(parseReply(reply), "/tmp/sw/005.6");
  for (let length = 0; length < reply.length; length++) {
    assertEquals(parseReply(reply.subarray(0, length)), undefined);
  }
  assertEquals(parseReply(new Uint8Array(REPLY_BYTES)), undefined);
});

const PATHS = [
  { bytes: 20, offers: true },
  { bytes: 98, offers: true },
  { bytes: 99, offers: true },
  { bytes: 100, offers: false },
  { bytes: 107, offers: false },
] as const;

for (const { bytes, offers } of PATHS) {
  const path = "/".padEnd(bytes, "x");
  const says = offers ? "has room" : "has no room";
  Deno.test(`packRequest() ${says} for superframes behind a path of ${bytes} bytes`, () => {
    const request = { ...REQUEST, path, superframes: true };
    const parsed = parseRequest(packRequest(request));
    assertEquals(parsed, { ...request, superframes: offers });
  });

  Deno.test(`packReply() ${says} for superframes behind a path of ${bytes} bytes`, () => {
    const reply = packReply(path, true);
    assertEquals(parseReply(reply), path);
    assertEquals(agreesToSuperframes(reply), offers);
  });
}

Deno.test("agreesToSuperframes() takes no request that comes back for an answer", () => {
  const request = packRequest({ ...REQUEST, superframes: true });
  const address = RequestHeader.address;
  const echo = request.subarray(address, address + REPLY_BYTES);
  assertEquals(parseReply(echo), REQUEST.path);
  assertEquals(agreesToSuperframes(echo), false);
  assertEquals(agreesToSuperframes(packReply(REQUEST.path)), false);
  assertEquals(agreesToSuperframes(echo.subarray(0, 50)), false);
});
