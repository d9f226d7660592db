// Where cited lines are now. An answer stays on screen while its files are edited; the hash finds the lines again.
import { createHash } from "node:crypto";

export interface CitedLines {
  /** 1-based, inclusive. */
  start: number;
  end: number;
  /** Of the lines, joined with LF, as UTF-8; empty: any content will do. */
  sha256: string;
}

export interface Found {
  start: number;
  end: number;
  /** False: no such lines are left, or several, of which one may be meant; `start..end` is where they were. */
  fresh: boolean;
}

/** One change of a document: positions are zero-based. */
export interface Change {
  range: { start: { line: number; character: number }; end: { line: number; character: number } };
  text: string;
}

/** Where a line (1-based) is after a change: below what was changed it moves along; where it was itself changed, its hash tells. */
export function movedLine(line: number, { range: { start, end }, text }: Change): number {
  const isAbove = end.line < line - 1 || (end.line === line - 1 && end.character === 0);
  return isAbove ? line + (text.match(/\r\n|\r|\n/g) ?? []).length - (end.line - start.line) : line;
}

/** Finds the cited lines in a file's current `lines`: where they are said to be, or else at the only place that has the same text. */
export function findCitedLines(lines: readonly string[], { start, end, sha256 }: CitedLines): Found {
  const height = end - start + 1;
  const last = lines.length - height + 1;
  const matches = (candidate: number) =>
    candidate >= 1 && candidate <= last && hashOf(lines.slice(candidate - 1, candidate - 1 + height)) === sha256;
  if (sha256 !== "") {
    const places = matches(start) ? [start] : Array.from({ length: Math.max(last, 0) }, (_, index) => index + 1).filter(matches);
    const [place] = places;
    if (place !== undefined && places.length === 1) {
      return { start: place, end: place + height - 1, fresh: true };
    }
  }
  const within = (line: number) => Math.min(Math.max(line, 1), Math.max(lines.length, 1));
  return { start: within(start), end: within(end), fresh: sha256 === "" };
}

function hashOf(lines: readonly string[]): string {
  return createHash("sha256").update(lines.join("\n"), "utf8").digest("hex");
}
