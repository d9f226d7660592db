// What is said on the wire beside LSP itself: docs/protocol.md of the project, as types.
import type { Location, Position, ProgressToken, TextDocumentIdentifier } from "vscode-languageclient";

/** A request with partial results and real cancellation, which `workspace/executeCommand` lacks. */
export const ASK_METHOD = "pathline/ask";

/** The server's commands. This extension contributes none of these names: the client registers each one by itself. */
export const SERVER_ASK = "pathline.server.ask";
export const SERVER_CLEAR_CITATIONS = "pathline.server.clearCitations";

/** The error code of a request that was cancelled. */
export const REQUEST_CANCELLED = -32800;

export interface AskParams {
  question: string;
  /** Its folder is asked; with `position`, the symbol there is what the question is about. */
  textDocument?: TextDocumentIdentifier;
  position?: Position;
  phrase?: boolean;
  /** Questions with the same name lean on each other. */
  conversation?: string;
  /** It is the last question of the conversation, and is answered anew. An older server takes it for a further one. */
  again?: boolean;
  workDoneToken?: ProgressToken;
  partialResultToken?: ProgressToken;
}

/** Lines `start..end`, 1-based and inclusive, of `path` in the workspace root named `root`. */
export interface Place {
  root: string;
  path: string;
  start: number;
  end: number;
  location: Location;
}

export interface Citation extends Place {
  /** Of the cited lines, joined with LF, as UTF-8. */
  sha256: string;
}

export interface Claim {
  text: string;
  /** What `text` lists in an order, each with its number, and what stands before that. An older server sends neither. */
  lead?: string;
  steps?: string[];
  kind: "composed" | "phrased";
  citations: Citation[];
}

export interface Evidence extends Place {
  symbol: string;
}

export interface Answer {
  question: string;
  text: string;
  found: boolean;
  claims: Claim[];
  evidence: Evidence[];
  dropped: { text: string; reason: string }[];
  complete: boolean;
  reason: string;
  provenance: {
    commit: string | null;
    dirty: boolean | null;
    model: string | null;
    adapter: string | null;
  };
}

/** What a partial result carries: checked claims, in the order of the answer so far. */
export interface PartialAnswer {
  claims: Claim[];
}
