import assert from "node:assert/strict";
import test from "node:test";
import { parseAskArgument, parseSymbolArgument } from "../src/askArguments";

const at = { textDocument: { uri: "file:///a.py" }, position: { line: 2, character: 4 } };

test("what the server's code action passes", () => {
  assert.deepEqual(parseSymbolArgument({ ...at, symbol: "f" }), {
    uri: "file:///a.py",
    position: { line: 2, character: 4 },
    symbol: "f",
  });
});

test("what menus and keybindings pass is no symbol", () => {
  for (const argument of [undefined, null, "f", { path: "/a.py", scheme: "file" }, { ...at }, { symbol: "f" }, []]) {
    assert.equal(parseSymbolArgument(argument), undefined);
  }
});

test("the server's own ask command", () => {
  assert.deepEqual(parseAskArgument({ ...at, question: "Why?", phrase: true }), { ...at, question: "Why?", phrase: true });
  assert.deepEqual(parseAskArgument({ question: "Why?", position: 3 }), { question: "Why?" });
  assert.deepEqual(parseAskArgument("Why?"), { question: "Why?" });
  const { textDocument } = at;
  assert.deepEqual(parseAskArgument({ question: "Why?", textDocument }), { question: "Why?", textDocument });
  assert.equal(parseAskArgument({ ...at }), undefined);
  assert.equal(parseAskArgument(undefined), undefined);
});
