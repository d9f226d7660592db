// The life of one question, as data: what the view draws and what a citation's number refers to.
import type { Answer, Claim, Place } from "./protocol";

export type AnswerState =
  | { phase: "asking"; question: string; claims: readonly Claim[]; stage: string }
  | { phase: "done"; question: string; answer: Answer }
  | { phase: "cancelled"; question: string; claims: readonly Claim[] }
  | { phase: "failed"; question: string; claims: readonly Claim[]; message: string };

export function asking(question: string): AnswerState {
  return { phase: "asking", question, claims: [], stage: "" };
}

/** The sentences to show: what has arrived, or the whole answer, which may have another order. */
export function claimsOf(state: AnswerState): readonly Claim[] {
  return state.phase === "done" ? (state.answer.found ? state.answer.claims : []) : state.claims;
}

/** A place that can be opened from the answer, and the sentence (or symbol) it stands beside. */
export interface Link {
  place: Place;
  text: string;
  /** Hash of the cited lines; empty where nothing is claimed about them. */
  sha256: string;
}

/** How many places to offer where nothing supports an answer. */
const NEAREST = 5;

/** Every place the view shows, in its order. A link's index is its number in the view. */
export function linksOf(state: AnswerState): Link[] {
  if (state.phase === "done" && !state.answer.found) {
    return state.answer.evidence.slice(0, NEAREST).map((place) => ({ place, text: place.symbol, sha256: "" }));
  }
  return claimsOf(state).flatMap(({ text, citations }) =>
    citations.map((place) => ({ place, text, sha256: place.sha256 })),
  );
}

/** `path:line` or `path:first-last`; with the root's name in front where the answer spans several roots. */
export function labelsOf(links: readonly Link[]): string[] {
  const severalRoots = new Set(links.map(({ place }) => place.root)).size > 1;
  return links.map(({ place: { root, path, start, end } }) => {
    const lines = start === end ? String(start) : `${start}-${end}`;
    return `${severalRoots ? `${root}/` : ""}${path}:${lines}`;
  });
}
