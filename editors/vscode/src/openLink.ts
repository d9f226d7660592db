// From a citation to its lines in an editor.
import * as vscode from "vscode";
import type { Link } from "./answerState";
import { findCitedLines } from "./citedLines";

/** Opens the link's file beside the answer and selects its lines; `preview` leaves the focus where it is. */
export async function openLink(link: Link, column: vscode.ViewColumn, preview = false): Promise<void> {
  const uri = vscode.Uri.parse(link.place.location.uri, true);
  if (uri.scheme !== "file") {
    throw new Error(`a citation names ${uri.scheme}:, which is no file`);
  }
  let document: vscode.TextDocument;
  try {
    document = await vscode.workspace.openTextDocument(uri);
  } catch {
    void vscode.window.showWarningMessage(`Pathline: ${link.place.path} can no longer be opened.`);
    return;
  }
  const lines = Array.from({ length: document.lineCount }, (_, line) => document.lineAt(line).text);
  const { start, end, fresh } = findCitedLines(lines, { ...link.place, sha256: link.sha256 });

  const editor = await vscode.window.showTextDocument(document, {
    viewColumn: columnOf(document) ?? column,
    preserveFocus: preview,
    preview,
  });
  // The cursor comes to rest on the first cited line, with the lines selected.
  const selection = new vscode.Selection(document.lineAt(end - 1).range.end, new vscode.Position(start - 1, 0));
  editor.selection = selection;
  editor.revealRange(selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  if (!fresh && !preview) {
    void vscode.window.showInformationMessage("Pathline: these lines have changed since the answer, or it is not clear where they are. Ask again for a new one.");
  }
}

/** Where the document is on screen already. */
function columnOf(document: vscode.TextDocument): vscode.ViewColumn | undefined {
  return vscode.window.visibleTextEditors.find((editor) => editor.document === document)?.viewColumn;
}
