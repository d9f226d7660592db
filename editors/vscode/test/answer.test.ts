import assert from "node:assert/strict";
import test from "node:test";
import { renderPage, renderState } from "../src/answerHtml";
import { asking, labelsOf, linksOf, type AnswerState } from "../src/answerState";
import { answer, citation, claim } from "./fixtures";

function done(parts: Parameters<typeof answer>[0]): AnswerState {
  return { phase: "done", question: "How?", answer: answer(parts) };
}

test("each citation is a numbered button, in the order of the links", () => {
  const state = done({
    claims: [claim("One.", citation("a.py", 3), citation("pkg/b.py", 4, 9)), claim("Two.", citation("a.py", 1))],
  });
  assert.deepEqual(labelsOf(linksOf(state)), ["a.py:3", "pkg/b.py:4-9", "a.py:1"]);
  const buttons = [...renderState(state).matchAll(/data-link="(\d+)">(.*?)<\/button>/g)];
  assert.deepEqual(
    buttons.map(([, number, label]) => [number, label]),
    [["0", "a.py:3"], ["1", "pkg/<wbr>b.py:4-9"], ["2", "a.py:1"]],
  );
});

test("roots are named where an answer spans several", () => {
  const state = done({ claims: [claim("One.", citation("a.py", 3), citation("a.py", 3, 3, "lib"))] });
  assert.deepEqual(labelsOf(linksOf(state)), ["app/a.py:3", "lib/a.py:3"]);
});

test("text of the workspace cannot become markup", () => {
  const evil = `<img src=x onerror=alert(1)>`;
  const states: AnswerState[] = [
    { ...asking(evil), phase: "asking", claims: [claim(evil, citation(evil, 1))], stage: evil },
    { phase: "failed", question: evil, claims: [], message: evil },
    done({ claims: [claim(evil, citation(evil, 1))], complete: false, reason: evil, dropped: [{ text: evil, reason: evil }] }),
    done({ found: false, text: evil }),
    done({ found: false, evidence: [{ ...citation(evil, 1), symbol: evil }] }),
    done({ provenance: { commit: evil, dirty: true, model: evil, adapter: evil } }),
  ];
  for (const state of states) {
    assert.doesNotMatch(renderState(state), /<img/);
  }
});

test("an answer that was not found says so and offers the closest places", () => {
  const state = done({ found: false, text: "Not found in this workspace.", evidence: [{ ...citation("a.py", 3), symbol: "Route" }] });
  const html = renderState(state);
  assert.match(html, /Not found in this workspace/);
  assert.match(html, /<code>Route<\/code> <button[^>]*data-link="0">a\.py:3</);
  assert.equal(linksOf(state)[0]?.sha256, "");
  assert.match(renderState(done({ found: false })), /Not found in this workspace/);
});

test("of sentences that were left out the reasons are shown, each once, and not what they say", () => {
  const dropped = ["the cited lines do not import `os`", "the lines were edited; ask again.", "the lines were edited; ask again."];
  const html = renderState(
    done({ claims: [claim("One.", citation("a.py", 3))], dropped: dropped.map((reason, index) => ({ text: `Secret ${index}.`, reason })) }),
  );
  assert.match(html, /<p>1 sentence was left out: the cited lines do not import <code>os<\/code>\.<\/p>/);
  assert.match(html, /<p>2 sentences were left out: the lines were edited; ask again\.<\/p>/);
  assert.doesNotMatch(html, /Secret/);
});

test("a whole answer tells what there is to know about it", () => {
  assert.match(renderState(done({ reason: "not found: <x>" })), /Note: not found: &lt;x&gt;\./);
  assert.doesNotMatch(renderState(done({})), /Note/);
});

test("what was not found may be where nobody looked", () => {
  const html = renderState(done({ found: false, text: "Not found in this workspace.", reason: "only Python is indexed" }));
  assert.match(html, /Not found in this workspace\.<\/p>\s*<p class="note">Note: only Python is indexed\.<\/p>/);
  const incomplete = renderState(done({ found: false, complete: false, reason: "only Python is indexed" }));
  assert.equal(incomplete.split("only Python").length, 2);
});

test("an incomplete answer gives its reason and can be asked for again", () => {
  const html = renderState(done({ complete: false, reason: "12 of 90 files are indexed" }));
  assert.match(html, /Incomplete: 12 of 90 files are indexed\./);
  assert.match(html, /data-action="again"/);
  assert.match(renderState(done({ complete: false, reason: "a folder cannot be read. Mend it." })), /Incomplete: a folder cannot be read\. Mend it\.</);
  assert.match(renderState(done({ complete: false, reason: "" })), /Incomplete\.</);
  assert.doesNotMatch(renderState(done({})), /Incomplete|data-action="again"/);
});

test("what had arrived stays when the question is cancelled", () => {
  const html = renderState({ phase: "cancelled", question: "How?", claims: [claim("One.", citation("a.py", 3))] });
  assert.match(html, /Cancelled/);
  assert.match(html, /One\./);
});

test("a question without an answer can be asked again", () => {
  assert.match(renderState({ phase: "cancelled", question: "How?", claims: [] }), /data-action="again"/);
  assert.match(renderState({ phase: "failed", question: "How?", claims: [], message: "No answer." }), /data-action="again"/);
  assert.doesNotMatch(renderState(asking("How?")), /data-action="again"/);
});

test("only a question on its way can be cancelled", () => {
  assert.match(renderState(asking("How?")), /data-action="cancel"/);
  assert.doesNotMatch(renderState(done({})), /data-action="cancel"/);
});

test("only an answer that was found can be followed up", () => {
  assert.match(renderState(done({})), /data-action="follow"/);
  assert.doesNotMatch(renderState(done({ found: false })), /data-action="follow"/);
  assert.doesNotMatch(renderState(asking("How?")), /data-action="follow"/);
});

test("the page allows our own style and script, and nothing from anywhere", () => {
  const html = renderPage("vscode://style", "vscode://script", "vscode:", "NONCE");
  const policy = /content="([^"]*)"/.exec(html.slice(html.indexOf("Content-Security-Policy")))?.[1];
  assert.equal(policy, "default-src 'none'; style-src vscode:; script-src 'nonce-NONCE'");
  assert.doesNotMatch(html, /unsafe-|https?:/);
});

test("each step of a function stands in a line of its own", () => {
  const listing = { lead: "In `f`, in the order written:", steps: ['(1) `a = g("1; (3) ")`', "(2) when `a`: `return a`"] };
  const text = `${listing.lead} ${listing.steps.join("; ")}`;
  const html = renderState(
    done({ claims: [{ ...claim(text, citation("a.py", 3)), ...listing }, claim("A list: (1) `b`; (2) `c`.", citation("a.py", 5))] }),
  );
  assert.match(html, /in the order written: <span class="citations">.*<ul class="steps"><li>\(1\) <code>a = g\(.*\)<\/code><\/li><li>\(2\) when/s);
  assert.equal(html.split("<ul").length, 2);
});

test("what a server sends without steps is shown whole", () => {
  const text = "In `f`, in the order written: (1) `a`; (2) `b`";
  const html = renderState(done({ claims: [claim(text, citation("a.py", 3))] }));
  assert.match(html, /in the order written: \(1\) <code>a<\/code>; \(2\) <code>b<\/code> <span class="citations">/);
  assert.doesNotMatch(html, /<ul/);
});
