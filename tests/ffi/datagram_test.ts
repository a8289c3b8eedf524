import { assert, assertEquals } from "@std/assert";
import { DatagramReceiver } from "../../ffi/datagram_receiver.ts";
import { DatagramSender } from "../../ffi/datagram_sender.ts";
import { EAGAIN, ECONNREFUSED, EMSGSIZE } from "../../ffi/errno.ts";
import { ErrorQueue } from "../../ffi/error_queue.ts";
import { ABSOLUTE, addressOf } from "../../ffi/memory.ts";
import { SOCKADDR_STRIDE_BYTES, SocketAddress } from "../../ffi/sockaddr.ts";
import type { UdpSocket } from "../../ffi/socket.ts";
import { until } from "../plugs.ts";
import { seededRandom } from "../random.ts";
import { ffiTest } from "./case.ts";
import { boundSocket, closedAddress, LOOPBACKS } from "./sockets.ts";

const SLOT_BYTES = 64;
/** Longer than a datagram is: all may go in one message. */
const NO_LIMIT = 65536;

/** A receiver with an arena of its own. */
class Inbox {
  readonly arena: Uint8Array<ArrayBuffer>;
  readonly receiver: DatagramReceiver;

  constructor(readonly socket: UdpSocket, capacity: number) {
    this.arena = new Uint8Array(capacity * SLOT_BYTES).fill(0xa5);
    this.receiver = new DatagramReceiver(capacity);
    this.receiver.aim(this.arena, 0, SLOT_BYTES);
  }

  receive(count: number = this.receiver.capacity): number {
    return this.receiver.receive(this.socket.fd, count);
  }

  /** A datagram of the last `receive`; undefined if it was too long. */
  datagram(index: number): Uint8Array | undefined {
    const length = this.receiver.length(index);
    this.receiver.segmentSize(index);
    const start = index * SLOT_BYTES;
    return length < 0 ? undefined : this.arena.slice(start, start + length);
  }

  source(index: number): string {
    const start = index * SOCKADDR_STRIDE_BYTES;
    const bytes = this.receiver.sources.subarray(start);
    return `${new SocketAddress(bytes.slice(0, bytes[0] === 2 ? 16 : 28))}`;
  }

  /** Receives until so many have come. */
  async take(wanted: number): Promise<(Uint8Array | undefined)[]> {
    const found: (Uint8Array | undefined)[] = [];
    await until(() => {
      const n = this.receive();
      for (let index = 0; index < n; index++) found.push(this.datagram(index));
      return found.length >= wanted;
    });
    return found;
  }
}

/** Makes a batch of frames: each goes alone unless `limit` says otherwise. */
function fill(
  sender: DatagramSender,
  frames: readonly Uint8Array[],
  to: SocketAddress | undefined,
  limit = 0,
): void {
  sender.clear();
  for (const frame of frames) {
    const name = to === undefined ? 0 : addressOf(to.bytes);
    sender.add(ABSOLUTE, name, to?.bytes.length ?? 0, limit);
    // A frame of no bytes has no address, and needs none.
    if (frame.length > 0) {
      sender.addPiece(ABSOLUTE, addressOf(frame), frame.length);
    }
  }
}

/** Sends a whole batch, with as many calls as it takes. */
function sendAll(sender: DatagramSender, fd: number): void {
  for (let sent = 0; sent < sender.count;) {
    const n = sender.send(fd, sent);
    assert(n > 0, `errno ${-n}`);
    sent += n;
  }
}

const LENGTHS = [0, 1, 2, 15, 16, 33, SLOT_BYTES];

for (const { host, skip } of LOOPBACKS) {
  ffiTest(
    `DatagramSender and DatagramReceiver pass datagrams of any length on ${host}`,
    async () => {
      using near = boundSocket(host);
      using far = boundSocket(host);
      const inbox = new Inbox(far, 16);
      const frames = LENGTHS.map((length) =>
        seededRandom(length).bytes(length)
      );
      const sender = new DatagramSender(16, 2 * 16);
      const to = far.localAddress();
      fill(sender, frames, to);
      sendAll(sender, near.fd);
      const n = await inboxCount(inbox, frames.length);
      assertEquals(n, frames.length);
      frames.forEach((frame, index) => {
        assertEquals(inbox.datagram(index), frame);
        assertEquals(inbox.source(index), `${near.localAddress()}`);
      });
      assertEquals(inbox.receive(), -EAGAIN);
    },
  );

  ffiTest(`ErrorQueue on ${host} tells who is not there`, async () => {
    using socket = boundSocket(host);
    socket.receiveErrors();
    const gone = [closedAddress(host), closedAddress(host)];
    const sender = new DatagramSender(1, 2 * 1);
    const queue = new ErrorQueue();
    assertEquals(queue.next(socket.fd), 0);
    for (const address of gone) {
      fill(sender, [Uint8Array.of(1)], address);
      // The first call may be told about the datagram before.
      await until(() => sender.send(socket.fd, 0) === 1);
    }
    const told: string[] = [];
    await until(() => {
      const error = queue.next(socket.fd);
      if (error === 0) return told.length >= 2;
      assertEquals(error, ECONNREFUSED);
      const { destination } = queue;
      const length = destination[0] === 2 ? 16 : 28;
      told.push(`${new SocketAddress(destination.slice(0, length))}`);
      return false;
    });
    assertEquals(told, gone.map(String));
    assertEquals(queue.next(socket.fd), 0);
  }, { skip });
}

/** Receives in one call, once all have arrived. */
async function inboxCount(inbox: Inbox, wanted: number): Promise<number> {
  let n = 0;
  // Datagrams on loopback are there when the sending call returns.
  await until(() => (n = inbox.receive()) === wanted || n > 0);
  return n;
}

ffiTest("DatagramSender joins the pieces of a datagram", async () => {
  using near = boundSocket("127.0.0.1");
  using far = boundSocket("127.0.0.1");
  const inbox = new Inbox(far, 4);
  const header = Uint8Array.of(8, 0, 0, 0, 1, 2, 3, 0);
  const sender = new DatagramSender(4, 8);
  const frames = [Uint8Array.of(1), Uint8Array.of(2, 3)];
  const to = far.localAddress();
  for (const frame of frames) {
    sender.add(ABSOLUTE, addressOf(to.bytes), to.bytes.length, 0);
    sender.addPiece(ABSOLUTE, addressOf(header), header.length);
    sender.addPiece(ABSOLUTE, addressOf(frame), frame.length);
  }
  sendAll(sender, near.fd);
  assertEquals(await inbox.take(2), [
    Uint8Array.of(...header, 1),
    Uint8Array.of(...header, 2, 3),
  ]);
});

/** Frames of these lengths; what a message holds follows from them. */
const MESSAGES = [
  { name: "equal lengths", lengths: [20, 20, 20] },
  { name: "a shorter last one", lengths: [20, 20, 7] },
  { name: "a shorter one before others", lengths: [20, 7, 20, 20] },
  { name: "a longer one behind others", lengths: [20, 20, 33, 33] },
  { name: "one longer than the path takes", lengths: [41, 41, 20, 20] },
  { name: "more than a message holds", lengths: Array(150).fill(30) },
] as const;

for (const { host, skip } of LOOPBACKS) {
  for (const { name, lengths } of MESSAGES) {
    ffiTest(
      `DatagramSender on ${host} keeps datagrams apart: ${name}`,
      async () => {
        using near = boundSocket(host);
        using far = boundSocket(host);
        const inbox = new Inbox(far, 16);
        const random = seededRandom(lengths.length);
        const frames = lengths.map((length) => random.bytes(length));
        const sender = new DatagramSender(256, 512);
        fill(sender, frames, far.localAddress(), 40);
        sendAll(sender, near.fd);
        assertEquals(await inbox.take(frames.length), frames);
      },
      { skip },
    );
  }

  ffiTest(
    `DatagramReceiver on ${host} takes datagrams of one size as one message`,
    async () => {
      using near = boundSocket(host);
      using far = boundSocket(host);
      assert(far.receiveSegments());
      const inbox = new Inbox(far, 4);
      const frames = [20, 20, 11].map((length) =>
        seededRandom(length).bytes(length)
      );
      const sender = new DatagramSender(4, 8);
      fill(sender, frames, far.localAddress(), NO_LIMIT);
      assertEquals(sender.send(near.fd, 0), frames.length);
      assert(await until(() => inbox.receive() === 1));
      assertEquals(inbox.receiver.length(0), 51);
      assertEquals(inbox.receiver.segmentSize(0), 20);
      const all = Uint8Array.of(...frames.flatMap((frame) => [...frame]));
      assertEquals(inbox.arena.slice(0, 51), all);
      // The room for the kernel's word was used up, and has to be made again.
      fill(sender, frames.slice(0, 1), far.localAddress(), NO_LIMIT);
      sendAll(sender, near.fd);
      assert(await until(() => inbox.receive() === 1));
      assertEquals(inbox.receiver.segmentSize(0), 0);
      assertEquals(inbox.datagram(0), frames[0]);
    },
    { skip },
  );
}

ffiTest("DatagramSender tells when a batch has no room", () => {
  const sender = new DatagramSender(4, 6);
  const frame = Uint8Array.of(1);
  for (const [datagrams, room] of [[4, false], [3, true], [2, true]] as const) {
    assertEquals(sender.hasRoom(datagrams), room);
  }
  for (let piece = 0; piece < 2; piece++) {
    sender.add(ABSOLUTE, 0, 0, 0);
    sender.addPiece(ABSOLUTE, addressOf(frame), 1);
    sender.addPiece(ABSOLUTE, addressOf(frame), 1);
  }
  assertEquals(sender.hasRoom(1), true);
  assertEquals(sender.hasRoom(2), false);
  sender.clear();
  assertEquals(sender.hasRoom(3), true);
});

ffiTest("DatagramSender.send() begins at the entry asked for", async () => {
  using near = boundSocket("127.0.0.1");
  using far = boundSocket("127.0.0.1");
  const inbox = new Inbox(far, 8);
  const frames = [1, 2, 3, 4].map((byte) => Uint8Array.of(byte));
  const sender = new DatagramSender(4, 2 * 4);
  fill(sender, frames, far.localAddress());
  assertEquals(sender.send(near.fd, 1), 3);
  assertEquals(await inbox.take(3), frames.slice(1));
});

ffiTest("DatagramSender.send() stops before the entry that fails", async () => {
  using near = boundSocket("127.0.0.1");
  using far = boundSocket("127.0.0.1");
  const inbox = new Inbox(far, 8);
  const tooLong = new Uint8Array(65508);
  const frames = [Uint8Array.of(1), tooLong, Uint8Array.of(3)];
  const sender = new DatagramSender(4, 2 * 4);
  fill(sender, frames, far.localAddress());
  assertEquals(sender.send(near.fd, 0), 1);
  assertEquals(sender.send(near.fd, 1), -EMSGSIZE);
  assertEquals(sender.send(near.fd, 2), 1);
  assertEquals(await inbox.take(2), [frames[0], frames[2]]);
});

ffiTest(
  "DatagramSender sends entries of one call to different destinations",
  async () => {
    using near = boundSocket("127.0.0.1");
    using one = boundSocket("127.0.0.1");
    using other = boundSocket("127.0.0.1");
    const sender = new DatagramSender(2, 2 * 2);
    const frames = [Uint8Array.of(1), Uint8Array.of(2)];
    fill(sender, frames, one.localAddress(), NO_LIMIT);
    const to = other.localAddress();
    sender.redirect(1, ABSOLUTE, addressOf(to.bytes), NO_LIMIT);
    sendAll(sender, near.fd);
    assertEquals(await new Inbox(one, 4).take(1), [frames[0]]);
    assertEquals(await new Inbox(other, 4).take(1), [frames[1]]);
  },
);

ffiTest(
  "DatagramSender needs no destination on a connected socket",
  async () => {
    using near = boundSocket("127.0.0.1");
    using far = boundSocket("127.0.0.1");
    near.connect(far.localAddress());
    const sender = new DatagramSender(1, 2 * 1);
    const frame = Uint8Array.of(7);
    fill(sender, [frame], undefined);
    sendAll(sender, near.fd);
    assertEquals(await new Inbox(far, 4).take(1), [frame]);
  },
);

ffiTest("UdpSocket.connect() lets in the one peer only", async () => {
  using near = boundSocket("127.0.0.1");
  using far = boundSocket("127.0.0.1");
  using stranger = boundSocket("127.0.0.1");
  near.connect(far.localAddress());
  const sender = new DatagramSender(1, 2 * 1);
  for (const [socket, byte] of [[stranger, 1], [far, 2]] as const) {
    fill(sender, [Uint8Array.of(byte)], near.localAddress());
    sendAll(sender, socket.fd);
  }
  const inbox = new Inbox(near, 4);
  assertEquals(await inbox.take(1), [Uint8Array.of(2)]);
  assertEquals(inbox.receive(), -EAGAIN);
});

ffiTest(
  "DatagramReceiver tells of a datagram longer than its slot, and writes into no other",
  async () => {
    using near = boundSocket("127.0.0.1");
    using far = boundSocket("127.0.0.1");
    const inbox = new Inbox(far, 3);
    const long = new Uint8Array(SLOT_BYTES + 1).fill(1);
    const short = Uint8Array.of(2, 2);
    const sender = new DatagramSender(3, 2 * 3);
    fill(sender, [long, short], far.localAddress());
    sendAll(sender, near.fd);
    assertEquals(await inboxCount(inbox, 2), 2);
    assertEquals([inbox.datagram(0), inbox.datagram(1)], [undefined, short]);
    assert(inbox.arena.subarray(SLOT_BYTES + 2).every((byte) => byte === 0xa5));
  },
);

ffiTest(
  "DatagramReceiver takes no more than asked for, and leaves the rest",
  async () => {
    using near = boundSocket("127.0.0.1");
    using far = boundSocket("127.0.0.1");
    const inbox = new Inbox(far, 4);
    const frames = [1, 2, 3].map((byte) => Uint8Array.of(byte));
    const sender = new DatagramSender(4, 2 * 4);
    fill(sender, frames, far.localAddress());
    sendAll(sender, near.fd);
    await until(() => inbox.receive(1) === 1);
    assertEquals(inbox.datagram(0), frames[0]);
    assertEquals(await inbox.take(2), frames.slice(1));
  },
);

ffiTest("DatagramReceiver knows senders of both families in turn", async () => {
  const v4 = boundSocket("127.0.0.1");
  const v6 = boundSocket("::1");
  const receiver = new DatagramReceiver(2);
  const arena = new Uint8Array(2 * SLOT_BYTES);
  receiver.aim(arena, 0, SLOT_BYTES);
  const sender = new DatagramSender(1, 2 * 1);
  for (const socket of [v6, v4, v6, v4, v6]) {
    fill(sender, [Uint8Array.of(1)], socket.localAddress());
    sendAll(sender, socket.fd);
    assert(await until(() => receiver.receive(socket.fd, 2) === 1));
    assertEquals(receiver.length(0), 1);
    const length = socket === v4 ? 16 : 28;
    assertEquals(
      `${new SocketAddress(receiver.sources.slice(0, length))}`,
      `${socket.localAddress()}`,
    );
  }
  for (const socket of [v4, v6]) socket[Symbol.dispose]();
});

ffiTest("DatagramReceiver follows when it is aimed elsewhere", async () => {
  using near = boundSocket("127.0.0.1");
  using far = boundSocket("127.0.0.1");
  const receiver = new DatagramReceiver(2);
  const arena = new Uint8Array(512);
  const sender = new DatagramSender(1, 2 * 1);
  for (const offset of [0, 128, 128, 256]) {
    receiver.aim(arena, offset, SLOT_BYTES);
    const frame = Uint8Array.of(offset & 0xff, 77);
    fill(sender, [frame], far.localAddress());
    sendAll(sender, near.fd);
    assert(await until(() => receiver.receive(far.fd, 2) === 1));
    assertEquals(arena.slice(offset, offset + 2), frame);
  }
});

ffiTest(
  "DatagramReceiver.receive() gives the error that waits, once",
  async () => {
    using near = boundSocket("127.0.0.1");
    near.connect(closedAddress("127.0.0.1"));
    const sender = new DatagramSender(1, 2 * 1);
    const frame = Uint8Array.of(7);
    fill(sender, [frame], undefined);
    sendAll(sender, near.fd);
    const inbox = new Inbox(near, 1);
    assert(await until(() => inbox.receive() === -ECONNREFUSED));
    assertEquals(inbox.receive(), -EAGAIN);
  },
);
