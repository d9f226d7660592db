// One question: sent, streamed into the view, cancelled on request.
import * as vscode from "vscode";
import { ErrorCodes, ProgressType, ResponseError, WorkDoneProgress, type LanguageClient } from "vscode-languageclient/node";
import { randomUUID } from "node:crypto";
import { asking, claimsOf, type AnswerState } from "./answerState";
import type { AnswerView } from "./answerView";
import type { PathlineServer } from "./client";
import { promptForFollowUp } from "./prompts";
import { ASK_METHOD, REQUEST_CANCELLED, type Answer, type AskParams, type PartialAnswer } from "./protocol";

const partialAnswer = new ProgressType<PartialAnswer>();

export class Asker implements vscode.Disposable {
  private current: vscode.CancellationTokenSource | undefined;
  private latest: AskParams | undefined;
  /** Whether the server has answered `latest`, and so counts it to the conversation. */
  private answered = false;
  private count = 0;

  constructor(
    private readonly server: PathlineServer,
    private readonly view: AnswerView,
  ) {
    view.onAction(async (action) => {
      if (action === "cancel") {
        this.cancel();
      } else if (action === "follow") {
        await this.askFollowUp();
      } else {
        await this.askAgain();
      }
    });
  }

  /** Asks and shows. A question that is still being answered is cancelled: there is one answer at a time. */
  async ask(asked: AskParams): Promise<Answer | undefined> {
    const client = await this.server.running();
    if (!client) {
      return undefined;
    }
    this.cancel();
    // Each question begins a conversation, unless it goes on with one.
    const params = { conversation: randomUUID(), ...asked };
    const { again = false, ...latest } = params;
    this.latest = latest;
    this.answered = again;
    const cancellation = new vscode.CancellationTokenSource();
    this.setCurrent(cancellation);
    this.view.begin(asking(params.question));
    const show = (state: AnswerState) => {
      if (this.current === cancellation) {
        this.view.update(state);
      }
    };
    try {
      return await vscode.window.withProgress(
        // In the status bar: most answers are there before a notification could be read. Cancel is in the view.
        { location: vscode.ProgressLocation.Window, title: "Pathline" },
        (progress) => this.request(client, params, show, cancellation.token, progress),
      );
    } finally {
      if (this.current === cancellation) {
        this.setCurrent(undefined);
      }
      cancellation.dispose();
    }
  }

  /** For an answer that was incomplete, because the index was. */
  async askAgain(): Promise<Answer | undefined> {
    return this.latest && this.ask({ ...this.latest, ...(this.answered && { again: true }) });
  }

  /** Prompts for a question that leans on the last answer. */
  async askFollowUp(): Promise<Answer | undefined> {
    const conversation = this.latest?.conversation;
    if (conversation === undefined) {
      void vscode.window.showInformationMessage("Pathline: there is no answer to go on from. Ask a question first.");
      return undefined;
    }
    // Of the document no more than the folder is meant, in which the conversation is.
    const { textDocument } = this.latest ?? {};
    const question = await promptForFollowUp();
    return question === undefined ? undefined : this.ask({ question, conversation, ...(textDocument && { textDocument }) });
  }

  /** Stops the answer that is on its way, in the server too. */
  cancel(): void {
    this.current?.cancel();
  }

  dispose(): void {
    this.cancel();
  }

  private setCurrent(cancellation: vscode.CancellationTokenSource | undefined): void {
    this.current = cancellation;
    void vscode.commands.executeCommand("setContext", "pathline.asking", cancellation !== undefined);
  }

  private async request(
    client: LanguageClient,
    params: AskParams,
    show: (state: AnswerState) => void,
    token: vscode.CancellationToken,
    progress: vscode.Progress<{ message?: string }>,
  ): Promise<Answer | undefined> {
    const { question } = params;
    let state = asking(question);
    const update = (next: AnswerState) => {
      state = next;
      show(state);
    };
    const id = `pathline-ask-${++this.count}`;
    const partialResultToken = `${id}-partial`;
    const workDoneToken = `${id}-work`;
    const stage = (text = "") => {
      progress.report({ message: text || "answering" });
      if (state.phase === "asking") {
        update({ ...state, stage: text });
      }
    };
    const listeners = [
      client.onProgress(partialAnswer, partialResultToken, ({ claims }) => {
        if (state.phase === "asking") {
          update({ ...state, claims: [...state.claims, ...claims] });
        }
      }),
      client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
        if (value.kind !== "end") {
          stage(value.message);
        }
      }),
    ];
    stage();
    try {
      const answer = await client.sendRequest<Answer>(ASK_METHOD, { ...params, partialResultToken, workDoneToken }, token);
      if (this.latest?.conversation === params.conversation && this.latest?.question === question) {
        this.answered = true;
      }
      update({ phase: "done", question, answer });
      return answer;
    } catch (error) {
      const claims = claimsOf(state);
      if (token.isCancellationRequested || (error instanceof ResponseError && error.code === REQUEST_CANCELLED)) {
        update({ phase: "cancelled", question, claims });
      } else {
        update({ phase: "failed", question, claims, message: `No answer: ${reasonOf(error)}` });
      }
      return undefined;
    } finally {
      listeners.forEach((listener) => {
        listener.dispose();
      });
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected) {
    return "the server stopped before it had answered.";
  }
  return error instanceof Error ? error.message : String(error);
}
