// The panel beside the editor: one answer at a time, redrawn as it grows.
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { renderPage, renderState } from "./answerHtml";
import type { Action, FromView, ToView } from "./answerMessages";
import { labelsOf, linksOf, type AnswerState, type Link } from "./answerState";
import { openLink } from "./openLink";
import { PlaceMoves } from "./placeMoves";

export class AnswerView implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private state: AnswerState | undefined;
  private turn = 0;
  private readonly moves = new PlaceMoves();
  private readonly action = new vscode.EventEmitter<Action>();

  /** A button beside the status was pressed; closing the panel counts as Cancel. */
  readonly onAction = this.action.event;

  constructor(private readonly extensionUri: vscode.Uri) {}

  /** Shows a new question, and brings the panel into sight. */
  begin(state: AnswerState): void {
    if (this.panel) {
      this.panel.reveal(undefined, true);
    } else {
      this.panel = this.createPanel();
    }
    this.update(state);
  }

  /** Shows what has become of the question. A panel that was closed stays closed. */
  update(state: AnswerState): void {
    if (this.panel) {
      this.state = state;
      this.moves.follow(linksOf(state).map(({ place }) => place));
      this.turn++;
      this.draw();
    }
  }

  /** Takes the citations away, and the answer with them. */
  clear(): void {
    this.state = undefined;
    this.panel?.dispose();
  }

  /** A list of the citations, for the keyboard: moving through it previews each place. */
  async pickCitation(): Promise<void> {
    const links = this.state ? linksOf(this.state) : [];
    if (links.length === 0) {
      void vscode.window.showInformationMessage("Pathline: there are no citations to show. Ask a question first.");
      return;
    }
    const labels = labelsOf(links);
    const column = this.editorColumn();
    const before = vscode.window.visibleTextEditors.find(({ viewColumn }) => viewColumn === column);
    const selection = before?.selection;
    // The list shows plain text: of Markdown, only the quotes around code are common in a sentence.
    const items = links.map((link, index) => ({ label: labels[index] ?? "", detail: link.text.replaceAll("`", ""), link }));
    let preview: Promise<void> | undefined;
    const picked = await vscode.window.showQuickPick(items, {
      title: "Pathline: Citations",
      placeHolder: "Open cited lines",
      matchOnDetail: true,
      onDidSelectItem: (highlighted) => {
        const item = items.find((candidate) => candidate === highlighted);
        preview = item && this.open(item.link, column, true);
        return preview;
      },
    });
    await preview; // else it could come after what follows
    if (picked) {
      await this.open(picked.link, column);
    } else if (before && selection) {
      // Who only looked is back where they were. The focus goes back by itself, and may be in the next list already.
      const editor = await vscode.window.showTextDocument(before.document, { viewColumn: column, preserveFocus: true });
      editor.selection = selection;
      editor.revealRange(selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
  }

  dispose(): void {
    this.panel?.dispose();
    this.action.dispose();
    this.moves.dispose();
  }

  private createPanel(): vscode.WebviewPanel {
    const { ViewColumn, window } = vscode;
    const column = window.activeTextEditor ? ViewColumn.Beside : ViewColumn.Active;
    const media = ["dist", "media"].map((folder) => vscode.Uri.joinPath(this.extensionUri, folder));
    const panel = window.createWebviewPanel(
      "pathline.answer",
      "Pathline",
      { viewColumn: column, preserveFocus: true },
      { enableScripts: true, enableFindWidget: true, localResourceRoots: media },
    );
    panel.iconPath = vscode.Uri.joinPath(this.extensionUri, "images", "icon.png");
    const uriOf = (...path: string[]) =>
      panel.webview.asWebviewUri(vscode.Uri.joinPath(this.extensionUri, ...path)).toString();
    panel.webview.onDidReceiveMessage((message: FromView) => this.receive(message));
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.action.fire("cancel");
    });
    panel.webview.html = renderPage(
      uriOf("media", "answer.css"),
      uriOf("dist", "answer.js"),
      panel.webview.cspSource,
      randomBytes(16).toString("base64"),
    );
    return panel;
  }

  private open(link: Link, column: vscode.ViewColumn, preview = false): Promise<void> {
    return openLink({ ...link, place: this.moves.current(link.place) }, column, preview);
  }

  private draw(): void {
    if (this.panel && this.state) {
      const message: ToView = { turn: this.turn, html: renderState(this.state) };
      void this.panel.webview.postMessage(message);
    }
  }

  private async receive(message: FromView): Promise<void> {
    if (message.type === "ready") {
      this.draw();
    } else if (message.turn !== this.turn || !this.state) {
      // What was clicked has been replaced by something newer.
    } else if (message.type === "open") {
      const link = linksOf(this.state)[message.link];
      if (link) {
        await this.open(link, this.editorColumn());
      }
    } else {
      this.action.fire(message.type);
    }
  }

  /** A column for source text that does not cover the answer. */
  private editorColumn(): vscode.ViewColumn {
    const { ViewColumn } = vscode;
    const own = this.panel?.viewColumn;
    const editors = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors];
    const open = editors.find((editor) => editor?.viewColumn && editor.viewColumn !== own);
    return open?.viewColumn ?? (own === ViewColumn.One ? ViewColumn.Two : ViewColumn.One);
  }
}
