/**
 * The stream form once more, as plainly as it can be said: what the fast
 * decoder is compared with.
 *
 * @module
 */

const MAX_LENGTH = 9236;

/** Decodes what each read brings; keeps everything else in one array. */
export class ReferenceDecoder {
  runts = 0;
  oversize = 0;
  desyncs = 0;
  #buffered: number[] = [];

  /** Frames that are whole after a read, at most `capacity`; the others come with the next call. */
  read(bytes: Uint8Array, capacity: number): Uint8Array[] {
    this.#buffered.push(...bytes);
    const frames: Uint8Array[] = [];
    while (frames.length < capacity && this.#buffered.length >= 2) {
      const length = 256 * this.#buffered[0] + this.#buffered[1];
      if (length > MAX_LENGTH) {
        this.desyncs++;
        this.#buffered = [];
        break;
      }
      if (this.#buffered.length < 2 + length) break;
      const frame = this.#buffered.splice(0, 2 + length).slice(2);
      if (length === 0) continue;
      if (length < 14) this.runts++;
      else if (length > 9234) this.oversize++;
      else frames.push(Uint8Array.from(frame));
    }
    return frames;
  }
}

/** A frame, or anything else, behind its length. */
export function encode(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const encoded = new Uint8Array(2 + bytes.length);
  encoded[0] = bytes.length >> 8;
  encoded[1] = bytes.length & 0xff;
  encoded.set(bytes, 2);
  return encoded;
}
