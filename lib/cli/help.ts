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
  vdeplug ping VNL ADDRESS ...         ping a host on a network: see
                                       vdeplug ping --help

A VNL (Virtual Network Locator) names a network, or one end of it:`;

const OPTIONS = `Options:
  -h, --help [SCHEME]   this text, or what a scheme's VNLs may say
      --version         the version
  -v, --verbose         say more about what happens
      --stats[=SECONDS] frames and bytes every SECONDS (default 1), and in the
                        end
      --json            counters as JSON, one object a line
  -D, --descr TEXT      who we are, for the other side's listings

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
  const width = Math.max(...plugins.map(({ scheme }) => scheme.length)) + 5;
  const line = ({ scheme, summary }: Plugin) =>
    `  ${`${scheme}://`.padEnd(width)}${summary}`;
  return [USAGE, ...plugins.map(line), "", OPTIONS].join("\n");
}
