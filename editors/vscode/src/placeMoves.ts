// Follows the places of the answer on screen through the edits of their documents.
import * as vscode from "vscode";
import { movedLine } from "./citedLines";
import type { Place } from "./protocol";

export class PlaceMoves implements vscode.Disposable {
  /** Where the first line of each place is now. */
  private starts = new Map<Place, number>();
  private readonly listener = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    const uri = document.uri.toString();
    for (const [place, start] of this.starts) {
      if (vscode.Uri.parse(place.location.uri).toString() === uri) {
        this.starts.set(place, contentChanges.reduce(movedLine, start));
      }
    }
  });

  /** These places are shown: those that are new are where they say. */
  follow(places: readonly Place[]): void {
    this.starts = new Map(places.map((place) => [place, this.starts.get(place) ?? place.start]));
  }

  /** The place with the lines at which it is now. */
  current<P extends Place>(place: P): P {
    const start = this.starts.get(place) ?? place.start;
    return { ...place, start, end: place.end + start - place.start };
  }

  dispose(): void {
    this.listener.dispose();
  }
}
