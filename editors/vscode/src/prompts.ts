// Where questions come from: an input box, a symbol, the cursor.
import * as vscode from "vscode";
import { parseSymbolArgument, type SymbolAtPosition } from "./askArguments";
import type { AskParams } from "./protocol";

/** Asks for a question about the workspace; the position comes along: "this" and "here" mean what is there. */
export async function promptForQuestion(): Promise<AskParams | undefined> {
  const editor = pythonEditor();
  const question = await inputQuestion({ placeHolder: "How does …?", prompt: "A question about this workspace" });
  return question === undefined ? undefined : { question, ...(editor ? cursorOf(editor) : documentInView()) };
}

/** Asks for a question that leans on the last answer: nothing comes along, for "it" means what that answer is about. */
export async function promptForFollowUp(): Promise<string | undefined> {
  return inputQuestion({ placeHolder: "And who calls it?", prompt: "A question about the last answer" });
}

/** Asks for a question about one symbol: the one the server names, or the one at the cursor. */
export async function promptAboutSymbol(argument: unknown): Promise<AskParams | undefined> {
  const target = parseSymbolArgument(argument) ?? symbolAtCursor();
  if (!target) {
    void vscode.window.showInformationMessage("Pathline: put the cursor on a name in a Python file first.");
    return undefined;
  }
  const question = await inputQuestion({
    prompt: `A question about ${target.symbol}`,
    value: `What does \`${target.symbol}\` do?`,
  });
  return question === undefined
    ? undefined
    : { question, textDocument: { uri: target.uri }, position: target.position };
}

async function inputQuestion(options: vscode.InputBoxOptions): Promise<string | undefined> {
  const question = await vscode.window.showInputBox({ title: "Pathline: Ask", ignoreFocusOut: true, ...options });
  return question?.trim() || undefined;
}

function symbolAtCursor(): SymbolAtPosition | undefined {
  const editor = pythonEditor();
  const range = editor?.document.getWordRangeAtPosition(editor.selection.active, /[\p{L}_][\p{L}\p{N}\p{M}_]*/u);
  return editor && range
    ? { uri: editor.document.uri.toString(), position: editor.selection.active, symbol: editor.document.getText(range) }
    : undefined;
}

// VS Code's positions are LSP's: zero-based, in UTF-16 units.
function cursorOf({ document, selection }: vscode.TextEditor): Pick<AskParams, "textDocument" | "position"> {
  const { line, character } = selection.active;
  return { textDocument: { uri: document.uri.toString() }, position: { line, character } };
}

/** Where no cursor counts, as in the answer: of several folders, the one that is in view is asked. */
function documentInView(): Pick<AskParams, "textDocument"> {
  const editors = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors];
  const uri = editors.map((editor) => editor?.document.uri).find((candidate) => candidate?.scheme === "file");
  return uri ? { textDocument: { uri: uri.toString() } } : {};
}

function pythonEditor(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor?.document.languageId === "python" && editor.document.uri.scheme === "file" ? editor : undefined;
}
