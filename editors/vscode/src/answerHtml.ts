// An answer as HTML. Everything that comes from the workspace passes `escapeHtml` or the Markdown renderer.
import { claimsOf, labelsOf, linksOf, type AnswerState, type Link } from "./answerState";
import { escapeHtml, renderBlocks, renderCode, renderSentence } from "./markdown";
import type { Answer, Claim } from "./protocol";

/** The page around the answer. Its policy allows our own style sheet and script and nothing else, from nowhere else. */
export function renderPage(styleUri: string, scriptUri: string, cspSource: string, nonce: string): string {
  const policy = `default-src 'none'; style-src ${cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="${styleUri}">
<title>Pathline</title>
</head>
<body>
<main id="answer"></main>
<script nonce="${nonce}" src="${scriptUri}"></script>
</body>
</html>`;
}

/** What goes into `<main>`. A button with `data-link` opens that entry of `linksOf(state)`. */
export function renderState(state: AnswerState): string {
  const links = linksOf(state);
  const labels = labelsOf(links).map(renderLabel);
  return [
    `<h1>${renderSentence(state.question)}</h1>`,
    renderStatus(state),
    isNotFound(state) ? renderNotFound(state.answer, links, labels) : renderClaims(claimsOf(state), labels),
    state.phase === "done" && state.answer.found ? FOLLOW : "",
    state.phase === "done" ? renderFooter(state.answer) : "",
  ].join("\n");
}

const AGAIN = `<button class="action" data-action="again">Ask Again</button>`;
const FOLLOW = `<p class="status"><button class="action" data-action="follow">Ask a Follow-up</button></p>`;

type NotFound = AnswerState & { phase: "done" };

function isNotFound(state: AnswerState): state is NotFound {
  return state.phase === "done" && !state.answer.found;
}

function renderStatus(state: AnswerState): string {
  switch (state.phase) {
    case "asking":
      return `<p class="status busy" role="status"><span>${escapeHtml(state.stage || "Searching the workspace")}…</span>
<button class="action" data-action="cancel">Cancel</button></p>`;
    case "cancelled":
      return `<p class="status" role="status"><span>Cancelled.${state.claims.length > 0 ? " What had arrived:" : ""}</span>
${AGAIN}</p>`;
    case "failed":
      return `<p class="status" role="alert"><span class="error">${renderCode(state.message)}</span>
${AGAIN}</p>`;
    case "done":
      if (state.answer.complete) {
        return state.answer.found ? renderNote(state.answer) : "";
      }
      return `<p class="status" role="status"><span>${renderCode(withStop(["Incomplete", state.answer.reason].filter(Boolean).join(": ")))}</span>
${AGAIN}</p>`;
  }
}

/** What there is to know about an answer that is whole. */
function renderNote({ complete, reason }: Answer): string {
  return complete && reason ? `<p class="note">Note: ${renderCode(withStop(reason))}</p>` : "";
}

function renderNotFound(answer: Answer, nearest: readonly Link[], labels: readonly string[]): string {
  const items = nearest.map(
    (link, index) => `<li><code>${escapeHtml(link.text)}</code> ${renderLink(index, labels)}</li>`,
  );
  const list = `<p>The closest places, none of which answers the question:</p>\n<ul>${items.join("")}</ul>`;
  const text = renderBlocks(answer.text || "Not found in this workspace.");
  return `<div class="not-found">${text}${renderNote(answer)}${items.length > 0 ? list : ""}</div>`;
}

function renderClaims(claims: readonly Claim[], labels: readonly string[]): string {
  let next = 0;
  const sentences = claims.map((claim) => {
    const links = claim.citations.map(() => renderLink(next++, labels)).join(" ");
    return `<li class="${claim.kind === "phrased" ? "phrased" : "composed"}">${renderSteps(claim, `<span class="citations">${links}</span>`)}</li>`;
  });
  return sentences.length > 0 ? `<ol class="claims" aria-live="polite">${sentences.join("\n")}</ol>` : "";
}

/** A sentence with its citations; what it lists stands below it, each step in a line of its own. */
function renderSteps({ text, lead = text, steps = [] }: Claim, citations: string): string {
  const items = steps.map((step) => `<li>${renderSentence(step)}</li>`).join("");
  return `${renderSentence(lead)} ${citations}${items ? `<ul class="steps">${items}</ul>` : ""}`;
}

function renderLink(index: number, labels: readonly string[]): string {
  return `<button class="citation" data-link="${index}">${labels[index] ?? ""}</button>`;
}

/** A label in which a line may break after a slash, and nowhere else. */
function renderLabel(label: string): string {
  return escapeHtml(label).replaceAll("/", "/<wbr>");
}

function renderFooter({ dropped, claims, provenance: { commit, dirty, model, adapter } }: Answer): string {
  const notes = renderDropped(dropped);
  if (claims.some(({ kind }) => kind === "phrased")) {
    notes.push("Sentences with a bar beside them were written by the model.");
  }
  const origin = [
    commit ? `commit ${commit.slice(0, 10)}${dirty ? ", with changes" : ""}` : "",
    model ? `model ${model}` : "no model",
    adapter ? `adapter ${adapter}` : "",
  ];
  notes.push(escapeHtml(origin.filter(Boolean).join(" · ")));
  return `<footer>${notes.map((note) => `<p>${note}</p>`).join("")}</footer>`;
}

/** Why sentences were left out, each reason once. What they say is not shown: nothing vouches for it. */
function renderDropped(dropped: Answer["dropped"]): string[] {
  const reasons = dropped.map(({ reason }) => reason);
  return [...new Set(reasons)].map((reason) => {
    const count = reasons.filter((other) => other === reason).length;
    return renderCode(withStop(`${count === 1 ? "1 sentence was" : `${count} sentences were`} left out: ${reason}`));
  });
}

function withStop(sentence: string): string {
  return sentence.endsWith(".") ? sentence : `${sentence}.`;
}
