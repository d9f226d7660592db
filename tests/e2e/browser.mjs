// Drives Chromium for the Python tests: one JSON request a line on stdin, one JSON reply a line on stdout.
//   node browser.mjs PLAYWRIGHT_CORE CHROMIUM
// A target is a list of CSS selectors: all but the last are frames, from the outermost inwards.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [playwright, executablePath] = process.argv.slice(2);
const { chromium } = await import(pathToFileURL(playwright));
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 860 } });

// Everything that asks to leave this machine is noted and goes nowhere.
const foreign = [];
await page.route(
  (url) => /^(https?|wss?):$/.test(url.protocol) && url.hostname !== "127.0.0.1",
  (route) => {
    foreign.push(route.request().url());
    return route.abort();
  },
);

function locate(target) {
  const frames = target.slice(0, -1);
  return frames.reduce((scope, frame) => scope.frameLocator(frame), page).locator(target.at(-1));
}

const actions = {
  goto: ({ url }) => page.goto(url).then(() => null),
  press: ({ key }) => page.keyboard.press(key),
  type: ({ text }) => page.keyboard.type(text, { delay: 5 }),
  // Into one field, wherever the focus is: a webview that keeps it swallows what is merely typed.
  enter: async ({ target, text }) => {
    const field = locate(target).first();
    await field.fill(text);
    await field.press("Enter");
  },
  wait: ({ target, state = "visible", seconds = 60 }) => locate(target).first().waitFor({ state, timeout: seconds * 1000 }),
  click: ({ target }) => locate(target).first().click(),
  texts: ({ target }) => locate(target).allInnerTexts(),
  overflows: ({ target }) => locate(target).evaluateAll((found) => found.some(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)),
  count: ({ target }) => locate(target).count(),
  // A mark that is on the element itself, and goes when another takes its place.
  mark: ({ target }) => locate(target).first().evaluate((element) => void (element.marked = true)),
  marked: ({ target }) => locate(target).evaluateAll((found) => found.map((element) => element.marked === true)),
  screenshot: ({ path }) => page.screenshot({ path }).then(() => null),
  attributes: ({ target, name }) => locate(target).evaluateAll((found, key) => found.map((element) => element.getAttribute(key)), name),
  foreign: () => foreign,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { action, ...options } = JSON.parse(line);
  let reply;
  try {
    reply = { result: (await actions[action](options)) ?? null };
  } catch (error) {
    reply = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await browser.close();
