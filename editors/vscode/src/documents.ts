// Which documents the server is told about, and which features stay with Python.
import type { DocumentFilter } from "vscode-languageclient";

/** Everything that a citation may name: else what is typed there would not be seen, and its lines not be found. */
export const DOCUMENTS: DocumentFilter[] = [
  { scheme: "file", language: "python" },
  { scheme: "file", pattern: "**/*.{py,pyi,pyw,md,rst,txt}" },
  { scheme: "file", pattern: "**/{pyproject.toml,setup.cfg,tox.ini,pytest.ini,Makefile,makefile,GNUmakefile}" },
  { scheme: "file", pattern: "**/{README,CHANGELOG,CHANGES,CONTRIBUTING,ARCHITECTURE,HACKING,DEVELOPMENT,TESTING}" },
  { scheme: "file", pattern: "**/{readme,changelog,changes,contributing,architecture,hacking,development,testing}" },
];

/** Hovers, outlines and code actions of other files are left to whoever is there for them. */
export function isPython(document: { languageId: string; fileName: string }): boolean {
  return document.languageId === "python" || /\.py[iw]?$/i.test(document.fileName);
}
