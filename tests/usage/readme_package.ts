/**
 * The published package, found in this tree.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/**
 * Writes an import map that leads all names of the package to this tree.
 *
 * @param file Where it goes.
 */
export async function writePackageImports(file: string): Promise<void> {
  const { name, version, exports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const imports = Object.fromEntries(
    Object.entries<string>(exports).flatMap(([path, module]) => {
      const { href } = new URL(module, ROOT);
      const rest = path.slice(1);
      return [`${name}${rest}`, `jsr:${name}@^${version}${rest}`]
        .map((specifier) => [specifier, href]);
    }),
  );
  await Deno.writeTextFile(file, JSON.stringify({ imports }));
}
