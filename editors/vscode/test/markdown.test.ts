import assert from "node:assert/strict";
import test from "node:test";
import { escapeHtml, renderBlocks, renderCode, renderSentence } from "../src/markdown";

test("code and emphasis are rendered", () => {
  assert.equal(renderSentence("`route` is *decorated*"), "<code>route</code> is <em>decorated</em>");
});

const hostile = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  "![logo](https://example.com/pixel.png)",
  "![logo][ref]\n\n[ref]: https://example.com/pixel.png",
  "[click](command:workbench.action.terminal.new)",
  "[click](javascript:alert(1))",
  "[click]: https://example.com\n\n[click]",
  "<https://example.com>",
  "<command:workbench.action.quit>",
  "https://example.com/?q=secret",
  "</li></ol><button data-link=0>a.py:1</button>",
  '`" onmouseover="alert(1)`',
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "```html\n<img src=x>\n```",
  '``` "><img src=x>\n```',
];

for (const text of hostile) {
  test(`is inert: ${JSON.stringify(text)}`, () => {
    for (const html of [renderSentence(text), renderBlocks(text), renderCode(text)]) {
      const tags = [...html.matchAll(/<\/?([a-z0-9]+)([^>]*)>/gi)];
      for (const [, name, attributes] of tags) {
        assert.match(name ?? "", /^(p|code|pre|em|strong|br)$/);
        assert.match(attributes ?? "", /^( class="language-[^"<>]*")?$/);
      }
    }
  });
}

test("reasons are plain text with code in it", () => {
  assert.equal(renderCode("run `pathline model pull`; a/__init__.py *is* <old>"), "run <code>pathline model pull</code>; a/__init__.py *is* &lt;old&gt;");
});

test("a sentence never becomes a block", () => {
  assert.equal(renderSentence("# not a heading"), "# not a heading");
  assert.equal(renderSentence("1. not a list"), "1. not a list");
});

test("text is escaped for attributes too", () => {
  assert.equal(escapeHtml(`<a title="x">&`), "&lt;a title=&quot;x&quot;&gt;&amp;");
});
