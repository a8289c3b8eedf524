/**
 * Checks what comes out of a plugin module. Its author may have written it in
 * JavaScript, so that nothing is known of its types.
 *
 * @module
 */

import type { Plugin, PluginTable } from "./plugin.ts";
import { SCHEME_PATTERN, type TextKind } from "./vnl.ts";

/** What {@linkcode SCHEME_PATTERN} says, for error texts. */
export const SCHEME_RULE =
  'lower-case letters, digits, "_" and "-", a letter or a digit first';

const FORMS = ["slash", "bracket", "raw"];
const TEXT_KINDS: Readonly<Record<TextKind, true>> = {
  interface: true,
  tap: true,
  macvtap: true,
  switch: true,
  file: true,
  folder: true,
  group: true,
};
const NO_TEXT_KIND = `which is none of ${Object.keys(TEXT_KINDS).join(", ")}`;

/**
 * What is wrong with a value as a module's `plugins`.
 *
 * @returns A phrase for an error text; undefined if it is a proper table.
 */
export function findTableFault(value: unknown): string | undefined {
  if (value === undefined) return 'found no export "plugins"';
  if (!isRecord(value)) return `found plugins of type ${typeName(value)}`;
  for (const [scheme, loader] of Object.entries(value)) {
    if (!SCHEME_PATTERN.test(scheme)) {
      return `found the scheme "${scheme}", which is not ${SCHEME_RULE}`;
    }
    if (typeof loader !== "function") {
      return `found ${
        typeName(loader)
      }, not a function, for scheme "${scheme}"`;
    }
  }
  return undefined;
}

/** Whether a value is a module's `plugins`. */
export function isPluginTable(value: unknown): value is PluginTable {
  return findTableFault(value) === undefined;
}

/**
 * What is wrong with a value as the plugin of a scheme.
 *
 * @returns A phrase for an error text; undefined if it is a proper plugin.
 */
export function findPluginFault(
  value: unknown,
  scheme: string,
): string | undefined {
  if (!isRecord(value)) return `found ${typeName(value)}`;
  if (value.scheme !== scheme) return `found the scheme "${value.scheme}"`;
  if (typeof value.summary !== "string") return "found no summary";
  if (typeof value.open !== "function") return "found no function open";
  if (!isDescription(value.description)) {
    return "found a description that is no array of texts";
  }
  return findSyntaxFault(value.syntax);
}

/** Whether a value is the plugin of a scheme. */
export function isPlugin(value: unknown, scheme: string): value is Plugin {
  return findPluginFault(value, scheme) === undefined;
}

/**
 * What is wrong with a value as a plug.
 *
 * @returns A phrase for an error text; undefined if it is a proper plug.
 */
export function findPlugFault(value: unknown): string | undefined {
  if (!isRecord(value)) return `found ${typeName(value)}`;
  for (const name of ["receive", "send", Symbol.dispose] as const) {
    if (typeof Reflect.get(value, name) === "function") continue;
    return `found no function ${
      String(name).replace(/^Symbol\((.*)\)$/, "[$1]")
    }`;
  }
  for (const name of ["fd", "maxFrameBytes", "accepts"]) {
    if (!Number.isInteger(value[name])) return `found no number ${name}`;
  }
  for (const name of ["writeFd", "controlFd"]) {
    if (value[name] !== undefined && !Number.isInteger(value[name])) {
      return `found ${name} of type ${typeName(value[name])}`;
    }
  }
  return undefined;
}

function findSyntaxFault(syntax: unknown): string | undefined {
  if (!isRecord(syntax)) return "found no syntax";
  if (!FORMS.includes(String(syntax.form))) {
    return `found the syntax form "${syntax.form}", which is none of ${
      FORMS.join(", ")
    }`;
  }
  if (!isTextKind(syntax.addressCompletes)) {
    return `found that the address completes "${syntax.addressCompletes}", ${NO_TEXT_KIND}`;
  }
  if (!Array.isArray(syntax.keys)) return "found no array of keys";
  const names = new Set<unknown>();
  for (const key of syntax.keys) {
    const fault = findKeyFault(key);
    if (fault !== undefined) return fault;
    if (names.has(key.name)) return `found the key "${key.name}" twice`;
    names.add(key.name);
  }
  if (syntax.unnamedKey !== undefined && !names.has(syntax.unnamedKey)) {
    return `found no key "${syntax.unnamedKey}", which unnamedKey names`;
  }
  return undefined;
}

function findKeyFault(key: unknown): string | undefined {
  if (!isRecord(key) || typeof key.name !== "string" || key.name === "") {
    return "found a key without a name";
  }
  const { name, type } = key;
  if (typeof key.summary !== "string") {
    return `found no summary of key "${name}"`;
  }
  if (!isTextKind(key.completes)) {
    return `found that the key "${name}" completes "${key.completes}", ${NO_TEXT_KIND}`;
  }
  if (type === "flag" || type === "text") return undefined;
  if (type !== "integer" && type !== "octal" && type !== "size") {
    return `found the type "${type}" of key "${name}"`;
  }
  const { min, max } = key;
  if (typeof min !== "number" || typeof max !== "number" || !(min <= max)) {
    return `found no range, min to max, of key "${name}"`;
  }
  if (key.default === undefined) return undefined;
  const standard = key.default;
  if (typeof standard !== "number" || standard < min || standard > max) {
    return `found a default of key "${name}" out of its range`;
  }
  return undefined;
}

/** Whether a value is a list of paragraphs; there need not be any. */
function isDescription(value: unknown): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) &&
    value.every((text) => typeof text === "string" && text.trim() !== "");
}

/** Whether a shell knows what to offer, or is to offer nothing. */
function isTextKind(value: unknown): boolean {
  return value === undefined || Object.hasOwn(TEXT_KINDS, String(value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  return value === null ? "null" : typeof value;
}
