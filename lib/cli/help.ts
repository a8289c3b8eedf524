/**
 * Help texts of the main command.
 *
 * @module
 */

import type { Plugin } from "../plug/plugin.ts";
import { describeSyntax } from "../plug/help.ts";
import type { Registry } from "../plug/registry.ts";

const USAGE =
  `vdeplug joins this host, virtual machines, containers and other hosts to one
virtual Ethernet.

Usage:
  vdeplug [OPTIONS] VNL VNL            join two networks
  vdeplug [OPTIONS] VNL                join one to standard input and output
  vdeplug [OPTIONS] VNL = COMMAND ...  join one to a command's input and output
  vdeplug COMMAND ...                  something else: see the commands below

A VNL (Virtual Network Locator) names a network, or one end of it. Without
SCHEME:// it is the folder of a VDE switch, or a file whose first line is a VNL;
'' is what ~/.vdeplug/default or ~/.vde2/default.switch says. The schemes:`;

const OPTIONS = `Options:
  -h, --help [SCHEME]   this text, or what a scheme's VNLs may say
      --version         the version
  -v, --verbose         say more about what happens
      --stats[=SECONDS] frames and bytes every SECONDS (default 1), and in the
                        end
      --json            counters as JSON, one object a line
  -D, --descr TEXT      who we are, for the other side's listings
  -d, --daemon          go on in the background once all is open
  -p, --pidfile FILE    write the process id to FILE
  -l, --log             write start and end to the system's log
  -L, --iplog           the same, and each IP address seen coming from the
                        stream or the second VNL
  -g, --group GROUP     who may join what the first VNL makes; -G, --group2 for
                        the second
  -m, --mod OCTAL       its permissions, as for chmod; -M, --mod2
      --port N          port of its switch; --port2
      --plugin FILE     a plugin of your own, a file or a URL; may be repeated

Commands, each with a --help of its own:
  ping                  ping a host on a network, without an interface
  switch                a switch for virtual machines and others of this host
  plugins               list and explain the schemes, begin a plugin of your own
  dpipe                 run commands with pipes between them, both ways
  vde_plug              join networks, with the options of that program
A link to this program that is named dpipe or vde_plug is that command.

Examples:
  sudo vdeplug vxvde:// tap://mytap
      put the interface mytap on the LAN's distributed switch
  vdeplug vxvde:// = ssh remote.host vdeplug tap://mytap
      the same with an interface of another host, over ssh
  vdeplug --stats vxvde://239.1.2.3 udp://5000->gate.example:5000
      carry another network of this LAN through a tunnel, and watch it
  vdeplug ping vxvde:// 192.0.2.1
      see whether a host is on the LAN's network, without any privilege

Exit status: 0 if it was told to end, or a side ended in good order; 1 if
something failed; 2 for wrong use; with a command, the command's own. Counters
and messages go to standard error.`;

const WIDTH_COLUMNS = 80;

/**
 * The help text.
 *
 * @param registry All its schemes are listed.
 * @param topics Schemes or VNLs to explain instead.
 * @throws {TypeError} If a topic is no scheme.
 */
export async function helpText(
  registry: Registry,
  topics: readonly string[],
): Promise<string> {
  if (topics.length > 0) {
    const schemes = topics.map((topic) => topic.split(":")[0]);
    const plugins = await Promise.all(
      schemes.map((scheme) => registry.plugin(scheme)),
    );
    return plugins.map(describeSyntax).join("\n\n");
  }
  const plugins = await registry.all();
  const width = Math.max(...plugins.map(({ scheme }) => scheme.length)) + 7;
  const entry = ({ scheme, summary }: Plugin) =>
    wrapBeside(`  ${scheme}://`.padEnd(width), summary);
  return [USAGE, ...plugins.flatMap(entry), "", OPTIONS].join("\n");
}

/** Lines of a text beside a title, which stands in the first of them. */
export function wrapBeside(title: string, text: string): string[] {
  const lines: string[] = [];
  let line = title;
  for (const word of text.split(" ")) {
    if (line.length + word.length > WIDTH_COLUMNS) {
      lines.push(line.trimEnd());
      line = " ".repeat(title.length);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
