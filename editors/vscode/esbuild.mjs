// Bundles the extension (Node.js) and the script of the answer view (browser) into dist/; with --tests, the tests into out/.
import { build } from "esbuild";
import { existsSync } from "node:fs";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const node = { bundle: true, platform: "node", format: "cjs", target: "node20", external: ["vscode"], logLevel: "warning" };

if (process.argv.includes("--tests")) {
  const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts"));
  await rm("out", { recursive: true, force: true });
  await build({ ...node, entryPoints: tests.map((name) => join("test", name)), outdir: "out/test", sourcemap: "inline" });
} else {
  await rm("dist", { recursive: true, force: true });
  const extension = await build({ ...node, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", minify: true, metafile: true });
  await build({
    entryPoints: ["src/webview/answer.ts"],
    outfile: "dist/answer.js",
    bundle: true,
    platform: "browser",
    target: "es2022",
    minify: true,
    logLevel: "warning",
  });
  await writeFile("dist/THIRD_PARTY_NOTICES.txt", await notices(Object.keys(extension.metafile.inputs)));
}

// The licences of the packages whose code is in the bundle ask to be shipped with it.
async function notices(inputs) {
  const folders = new Set(inputs.flatMap((path) => path.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []));
  const texts = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file && existsSync(join(folder, file)) ? await readFile(join(folder, file), "utf8") : "";
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
