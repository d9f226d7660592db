// What the answer view and the extension say to each other. `turn` counts what was shown, so that a click on something
// that has been replaced meanwhile is recognized.

export interface ToView {
  turn: number;
  html: string;
}

/** What the buttons of an answer do. */
export const ACTIONS = ["cancel", "again", "follow"] as const;
export type Action = (typeof ACTIONS)[number];

export type FromView =
  | { type: "ready" }
  | { type: "open"; turn: number; link: number }
  | { type: Action; turn: number };
