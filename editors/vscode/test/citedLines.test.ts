import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { findCitedLines, movedLine } from "../src/citedLines";

const file = ["import os", "", "def f():", "    return 1", "", "def g():", "    return 2"];

function cited(start: number, end: number, lines = file) {
  const text = lines.slice(start - 1, end).join("\n");
  return { start, end, sha256: createHash("sha256").update(text).digest("hex") };
}

test("lines that have not moved", () => {
  assert.deepEqual(findCitedLines(file, cited(3, 4)), { start: 3, end: 4, fresh: true });
  assert.deepEqual(findCitedLines(file, cited(7, 7)), { start: 7, end: 7, fresh: true });
});

test("lines that moved down or up are followed", () => {
  assert.deepEqual(findCitedLines(["#", "#", ...file], cited(6, 7)), { start: 8, end: 9, fresh: true });
  assert.deepEqual(findCitedLines(file.slice(2), cited(6, 7)), { start: 4, end: 5, fresh: true });
});

test("which of several places with the same text is meant is not guessed", () => {
  const twice = [...file, "def f():", "    return 1"];
  assert.deepEqual(findCitedLines(twice, cited(8, 9, twice)), { start: 8, end: 9, fresh: true });
  // The second one is gone, and the first one has come nearer: it is not what was cited.
  assert.deepEqual(findCitedLines(["#", ...twice], cited(8, 9, twice)), { start: 8, end: 9, fresh: false });
});

test("lines move with changes above them", () => {
  const at = (line: number, character = 0) => ({ line, character });
  const moved = (start: ReturnType<typeof at>, end: ReturnType<typeof at>, text: string) => movedLine(5, { range: { start, end }, text });
  assert.equal(moved(at(0), at(0), "# one\n# two\r\n"), 7);
  assert.equal(moved(at(4), at(4), "# right above\n"), 6);
  assert.equal(moved(at(1), at(4), ""), 2);
  assert.equal(moved(at(1, 3), at(2, 1), "x"), 4);
  assert.equal(moved(at(4, 2), at(4, 2), "in it\n"), 5);
  assert.equal(moved(at(9), at(9), "below\n"), 5);
  assert.equal(moved(at(0), at(99), "all of it\n"), 5);
});

test("lines that were edited are not fresh", () => {
  const edited = file.with(3, "    return 3");
  assert.deepEqual(findCitedLines(edited, cited(3, 4)), { start: 3, end: 4, fresh: false });
});

test("a file that shrank is opened at its end", () => {
  assert.deepEqual(findCitedLines(["x"], cited(6, 7)), { start: 1, end: 1, fresh: false });
  assert.deepEqual(findCitedLines([], cited(6, 7)), { start: 1, end: 1, fresh: false });
});

test("a place about which nothing is claimed is taken as it is", () => {
  assert.deepEqual(findCitedLines(file, { start: 3, end: 4, sha256: "" }), { start: 3, end: 4, fresh: true });
});
