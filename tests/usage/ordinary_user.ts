/**
 * An ordinary user: whoever runs the tests, or, when that is root, `nobody`.
 *
 * @module
 */

import {
  type Availability,
  LabError,
  peerAvailable,
  spawn,
  vdeplug,
} from "../lab/mod.ts";
import { prepared } from "../interop/nodes.ts";

/** `nobody` and its group, as Debian and most others number them. */
const NOBODY = 65534;
const ROOT_FOLDER = new URL("../../", import.meta.url).pathname;

/** Copies from Deno's own folder the one package that our program needs, whatever the registry's name. */
const COPY_PACKAGE =
  'cd "$1" && find npm -name deno-std -prune -exec cp -r --parents {} "$2" ";"';

/** An ordinary user with a folder of their own, made in another folder and removed with it. */
export class OrdinaryUser {
  private constructor(
    readonly uid: number,
    /** The user's home, which holds nothing but what our program needs. */
    readonly home: string,
    /** Words in front of a command line, which make it the user's; none where that is so anyway. */
    readonly before: string[],
    /** Options of a switch that the user may join, besides its owner. */
    readonly switchOptions: string[],
  ) {}

  /**
   * Makes one.
   *
   * @param folder Anybody may look into it.
   */
  static async make(folder: string): Promise<OrdinaryUser> {
    const home = `${folder}/home`;
    await Deno.mkdir(home);
    const uid = Deno.uid() ?? NOBODY;
    if (uid !== 0) return new OrdinaryUser(uid, home, [], []);
    await execute("chown", `${NOBODY}:${NOBODY}`, home);
    const group = ["--mod", "660", "--group", String(NOBODY)];
    return new OrdinaryUser(NOBODY, home, asNobody(home), group);
  }

  /**
   * The command line that runs our program as this user, who need not be able
   * to look into the folders of whoever runs the tests.
   */
  async vdeplug(...args: string[]): Promise<[string, ...string[]]> {
    const [program, ...rest] = vdeplug(...args);
    const [first, ...others] = this.before;
    if (first === undefined) return [program, ...rest];
    if (program !== Deno.execPath()) {
      return [first, ...others, program, ...rest];
    }
    const deno = `${this.home}/deno`;
    await Deno.copyFile(program, deno);
    await Deno.chmod(deno, 0o755);
    const packages = `${this.home}/packages`;
    await Deno.mkdir(packages);
    await prepared();
    const folders = [await denoFolder(), packages];
    await execute("sh", "-c", COPY_PACKAGE, "sh", ...folders);
    await execute("chown", "-R", `${NOBODY}:${NOBODY}`, this.home);
    const environment = ["env", `DENO_DIR=${packages}`];
    return [first, ...others, ...environment, deno, ...rest];
  }
}

/** Whether there can be an {@linkcode OrdinaryUser} here. */
export async function canBeOrdinary(): Promise<Availability> {
  return Deno.uid() === 0 ? await peerAvailable("setpriv") : { ok: true };
}

/** Whether an {@linkcode OrdinaryUser} can run our program. */
export async function canRunAsOrdinary(): Promise<Availability> {
  const possible = await canBeOrdinary();
  if (Deno.uid() !== 0 || !possible.ok) return possible;
  const [program] = vdeplug();
  const test = program === Deno.execPath()
    ? ["-r", `${ROOT_FOLDER}cli.ts`]
    : ["-x", program];
  await using process = spawn([...asNobody("/"), "test", ...test]);
  const { success } = await process.exited;
  return success
    ? { ok: true }
    : { ok: false, reason: `nobody else may use "${test[1]}"` };
}

function asNobody(home: string): string[] {
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  return ["setpriv", ...ids, "--", "env", `HOME=${home}`];
}

/** Where Deno keeps what it has fetched. */
async function denoFolder(): Promise<string> {
  return JSON.parse(await execute(Deno.execPath(), "info", "--json")).denoDir;
}

async function execute(...command: string[]): Promise<string> {
  await using process = spawn(command);
  const { success } = await process.exited;
  if (success) return process.stdout;
  throw new LabError(`Cannot run "${process.title}": ${process.report()}`);
}
