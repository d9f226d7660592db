import type { Answer, Citation, Claim } from "../src/protocol";

export function citation(path: string, start: number, end = start, root = "app"): Citation {
  const range = { start: { line: start - 1, character: 0 }, end: { line: end - 1, character: 9 } };
  return { root, path, start, end, sha256: "0".repeat(64), location: { uri: `file:///app/${path}`, range } };
}

export function claim(text: string, ...citations: Citation[]): Claim {
  return { text, kind: "composed", citations };
}

export function answer(parts: Partial<Answer> = {}): Answer {
  return {
    question: "How?",
    text: "",
    found: true,
    claims: [],
    evidence: [],
    dropped: [],
    complete: true,
    reason: "",
    provenance: { commit: null, dirty: null, model: null, adapter: null },
    ...parts,
  };
}
