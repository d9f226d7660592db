// Markdown that quotes a repository nobody has vouched for: text comes out as text, and nothing can be clicked or loaded.
import MarkdownIt from "markdown-it";

const renderer = new MarkdownIt({ html: false, linkify: false });

// Without these rules, `![](…)`, `[](…)` and `<https:…>` stay the characters they are. The only links in an answer are
// the citations, and those are drawn from checked data, never from text.
renderer.disable(["image", "link", "autolink", "reference"]);

/** One sentence: no block, whatever it begins with. */
export function renderSentence(markdown: string): string {
  return renderer.renderInline(markdown);
}

/** Plain text in which code stands between backticks: names of files in it keep their underscores. */
export function renderCode(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

export function renderBlocks(markdown: string): string {
  return renderer.render(markdown);
}

export function escapeHtml(text: string): string {
  return renderer.utils.escapeHtml(text);
}
