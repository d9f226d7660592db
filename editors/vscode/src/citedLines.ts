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
  /** False: no such lines are left, and `start..end` is where they were. */
  fresh: boolean;
}

/** Finds the cited lines in a file's current `lines`: where they were, or else at the nearest place that has the same text. */
export function findCitedLines(lines: readonly string[], { start, end, sha256 }: CitedLines): Found {
  const height = end - start + 1;
  const last = lines.length - height + 1;
  const matches = (candidate: number) =>
    candidate >= 1 && candidate <= last && hashOf(lines.slice(candidate - 1, candidate - 1 + height)) === sha256;
  if (sha256 !== "") {
    for (let distance = 0; distance < lines.length + start; distance++) {
      for (const candidate of new Set([start - distance, start + distance])) {
        if (matches(candidate)) {
          return { start: candidate, end: candidate + height - 1, fresh: true };
        }
      }
    }
  }
  const within = (line: number) => Math.min(Math.max(line, 1), Math.max(lines.length, 1));
  return { start: within(start), end: within(end), fresh: sha256 === "" };
}

function hashOf(lines: readonly string[]): string {
  return createHash("sha256").update(lines.join("\n"), "utf8").digest("hex");
}
