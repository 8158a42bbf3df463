// How fast the page of grat serve paints: serve_page.mjs NODE_MODULES URL SECONDS
// Headless Chromium, 1440 x 900. Prints JSON: pictures painted a second, each of another record; milliseconds between two
// frames of the browser, the middle and the longest of 99 in 100; tasks of more than 50 ms; milliseconds from a key on a
// knob to the knob's new text; samples of each trace, traces.
import {createRequire} from 'module';
import path from 'path';

const [modules, url, seconds] = process.argv.slice(2);
const {chromium} = createRequire(path.join(modules, 'x.js'))('playwright-core');
const browser = await chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage']});
const page = await (await browser.newContext({viewport: {width: 1440, height: 900}})).newPage();
await page.goto(url);
await page.waitForFunction(() => window.graticule && window.graticule.screen.frame && window.graticule.settings);
await page.waitForTimeout(1000);
const result = await page.evaluate(async (most) => {
  const {screen} = window.graticule;
  const gaps = [];
  let long = 0;
  new PerformanceObserver((l) => { long += l.getEntries().length; }).observe({entryTypes: ['longtask']});
  const begin = performance.now();
  let was = begin;
  let painted = 0;
  let shown = screen.frame.number;
  let drawn = screen.drawn;
  await new Promise((done) => {
    const tick = () => {
      const now = performance.now();
      gaps.push(now - was);
      was = now;
      if (screen.drawn !== drawn && screen.frame.number !== shown) painted++;
      drawn = screen.drawn;
      shown = screen.frame.number;
      if (now - begin > most * 1000) done();
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const took = (performance.now() - begin) / 1000;
  const keys = [];
  const knob = document.getElementById('knob-level');
  for (let i = 0; i < 12; i++) {
    const t = performance.now();
    const text = knob.getAttribute('aria-valuetext');
    knob.dispatchEvent(new KeyboardEvent('keydown', {key: i % 2 ? 'ArrowUp' : 'ArrowDown', bubbles: true}));
    while (knob.getAttribute('aria-valuetext') === text && performance.now() - t < 2000) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    keys.push(performance.now() - t);
  }
  const sorted = (list) => list.sort((a, b) => a - b);
  sorted(gaps);
  return {painted: painted / took, gap: gaps[gaps.length >> 1], gap99: gaps[Math.floor(gaps.length * 0.99)], long,
    key: sorted(keys)[keys.length >> 1], samples: screen.frame.count, traces: screen.frame.traces.length};
}, Number(seconds));
console.log(JSON.stringify(result));
await browser.close();
