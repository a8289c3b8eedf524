/** What the built-in plugins say of themselves. */

import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { describeSyntax } from "../../lib/plug/help.ts";
import { plugins } from "../../plugins/mod.ts";

for (const [scheme, load] of Object.entries(plugins)) {
  Deno.test(`the description of ${scheme} is a few paragraphs of sentences`, async () => {
    const { description = [] } = await load();
    const text = description.join(" ");
    const sentences = text.split(/[.?] /).length;
    assert(sentences >= 1 && sentences <= 12, `${sentences} sentences`);
    assert(description.length >= 1 && description.length <= 4);
    for (const paragraph of description) {
      assertMatch(paragraph, /^[A-Z][^\n]*[^.]\.$/);
      assertEquals(paragraph.includes("  "), false, paragraph);
    }
  });

  Deno.test(`the help of ${scheme} fits into 80 columns, with one bracket at a time`, async () => {
    const help = describeSyntax(await load());
    for (const line of help.split("\n")) {
      assertLess(line.length, 81, line);
      assertEquals(line, line.trimEnd());
    }
    const words = help.replaceAll(/\s+/g, " ");
    assertEquals(/\([^()]*\) \([^()]*\)/.exec(words), null);
  });

  Deno.test(`the plainest example of ${scheme} is not behind one with keys`, async () => {
    const { scheme: name, syntax: { form, examples = [] } } = await load();
    const start = form === "bracket" ? "[" : "/";
    const plain = examples.map(({ vnl }) =>
      !vnl.slice(`${name}://`.length).includes(start) || form === "raw"
    );
    const first = plain.indexOf(true);
    assert(first <= 0, examples.map(({ vnl }) => vnl).join(" "));
  });
}
