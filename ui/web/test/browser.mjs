// The story that browser_test.go runs in a headless Chromium: a person watches
// a run, stops it, looks at finished runs and compares two of them. It ends
// with status 1 and a line per fault when anything is not as it should be.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { UI_URL: url, UI_EMPTY: empty, UI_TOKEN: token, UI_CHROMIUM: executablePath, UI_PROFILE: profile, UI_SHOTS: shots } = process.env;
mkdirSync(shots, { recursive: true });

const sizes = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const faults = [];
let step = "start";

const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: sizes.wide,
  locale: "en-US",
  timezoneId: "UTC",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
browser.setDefaultTimeout(10_000);
const page = browser.pages()[0] ?? (await browser.newPage());
page.on("console", (m) => {
  if (m.type() === "error" || m.type() === "warning") faults.push(`${step}: console ${m.type()}: ${m.text()}`);
});
page.on("pageerror", (e) => faults.push(`${step}: ${e.stack}`));
page.on("request", (r) => {
  if (!r.url().startsWith(url) && !r.url().startsWith(empty) && !r.url().startsWith("data:")) faults.push(`${step}: the page asked for ${r.url()}`);
});

const move = async (what) => (await fetch(`${url}/script/${what}`, { method: "POST" })).json();
const says = (text) => console.log(`ok  ${text}`);
const tile = (id) => page.locator(`[data-tile="${id}"]`);
const group = (n) => new Intl.NumberFormat("en-US").format(n);

async function story(name, body) {
  step = name;
  try {
    await body();
    says(name);
  } catch (cause) {
    faults.push(`${name}: ${cause.stack}`);
    await page.screenshot({ path: join(shots, "fault.png"), fullPage: true }).catch(() => {});
    throw cause;
  }
}

/** painted counts the pixels of every chart that are not transparent. */
const painted = () =>
  page.$$eval(".canvas canvas", (list) =>
    list.map((c) => {
      const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
      let n = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] !== 0) n++;
      return n;
    }),
  );

async function look(name) {
  for (const scheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize(viewport);
      await page.waitForTimeout(250); // a frame for the charts to take the new size
      const over = await page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        const wide = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > width + 0.5 && getComputedStyle(e).position !== "absolute");
        return { overflow: document.documentElement.scrollWidth - width, wide: wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)) };
      });
      if (over.overflow > 0) faults.push(`${name} ${size} ${scheme}: the page is ${over.overflow} px too wide: ${over.wide.join(" | ")}`);
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = ground.match(/\d+/g).slice(0, 3).every((v) => Number(v) > 128);
      if (light !== (scheme === "light")) faults.push(`${name} ${size}: the ground is ${ground} although ${scheme} is preferred`);
      await page.screenshot({ path: join(shots, `${name}-${size}-${scheme}.png`), fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(sizes.wide);
}

try {
  await story("without the token nothing is shown", async () => {
    const response = await browser.request.get(`${url}/`);
    assert.equal(response.status(), 401);
    assert.match(await response.text(), /token is needed/);
  });

  await story("the token opens the page and leaves the address", async () => {
    await page.goto(`${url}/?token=${token}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(new URL(page.url()).search, "");
  });

  await story("the numbers of the run are shown and follow it", async () => {
    for (let i = 0; i < 4; i++) {
      const now = await move("tick");
      await tile("rps").getByText(`${group(now.requests)} requests`).waitFor();
      assert.equal(await tile("users").locator(".tile-value").innerText(), group(now.users));
      assert.equal(await tile("failures").locator(".tile-sub").innerText(), `${group(now.failures)} failed`);
      assert.equal(await tile("session-match").locator(".tile-sub").innerText(), `${group(now.sessions)} sessions`);
      const p99 = (await tile("p99").locator(".tile-value").innerText()).replace(/\s/g, "");
      const want = now.p99 < 100_000 ? `${(now.p99 / 1000).toFixed(1)}ms` : `${Math.round(now.p99 / 1000)}ms`;
      assert.equal(p99, want);
      const rps = await tile("rps").locator(".tile-value").innerText();
      assert.equal(rps, now.rps < 100 ? now.rps.toFixed(1) : group(Math.round(now.rps)));
    }
    assert.equal(await page.getByRole("progressbar").getAttribute("aria-valuenow"), "67");
    await page.getByText("40 s of 1:00").waitFor();
    await page.locator(".head .pill").getByText("Running").waitFor();
  });

  await story("the charts are drawn, and updated in place", async () => {
    const before = await page.$$(".canvas canvas");
    assert.equal(before.length, 3);
    for (const n of await painted()) assert.ok(n > 500, `a chart has ${n} painted pixels`);
    const first = await before[0].evaluate((c) => c.toDataURL());
    const now = await move("tick");
    await tile("rps").getByText(`${group(now.requests)} requests`).waitFor();
    await page.waitForFunction((old) => document.querySelector(".canvas canvas").toDataURL() !== old, first);
    const after = await page.$$(".canvas canvas");
    for (let i = 0; i < 3; i++) assert.ok(await before[i].evaluate((c, d) => c === d, after[i]), `chart ${i} was made anew`);
  });

  await story("pointing at a chart tells the values", async () => {
    await page.locator(".canvas").first().hover({ position: { x: 300, y: 120 } });
    const tip = page.locator(".chart-tip").first();
    await tip.getByText("p99").waitFor();
    assert.match(await tip.innerText(), /\d+ s\s+p99\s+[\d.]+ (ms|s|µs)/);
    await page.mouse.move(2, 2);
  });

  await story("a line can be hidden with the keyboard", async () => {
    const key = page.locator(".legend").getByRole("button", { name: /^p99/ });
    await key.focus();
    await page.keyboard.press("Enter");
    assert.equal(await key.getAttribute("aria-pressed"), "false");
    await page.keyboard.press("Enter");
    assert.equal(await key.getAttribute("aria-pressed"), "true");
  });

  await story("the table of endpoints sorts by every column", async () => {
    const table = page.locator('[data-part="endpoints"]');
    const column = (n) => table.locator(`tbody tr td:nth-child(${n})`).allInnerTexts();
    const number = (text) => Number(text.replace(/[^\d.]/g, ""));
    const requests = (await column(2)).map(number);
    assert.equal(requests.length, 8);
    assert.deepEqual(requests, [...requests].sort((a, b) => b - a));
    const total = number(await table.locator("tfoot td").first().innerText());
    assert.equal(requests.reduce((a, b) => a + b), total);
    await table.getByRole("button", { name: "Requests", exact: true }).click();
    assert.deepEqual((await column(2)).map(number), [...requests].reverse());
    assert.equal(await table.locator("th").nth(1).getAttribute("aria-sort"), "ascending");
    await table.getByRole("button", { name: "p99" }).click();
    const p99 = (await column(7)).map(number);
    assert.deepEqual(p99, [...p99].sort((a, b) => b - a));
    await table.getByRole("button", { name: "Requests", exact: true }).click();
  });

  await story("errors open to their samples, which are text and not markup", async () => {
    const first = page.locator(".errors details").first();
    await first.locator("summary").click();
    await first.getByText("<script>alert(1)</script>").waitFor();
    await first.locator("summary").click();
  });

  await story("the badge gives the reasons", async () => {
    await page.locator(".validity button").click();
    await page.locator(".popover").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".popover").waitFor({ state: "detached" });
  });

  await story("the run stands beside the recording, with the reasons of the verdict", async () => {
    const badge = page.locator(".faithful button");
    await badge.getByText("Partly like it").waitFor();
    await badge.click();
    await page.locator(".popover li").getByText("never reached: GET /help").waitFor();
    await page.keyboard.press("Escape");
    const card = page.locator('[data-part="faithful"]');
    assert.match(await card.locator("tbody tr").first().innerText(), /Steps per session\s+1\.00\s+(0\.9\d|1\.00)/);
    await card.getByText("1 endpoint never reached").click();
    await card.getByText("/help", { exact: true }).waitFor();
    assert.match(await card.locator("tbody tr").nth(1).innerText(), /Writes per session\s+0\.15\s+0\.1\d/);
  });

  await story("values that nothing explains stand on top", async () => {
    await page.locator('[data-part="unresolved"]').getByText("1 varying value sent as recorded").click();
    await page.getByText("POST /cart, header X-Mark: no answer held it before").waitFor();
  });

  await look("live");

  await story("a lost replayer is named", async () => {
    await move("lose");
    await page.getByText("1 replayer lost").waitFor();
    await page.locator('[data-part="replayers"] tr.lost').getByText("silent for 8 s").waitFor();
  });

  await story("the theme can be chosen, and is remembered", async () => {
    await page.getByRole("button", { name: "Switch to dark theme" }).click();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.reload();
    await tile("users").waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    for (const n of await painted()) assert.ok(n > 500, `a chart has ${n} painted pixels`);
    await page.screenshot({ path: join(shots, "live-lost-chosen-dark.png"), fullPage: true });
    await page.getByRole("button", { name: "Switch to light theme" }).click();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), undefined);
  });

  await story("a lost connection is said, and mended by itself", async () => {
    step = "expected fault";
    await move("down");
    await page.getByText("Connection lost.").waitFor();
    assert.notEqual(await tile("users").locator(".tile-value").innerText(), "0");
    await page.screenshot({ path: join(shots, "live-disconnected-light.png") });
    await move("up");
    const now = await move("tick");
    await page.getByText("Connection lost.").waitFor({ state: "detached" });
    await tile("rps").getByText(`${group(now.requests)} requests`).waitFor();
    await page.waitForTimeout(100); // for the last complaints of the browser
  });

  await story("stopping asks first, and reaches the run", async () => {
    const stop = page.locator(".head").getByRole("button", { name: "Stop", exact: true });
    await stop.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Stop this run?").waitFor();
    await page.screenshot({ path: join(shots, "stop-wide-light.png") });
    await page.keyboard.press("Escape");
    assert.equal((await move("look")).stops, 0);
    await stop.click();
    await dialog.getByRole("button", { name: "Stop the run" }).click();
    await page.locator(".head .pill").getByText("Stopping").waitFor();
    assert.equal((await move("look")).stops, 1);
    await move("finish");
    await page.locator(".head .pill").getByText("Done").waitFor();
    assert.equal(await stop.count(), 0);
  });

  await story("the next run of the same command takes the place of the old one", async () => {
    await move("begin");
    await page.locator(".head .pill").getByText("Waiting").waitFor();
    await page.getByText("No requests yet").waitFor();
    const now = await move("tick");
    await page.locator(".head .pill").getByText("Running").waitFor();
    await tile("rps").getByText(`${group(now.requests)} requests`).waitFor();
    assert.ok(await page.locator(".head").getByRole("button", { name: "Stop", exact: true }).isEnabled());
  });

  await story("when Starling ends after the run, the page says so without alarm", async () => {
    step = "expected fault";
    await move("finish");
    await page.locator(".head .pill").getByText("Done").waitFor();
    await move("down");
    await page.getByText("The run is over and Starling has ended").waitFor();
    assert.equal(await page.getByText("Connection lost.").count(), 0);
    await move("up");
    await page.waitForTimeout(100); // for the last complaints of the browser
  });

  await story("the list of runs leads to a run", async () => {
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    const names = await page.locator("table.runs tbody th a").allInnerTexts();
    assert.deepEqual(names, ["release-2.run.zst", "release-1.run.zst", "cut-short.run.zst"]);
    await page.getByText("The run has no end yet").waitFor();
  });
  await page.getByLabel("Pick release-1.run.zst to compare").check();
  await page.getByLabel("Pick release-2.run.zst to compare").check();
  await look("runs");

  await story("a finished run shows the same parts", async () => {
    await page.getByRole("link", { name: "release-2.run.zst" }).click();
    await page.getByRole("heading", { name: "release-2.run.zst" }).waitFor();
    const rows = page.locator('[data-part="endpoints"] tbody tr');
    assert.equal(await rows.count(), 6, "parts of pages are folded");
    await page.getByRole("button", { name: /^Show 2 parts of pages/ }).click();
    assert.equal(await rows.count(), 8);
    await page.getByRole("button", { name: /^Hide 2 parts of pages/ }).click();
    for (const n of await painted()) assert.ok(n > 500, `a chart has ${n} painted pixels`);
    await page.getByText("Valid run").waitFor();
    await page.locator(".faithful button").waitFor();
    await page.locator('[data-part="faithful"] tbody tr').first().waitFor();
  });
  await look("run");

  await story("two runs are picked and compared", async () => {
    await page.getByRole("link", { name: "Runs", exact: true }).first().click();
    await page.getByLabel("Pick release-2.run.zst to compare").check();
    await page.getByLabel("Pick release-1.run.zst to compare").check();
    await page.getByRole("link", { name: "Compare", exact: true }).last().click();
    await page.locator('[data-part="verdict"]').getByText("regression", { exact: true }).waitFor();
    assert.equal(await page.locator('select[name="base"]').inputValue(), "release-1.run.zst");
    assert.equal(await page.locator('select[name="cand"]').inputValue(), "release-2.run.zst");
    const changed = await page.locator('[data-part="changes"] .forest-item .path').allInnerTexts();
    assert.deepEqual(changed, ["/api/items", "/product/{id}"]);
    await page.locator('[data-part="content"]').getByText("$.items[].stock").waitFor();
    for (const n of await painted()) assert.ok(n > 500, `a chart has ${n} painted pixels`);
    await page.getByRole("button", { name: "Show all" }).click();
    assert.equal(await page.locator('[data-part="changes"] .forest-item .path').count(), 8);
    await page.getByRole("button", { name: "Only changed" }).click();
    await page.locator(".overlay select").selectOption("GET /product/{id}");
  });
  await look("compare");

  await story("the sides can be swapped", async () => {
    await page.getByRole("button", { name: "Swap baseline and candidate" }).click();
    await page.locator('[data-part="verdict"]').getByText("improvement", { exact: true }).waitFor();
  });

  await story("a run that is not there says so", async () => {
    step = "expected fault";
    await page.goto(`${url}/#/runs/none.run.zst`);
    await page.getByText("there is no run file none.run.zst").waitFor();
  });

  await story("with nothing to show, every page says what to do", async () => {
    await page.goto(empty);
    await page.getByText("No run is going on here").waitFor();
    await page.screenshot({ path: join(shots, "empty-live-light.png") });
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByText("No runs yet").waitFor();
    await page.getByRole("link", { name: "Compare", exact: true }).click();
    await page.getByText("Two runs are needed").waitFor();
  });

  await story("a page that is not there says so", async () => {
    await page.goto(`${url}/#/nothing`);
    await page.getByText("There is no such page").waitFor();
  });
} catch {
  // The fault is noted.
} finally {
  await browser.close();
}

// The browser itself writes a line for each answer that failed on purpose.
const real = faults.filter((f) => !/^expected fault: console error: Failed to load resource/.test(f));
for (const f of real) console.log(`FAULT ${f}`);
process.exit(real.length > 0 ? 1 : 0);
