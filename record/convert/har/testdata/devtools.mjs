// Opens a HAR in the developer tools of a Chromium that listens at DEVTOOLS, as a person
// does by "Import HAR file", and prints the rows of the network panel, and the HAR that
// the tools make of what they read.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { PLAYWRIGHT: playwright, DEVTOOLS: address, HAR: har } = process.env;
const { chromium } = await import(pathToFileURL(playwright).href);
const browser = await chromium.connectOverCDP(`http://${address}`);
const targets = await (await fetch(`http://${address}/json`)).json();
const target = targets.find((t) => t.type === "page");
const page = await browser.contexts()[0].newPage();
page.setDefaultTimeout(30_000);
const faults = [];
page.on("pageerror", (e) => faults.push(String(e)));
await page.goto(`http://${address}/devtools/devtools_app.html?ws=${address}/devtools/page/${target.id}&panel=network`);
await page.locator("input[type=file]").first().setInputFiles(har);
const rows = page.locator(".network-log-grid tr.data-grid-data-grid-node");
const count = JSON.parse(readFileSync(har, "utf8")).log.entries.length;
await rows.nth(count - 1).waitFor();
const cells = await rows.evaluateAll((list) => list.map((row) => [".name-column", ".status-column"].map((c) => row.querySelector(c).innerText)));
const again = await page.evaluate(async (text) => {
  const { HARFormat, Importer, Writer } = await import("/devtools/models/har/har.js");
  const root = new HARFormat.HARRoot(JSON.parse(text));
  const requests = Importer.Importer.requestsFromHARLog(root.log);
  let written = "";
  await Writer.Writer.write({ write: async (part) => { written += part; } }, requests, { sanitize: false }, {});
  return written;
}, readFileSync(har, "utf8"));
console.log(JSON.stringify({ faults, cells, again }));
await page.close();
await browser.close();
