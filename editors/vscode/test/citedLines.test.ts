import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { findCitedLines } from "../src/citedLines";

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

test("of several places with the same text, the nearest", () => {
  const twice = [...file, "def f():", "    return 1"];
  assert.deepEqual(findCitedLines(["#", ...twice], cited(8, 9, twice)), { start: 9, end: 10, fresh: true });
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
