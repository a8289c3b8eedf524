/**
 * Questions and answers over UDP:
 * `superframe_udp.ts serve ADDRESS` sends back what it gets; prints `listening PORT`.
 * `superframe_udp.ts ask ADDRESS PORT LENGTH COUNT` asks so many questions of
 * so many bytes with one call, which the kernel makes a UDP superframe of
 * where it can, and prints how many answers were right.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import { DatagramReceiver } from "../../ffi/datagram_receiver.ts";
import { DatagramSender } from "../../ffi/datagram_sender.ts";
import { ABSOLUTE, addressOf } from "../../ffi/memory.ts";
import { waitReadable } from "../../ffi/poll.ts";
import { resolve } from "../../ffi/sockaddr.ts";
import { UdpSocket } from "../../ffi/socket.ts";
import { seededRandom } from "../random.ts";

const PATIENCE_MS = 20_000;
const SLOT_BYTES = 65536;

const [mode, address, port, length, count] = Deno.args;
if (mode === "serve") serve();
else await ask(Number(length), Number(count));

function serve(): void {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (message, from) => {
    socket.send(message, from.port, from.address);
  });
  socket.bind(0, address, () => {
    console.log(`listening ${socket.address().port}`);
  });
}

async function ask(length: number, count: number): Promise<void> {
  const [to] = resolve(address, { port: Number(port) });
  using socket = new UdpSocket(to.family);
  socket.connect(to);
  const sender = new DatagramSender(count, count);
  const questions = Array.from(
    { length: count },
    (_, index) => seededRandom(index).bytes(length),
  );
  for (const question of questions) {
    sender.add(ABSOLUTE, 0, 0, SLOT_BYTES);
    sender.addPiece(ABSOLUTE, addressOf(question), length);
  }
  for (let sent = 0; sent < count;) {
    const n = sender.send(socket.fd, sent);
    if (n < 0) throw new TypeError(`Cannot ask: errno ${-n}`);
    sent += n;
  }
  const wanted = new Set(questions.map((question) => question.join()));
  const slot = new Uint8Array(SLOT_BYTES);
  const receiver = new DatagramReceiver(1);
  receiver.aim(slot, 0, SLOT_BYTES);
  while (wanted.size > 0) {
    if (receiver.receive(socket.fd, 1) === 1) {
      const answer = slot.subarray(0, receiver.length(0));
      receiver.segmentSize(0);
      wanted.delete(answer.join());
    } else if (!await waitReadable([socket.fd], PATIENCE_MS)) break;
  }
  console.log(`${count - wanted.size} right answers`);
}
