import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { SERVER_ASK, SERVER_CLEAR_CITATIONS } from "../src/protocol";

interface Manifest {
  capabilities: { untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] } };
  contributes: {
    commands: { command: string }[];
    configuration: { properties: Record<string, { scope: string }> };
  };
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

test("no command of ours has a name of the server's: the client registers those by itself", () => {
  for (const { command } of manifest.contributes.commands) {
    assert.doesNotMatch(command, /^pathline\.server\./);
  }
  for (const command of [SERVER_ASK, SERVER_CLEAR_CITATIONS]) {
    assert.match(command, /^pathline\.server\./);
  }
});

test("a workspace sets no program and no model", () => {
  const { properties } = manifest.contributes.configuration;
  const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  assert.equal(supported, "limited");
  for (const name of ["pathline.serverCommand", "pathline.model", "pathline.useModel"]) {
    assert.equal(properties[name]?.scope, "machine");
    assert.ok(restrictedConfigurations.includes(name));
  }
});
