import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import test from "node:test";
import { BadServerCommand, findExecutable, parseServerCommand } from "../src/serverCommand";

const posix = { skip: process.platform === "win32" };

test("a name, a path with spaces, a list", () => {
  assert.deepEqual(parseServerCommand("pathline"), { program: "pathline", args: ["lsp"] });
  assert.deepEqual(parseServerCommand(["pathline", "-v"]), { program: "pathline", args: ["-v", "lsp"] });
});

test("absolute paths, with spaces, and the home folder", posix, () => {
  assert.deepEqual(parseServerCommand("/opt/my tools/pathline"), { program: "/opt/my tools/pathline", args: ["lsp"] });
  assert.equal(parseServerCommand("~/bin/pathline").program, `${homedir()}/bin/pathline`);
});

for (const setting of ["", "  ", [], [""], null, 7, ["pathline", 7], "bin/pathline", "./pathline", "../pathline"]) {
  test(`is refused: ${JSON.stringify(setting)}`, () => {
    assert.throws(() => parseServerCommand(setting), BadServerCommand);
  });
}

test("the PATH is searched, its relative folders are not", posix, () => {
  const folder = mkdtempSync(join(tmpdir(), "pathline-"));
  const before = process.cwd();
  try {
    const program = join(folder, "pathline");
    writeFileSync(program, "#!/bin/sh\n");
    assert.equal(findExecutable("pathline", { PATH: folder }), undefined, "not executable");
    chmodSync(program, 0o755);
    assert.equal(findExecutable("pathline", { PATH: ["/nowhere", folder].join(delimiter) }), program);
    assert.equal(findExecutable(program, {}), program);
    process.chdir(folder);
    assert.equal(findExecutable("pathline", { PATH: [".", ""].join(delimiter) }), undefined);
    mkdirSync(join(folder, "bin", "pathline"), { recursive: true });
    assert.equal(findExecutable("pathline", { PATH: join(folder, "bin") }), undefined, "a folder");
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
});
