/**
 * Takes the runtime out of a program that `deno compile` wrote:
 * `deno run extract_denort.ts PROGRAM RUNTIME`.
 *
 * The program is the runtime with an appendix. Its last 16 bytes are, in
 * little-endian order, u32 magic, u32 hash, u64 length of the appendix.
 *
 * @module
 */

const TRAILER_BYTES = 16;
const LENGTH_OFFSET = 8;
const MAGIC = 0x501e;

const [source, target] = Deno.args;
const program = await Deno.readFile(source);
const trailer = new DataView(program.buffer, program.length - TRAILER_BYTES);
const magic = trailer.getUint32(0, true);
const appendixBytes = Number(trailer.getBigUint64(LENGTH_OFFSET, true));
if (magic !== MAGIC || appendixBytes >= program.length) {
  throw new TypeError(
    `Cannot take the runtime out of "${source}": its trailer has magic 0x${
      magic.toString(16)
    }`,
  );
}
const runtime = program.subarray(0, program.length - appendixBytes);
await Deno.writeFile(target, runtime, { mode: 0o755 });
