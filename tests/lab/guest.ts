/**
 * Virtual machines: QEMU with a small kernel, joined to a VDE network by
 * `-netdev vde`. The guest does what it is told on its serial console.
 *
 * Guest N has the MAC address 02:00:00:00:00:N and, unless it asks for
 * another, the address 192.0.2.N. It serves what is in its `/srv` over HTTP.
 *
 * The processor is emulated: `/dev/kvm` may be there and not work, and is not
 * for everybody. `VDEPLUG_ACCEL=kvm` takes it.
 *
 * @module
 */

import { type Availability, peerAvailable } from "./available.ts";
import { LabError } from "./errors.ts";
import type { LabHost } from "./host.ts";
import { type LabProcess, PATIENCE_MS, spawn } from "./process.ts";

const QEMU = "qemu-system-x86_64";
const MEMORY_MEGABYTES = 128;

/** Several guests share an emulated processor's time with everything else. */
const GUEST_PATIENCE_MS = 4 * PATIENCE_MS;

/** Nothing is printed that nobody reads, nothing is measured that time decides. */
const KERNEL_OPTIONS =
  "console=ttyS0 quiet loglevel=0 panic=-1 nokaslr mitigations=off no_timer_check";

const OWN_FILES = new URL("guest/", import.meta.url).pathname;

/** Where `.ci/install_guest` puts kernel and root folder. */
function guestFolder(): string {
  return Deno.env.get("VDEPLUG_GUEST") ?? "/var/cache/vdeplug-guest";
}

/** Whether virtual machines can be started here. */
export async function canRunGuests(): Promise<Availability> {
  if (Deno.build.arch !== "x86_64") {
    return { ok: false, reason: "the guests' kernel is for x86-64 alone" };
  }
  for (const program of [QEMU, "cpio"]) {
    const found = await peerAvailable(program);
    if (!found.ok) return found;
  }
  try {
    await Deno.stat(`${guestFolder()}/root/lib/modules/order`);
    return { ok: true };
  } catch {
    const reason = `no guest in ${guestFolder()}: run .ci/install_guest`;
    return { ok: false, reason };
  }
}

/** What guests start from. Disposing removes it. */
export class GuestImage implements AsyncDisposable {
  private constructor(
    readonly kernel: string,
    readonly initrd: string,
    readonly folder: string,
  ) {}

  /**
   * Packs a root folder. Needs {@linkcode canRunGuests}.
   *
   * @throws {LabError} If that fails.
   */
  static async pack(): Promise<GuestImage> {
    const folder = await Deno.makeTempDir({ prefix: "vdeplug-guest-" });
    // Whoever runs a guest reads it.
    await Deno.chmod(folder, 0o755);
    const [kernel, initrd] = [`${guestFolder()}/vmlinuz`, `${folder}/initrd`];
    const image = new GuestImage(kernel, initrd, folder);
    // The kernel unpacks several archives behind one another.
    const script = 'for folder in "$2" "$3"; do ' +
      'cd "$folder" && find . | cpio -o -H newc --quiet || exit; done >"$1"';
    const files = [initrd, `${guestFolder()}/root`, OWN_FILES];
    await using pack = spawn(["sh", "-c", script, "sh", ...files]);
    const { code } = await pack.exited;
    if (code === 0) return image;
    await image[Symbol.asyncDispose]();
    throw new LabError(`Cannot pack "${initrd}": ${pack.report()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** What a guest is to be. */
export interface GuestOptions {
  /** What it starts from. */
  readonly image: GuestImage;
  /** From 1 to 99; its addresses follow from it. */
  readonly number: number;
  /** Folder of the switch that it joins. */
  readonly sock: string;
  /** More options of `-netdev vde`, e.g. `port=3`. */
  readonly netdev?: readonly string[];
  /** What `ip address add` takes, or `dhcp`. */
  readonly address?: string;
  /** Bytes of an IP packet, 1500 unless given. */
  readonly mtu?: number;
  /** Words in front of the command line: another program that runs it. */
  readonly before?: readonly string[];
}

/** How an order ended. */
export interface OrderResult {
  /** Exit status. */
  readonly code: number;
  /** What it printed, to standard error too. */
  readonly output: string;
}

/** A virtual machine that runs. Disposing kills it. */
export class Guest implements AsyncDisposable {
  #orders = 0;

  private constructor(
    /** QEMU. */
    readonly process: LabProcess,
    readonly number: number,
  ) {}

  /**
   * Starts one and waits until it has its address.
   *
   * @param host Where QEMU runs.
   * @throws {LabError} If it does not come up; with what it printed.
   */
  static async start(host: LabHost, options: GuestOptions): Promise<Guest> {
    const [program, ...args] = [...options.before ?? [], ...qemu(options)];
    const process = host.spawn(program, args, { input: true });
    const guest = new Guest(process, options.number);
    try {
      await process.waitFor(/^guest: ready\r$/m, GUEST_PATIENCE_MS);
      return guest;
    } catch (error) {
      await guest[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Its address, unless it was given another. */
  get address(): string {
    return `192.0.2.${this.number}`;
  }

  /** What its console has printed so far. */
  get console(): string {
    return this.process.stdout.replaceAll("\r", "");
  }

  /**
   * Has it carry out a line of shell, one at a time.
   *
   * @throws {LabError} If that does not end in time, or the guest does.
   */
  async attempt(
    order: string,
    timeoutMs: number = GUEST_PATIENCE_MS,
  ): Promise<OrderResult> {
    const number = ++this.#orders;
    const seen = this.process.stdout.length;
    await this.process.write(new TextEncoder().encode(`${number} ${order}\n`));
    // What is printed without a line end stands in front of it.
    const ended = new RegExp(
      `guest: order ${number} ended with (\\d+)\r$`,
      "m",
    );
    const [text, code] = await this.process.waitFor(ended, timeoutMs);
    const { stdout } = this.process;
    const output = stdout.slice(seen, stdout.indexOf(text, seen));
    return { code: Number(code), output: output.replaceAll("\r", "") };
  }

  /**
   * Has it carry out a line of shell, which must succeed.
   *
   * @returns What it printed.
   * @throws {LabError} If its status is not 0.
   */
  async run(order: string, timeoutMs?: number): Promise<string> {
    const { code, output } = await this.attempt(order, timeoutMs);
    if (code === 0) return output;
    throw new LabError(
      `Cannot run "${order}" in guest ${this.number}: status ${code}\n${output}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.terminate("SIGKILL");
  }
}

/** QEMU's command line: program and arguments. */
function qemu(options: GuestOptions): string[] {
  const { image, number, sock, netdev = [], mtu } = options;
  const { address = `192.0.2.${number}/25` } = options;
  const mac = `02:00:00:00:00:${String(number).padStart(2, "0")}`;
  const network = ["vde", "id=n0", `sock=${sock}`, ...netdev];
  const card = ["virtio-net-pci", "netdev=n0", `mac=${mac}`, "romfile="];
  if (mtu !== undefined) card.push(`host_mtu=${mtu}`);
  return [
    QEMU,
    ...["-machine", "q35", "-accel", Deno.env.get("VDEPLUG_ACCEL") ?? "tcg"],
    ...["-m", String(MEMORY_MEGABYTES), "-nodefaults", "-no-user-config"],
    ...["-display", "none", "-no-reboot", "-serial", "stdio"],
    ...["-kernel", image.kernel, "-initrd", image.initrd],
    ...["-append", `${KERNEL_OPTIONS} address=${address}`],
    ...["-netdev", network.join(","), "-device", card.join(",")],
  ];
}
