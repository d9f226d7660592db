// Arguments of commands: they come from the server, from menus and from keybindings, so their shape is checked.
import type { Position } from "vscode-languageclient";
import type { AskParams } from "./protocol";

export interface SymbolAtPosition {
  uri: string;
  position: Position;
  symbol: string;
}

/** What the server's code action passes: `{textDocument, position, symbol}`. Undefined for anything else. */
export function parseSymbolArgument(argument: unknown): SymbolAtPosition | undefined {
  const uri = uriOf(argument);
  const position = positionOf(argument);
  const symbol = isRecord(argument) ? argument["symbol"] : undefined;
  return uri !== undefined && position && typeof symbol === "string" ? { uri, position, symbol } : undefined;
}

/** The argument of the server's own ask command: `{question, textDocument?, position?, phrase?, conversation?}`, or the question alone. */
export function parseAskArgument(argument: unknown): AskParams | undefined {
  if (typeof argument === "string") {
    return { question: argument };
  }
  if (!isRecord(argument) || typeof argument["question"] !== "string") {
    return undefined;
  }
  const uri = uriOf(argument);
  const position = positionOf(argument);
  return {
    question: argument["question"],
    ...(uri !== undefined ? { textDocument: { uri } } : {}), // it alone chooses the folder that is asked
    ...(uri !== undefined && position ? { position } : {}),
    ...(typeof argument["phrase"] === "boolean" ? { phrase: argument["phrase"] } : {}),
    ...(typeof argument["conversation"] === "string" ? { conversation: argument["conversation"] } : {}),
  };
}

function uriOf(argument: unknown): string | undefined {
  const document = isRecord(argument) ? argument["textDocument"] : undefined;
  const uri = isRecord(document) ? document["uri"] : undefined;
  return typeof uri === "string" ? uri : undefined;
}

function positionOf(argument: unknown): Position | undefined {
  const position = isRecord(argument) ? argument["position"] : undefined;
  if (!isRecord(position)) {
    return undefined;
  }
  const { line, character } = position;
  return typeof line === "number" && typeof character === "number" ? { line, character } : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
