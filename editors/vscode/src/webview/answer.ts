// Runs inside the answer view: shows the HTML it is sent and reports which citation was chosen.
import { ACTIONS, type FromView, type ToView } from "../answerMessages";
import { morphChildren } from "./morph";

declare function acquireVsCodeApi(): { postMessage(message: FromView): void };

const host = acquireVsCodeApi();
const answer = document.getElementById("answer");

window.addEventListener("message", ({ data }: MessageEvent<ToView>) => {
  if (!answer) {
    return;
  }
  // Sentences arrive one after the other: whoever reads, selects, or stands on a citation stays there.
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["link"] : undefined;
  const wanted = document.createElement("template");
  wanted.innerHTML = data.html;
  morphChildren(answer, wanted.content);
  answer.dataset["turn"] = String(data.turn);
  if (focused !== undefined && document.activeElement === document.body) {
    answer.querySelector<HTMLElement>(`[data-link="${CSS.escape(focused)}"]`)?.focus();
  }
});

document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest("button") : null;
  const turn = Number(answer?.dataset["turn"]);
  const action = ACTIONS.find((name) => name === button?.dataset["action"]);
  if (button?.dataset["link"] !== undefined) {
    host.postMessage({ type: "open", turn, link: Number(button.dataset["link"]) });
  } else if (action) {
    host.postMessage({ type: action, turn });
  }
});

// The view is built anew each time it comes back into sight; only now can it receive anything.
host.postMessage({ type: "ready" });
