/**
 * Sections of the manual that several commands have.
 *
 * @module
 */

import type { Section } from "../page.ts";

/** What ends every command. */
const END_ROWS: Section["rows"] = [
  [
    "SIGINT, SIGTERM, SIGHUP",
    "End in good order: what was made is taken away, and peers are told. A " +
    "second one ends at once, with status 130; so it ends if good order takes " +
    "over ten seconds.",
  ],
];

/** Signals of commands that join networks. */
export const CABLE_SIGNALS: Section = {
  title: "Signals",
  rows: [
    [
      "SIGUSR1",
      "Show frames, bytes and drops on standard error, and for a switch its " +
      "ports and the stations behind them.",
    ],
    ...END_ROWS,
  ],
};

/** A variable that lists the folders of the user's plugins. */
const PLUGIN_PATH_ROW = [
  "VDEPLUG_PLUGIN_PATH",
  "Folders of plugins of your own, with colons between them; none other is " +
  "looked in. Without it: vdeplug/plugins in $XDG_CONFIG_HOME, or in " +
  "~/.config.",
] as const;

const NATIVE_PATH_ROW = [
  "VDEPLUGIN_PATH",
  "The one folder of plugins of the C library. Without it: the folder vdeplug " +
  "beside libvdeplug.so.2, in each of $LD_LIBRARY_PATH, in /lib, in /usr/lib " +
  "and in the machine's library folder below that; then wherever ld.so(8) " +
  "looks.",
] as const;

/** Variables that decide where plugins are. */
export const PLUGIN_ENVIRONMENT: Section = {
  title: "Environment",
  rows: [PLUGIN_PATH_ROW, NATIVE_PATH_ROW],
};

/** Variables that commands look at which join networks. */
export const ENVIRONMENT: Section = {
  title: "Environment",
  rows: [
    PLUGIN_PATH_ROW,
    NATIVE_PATH_ROW,
    ["HOME", "Where ~ is in the names of files below."],
    [
      "SSH_CLIENT",
      "Set by sshd(8): the address that the user came from is in the " +
      "description for the other side's listings, and in the system's log.",
    ],
  ],
};

const PLUGIN_FILE_ROWS: readonly (readonly [string, string])[] = [
  [
    "~/.config/vdeplug/plugins/vdeplug_SCHEME.ts, vdeplug_SCHEME.js",
    "A plugin of your own.",
  ],
  ["libvdeplug_SCHEME.so", "A plugin of the C library."],
];

/** Where plugins are. */
export const PLUGIN_FILES: Section = { title: "Files", rows: PLUGIN_FILE_ROWS };

/** Files that commands look at which join networks. */
export const FILES: Section = {
  title: "Files",
  rows: [
    [
      "~/.vdeplug/default, ~/.vde2/default.switch",
      "Their first line is the VNL that '' stands for.",
    ],
    [
      "/var/run/vde.ctl, /tmp/vde.ctl",
      "The switch of this host, for vde:// without a folder.",
    ],
    ...PLUGIN_FILE_ROWS,
  ],
};
