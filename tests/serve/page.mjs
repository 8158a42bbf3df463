// The page in headless Chromium: page.mjs NODE_MODULES URL OTHER_URL OUT
// URL: a server of SIM::ds1104z (CH1 sine 1 kHz 2 V, CH2 square 500 Hz 1 V), SIM::mso1104z and SIM::dmm; OTHER_URL: one
// with TLS and a token. Writes OUT/results.json, pictures and downloads.
import {createRequire} from 'module';
import fs from 'fs';
import net from 'net';
import path from 'path';

const [modules, url, otherUrl, out] = process.argv.slice(2);
const require = createRequire(path.join(modules, 'x.js'));
const {chromium} = require('playwright-core');
const axeSource = fs.readFileSync(path.join(modules, 'axe-core', 'axe.min.js'), 'utf8');

const results = [];
const asked = new Set();     // METHOD path
let browser;
let page;

function check(what, ok) {
  if (!ok) throw new Error(what);
}

function near(what, got, wanted, part) {
  check(`${what}: ${got}, wanted ${wanted}`, Math.abs(got - wanted) <= Math.abs(wanted) * part);
}

async function until(what, test, ms = 20000) {
  const end = Date.now() + ms;
  for (;;) {
    const v = await test();
    if (v) return v;
    if (Date.now() > end) throw new Error('not in time: ' + what);
    await new Promise((r) => setTimeout(r, 40));
  }
}

function follow(p) {
  p.faults = [];
  p.on('pageerror', (e) => p.faults.push(e.message));
  p.on('console', (m) => { if (m.type() === 'error') p.faults.push(m.text()); });
  p.on('request', (r) => asked.add(r.method() + ' ' + new URL(r.url()).pathname));
  p.on('websocket', (w) => asked.add('GET ' + new URL(w.url()).pathname));
  return p;
}

async function openPage(address, viewport, more = {}) {
  const context = await browser.newContext({viewport, acceptDownloads: true, ignoreHTTPSErrors: true, ...more});
  context.setDefaultTimeout(20000);
  const p = follow(await context.newPage());
  await p.goto(address);
  return p;
}

const instrument = async (id = 1) => (await fetch(`${url}/api/instruments/${id}`)).json();
const settings = async (id) => (await instrument(id)).status.settings;
const frames = (p) => p.evaluate(() => window.graticule.screen.frame ? window.graticule.screen.frame.number : 0);
const drawn = (p) => p.evaluate(() => window.graticule.screen.drawn);
const state = (p) => p.evaluate(() => window.graticule.status);

async function live(p) {
  const from = await frames(p);
  await until('new frames', async () => await frames(p) > from + 3);
}

async function stopped(p) {
  if ((await state(p)).running) await p.click('#runstop');
  await until('stopped', async () => !(await state(p)).running);
}

async function running(p) {
  if (!(await state(p)).running) await p.click('#runstop');
  await until('running', async () => (await state(p)).running);
}

async function axe(p, where) {
  await p.evaluate(axeSource);
  const r = await p.evaluate(() => window.axe.run(document, {resultTypes: ['violations']}));
  const bad = r.violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].target} ${v.nodes[0].failureSummary}`);
  check(`axe, ${where}: ${bad.join('; ')}`, !bad.length);
  check('axe ran', r.violations !== undefined);
}

async function download(p, click) {
  const [d] = await Promise.all([p.waitForEvent('download'), click()]);
  const to = path.join(out, d.suggestedFilename());
  await d.saveAs(to);
  return to;
}

// ---- the tests, in the order in which a person meets things

const tests = {
  async loads_and_the_trace_moves() {
    page = await openPage(url, {width: 1440, height: 900});
    await until('a frame', () => frames(page));
    await live(page);
    const data = () => page.evaluate(() => Array.from(window.graticule.screen.frame.traces[0].data).join());
    const first = await data();
    await until('another trace', async () => await data() !== first);
    const pixels = await page.evaluate(() => {
      const s = window.graticule.screen;
      s.draw();
      const d = s.c.getImageData(0, 0, s.canvas.width, s.canvas.height).data;
      let yellow = 0;
      let cyan = 0;
      for (let i = 0; i < d.length; i += 4) {
        if (d[i] > 200 && d[i + 1] > 170 && d[i + 2] < 110) yellow++;
        if (d[i] < 110 && d[i + 1] > 170 && d[i + 2] > 190) cyan++;
      }
      return [yellow, cyan];
    });
    check(`traces on the glass: ${pixels}`, pixels[0] > 1000 && pixels[1] > 1000);
  },

  async frames_come_fast_enough() {
    const from = [await frames(page), await drawn(page), Date.now()];
    await new Promise((r) => setTimeout(r, 2000));
    const s = (Date.now() - from[2]) / 1000;
    const got = (await frames(page) - from[0]) / s;
    console.log(`  ${got.toFixed(1)} shots/s, ${((await drawn(page) - from[1]) / s).toFixed(1)} drawn/s`);
    check(`${got} shots a second`, got > 5);
  },

  async knobs_turn_the_instrument() {
    const before = await settings();
    await page.focus('#knob-scale');
    await page.keyboard.press('ArrowUp');
    await until('scale by key', async () => (await settings()).channels[1].scale > before.channels[1].scale * 1.5);
    await page.fill('#channel-panel .value >> nth=0', '500m');
    await page.keyboard.press('Enter');
    await until('scale by typing', async () => Math.abs((await settings()).channels[1].scale - 0.5) < 1e-6);
    await page.hover('#knob-timebase');
    await page.mouse.wheel(0, -100);
    await until('time base by wheel', async () => (await settings()).timebase > before.timebase * 1.5);
    await page.focus('#screen');
    await page.keyboard.press(']');
    await until('time base by key', async () => Math.abs((await settings()).timebase - before.timebase) < 1e-9);
    await page.focus('#knob-level');
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowUp');
    await until('level', async () => (await settings()).trigger.level > 0.1);
    const box = await page.locator('#knob-offset').boundingBox();
    await page.mouse.move(box.x + 29, box.y + 29);
    await page.mouse.down();
    await page.mouse.move(box.x + 29, box.y - 20, {steps: 5});
    await page.mouse.up();
    await until('offset by drag', async () => (await settings()).channels[1].offset > 0.2);
    await page.selectOption('#slope', 'falling');
    await until('slope', async () => (await settings()).trigger.slope === 'falling');
    await page.selectOption('#ch-coupling', 'ac');
    await until('coupling', async () => (await settings()).channels[1].coupling === 'ac');
    await page.click('#chip-3');
    await until('channel 3', async () => (await settings()).channels[3].enabled);
    await page.click('#chip-3');
    await until('channel 3 off', async () => !(await settings()).channels[3].enabled);
  },

  async the_instrument_turns_the_knobs() {
    await page.click('#tab-console');
    await page.fill('#command', '*IDN?');
    await page.keyboard.press('Enter');
    await until('the answer', async () => (await page.textContent('#said')).includes('DS1104Z'));
    await page.fill('#command', ':TIM:SCAL 0.0005;:CHAN2:SCAL 0.5');
    await page.keyboard.press('Enter');
    await until('the knob', async () => (await page.getAttribute('#knob-timebase', 'aria-valuetext')) === '500 µs');
    await until('the chip', async () => (await page.textContent('#chip-2')).includes('500 mV'));
    await page.fill('#command', ':NO:SUCH?');
    await page.keyboard.press('Enter');
    await until('the wait shown', async () => (await page.textContent('#state')) === 'Console');
    await page.click('#cancel');
    await until('cancelled', async () => (await page.innerHTML('#said')).includes('class="e"'));
  },

  async autoset_finds_the_signal() {
    await page.click('#autoset');
    await until('auto-set', async () => (await state(page)).busy === 'autoset' || true);
    await until('done', async () => !(await state(page)).busy && (await state(page)).running, 40000);
    const s = await settings();
    check(`time base ${s.timebase}`, s.timebase >= 1e-4 && s.timebase <= 1e-3);
    check(`scale ${s.channels[1].scale}`, s.channels[1].scale >= 0.2 && s.channels[1].scale <= 0.5);
    check('channels', s.channels[1].enabled && s.channels[2].enabled && !s.channels[3].enabled);
    await live(page);
  },

  async measurements_are_right() {
    await page.click('#tab-measure');
    const cell = async (row, name) => page.evaluate(([r, n]) => {
      const t = document.getElementById('measured');
      const i = t.tHead.rows.length ? [...t.tHead.rows[0].cells].findIndex((c) => c.textContent === n) : -1;
      return i > 0 && t.tBodies[0].rows[r] ? t.tBodies[0].rows[r].cells[i].textContent : '';
    }, [row, name]);
    await until('frequency', async () => Math.abs(parseFloat(await cell(0, 'frequency')) - 1) < 0.02);
    check('unit', (await cell(0, 'frequency')).endsWith('kHz'));
    near('peak to peak', parseFloat(await cell(0, 'pp')), 2, 0.1);
  },

  async spectrum_has_its_peak() {
    await page.click('#tab-fft');
    await until('peak', async () => {
      const m = /peak ([\d.]+) (k?)Hz at (-?[\d.]+) dBV/.exec(await page.textContent('#fft-text'));
      return m && Math.abs(m[1] * (m[2] ? 1000 : 1) - 1000) < 150 && Math.abs(Number(m[3]) + 3) < 2;
    });
    await page.screenshot({path: path.join(out, 'desktop-spectrum.png'), fullPage: true});
  },

  async cursors_measure() {
    await page.click('#tab-cursors');
    await page.check('#cursor-level');
    const text = await page.textContent('#cursor-text');
    check(text, /Δt .*1\/Δt .*Δ /.test(text));
    const box = await page.locator('#screen').boundingBox();
    await page.mouse.move(box.x + box.width * 0.3, box.y + 90);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 90, {steps: 4});
    await page.mouse.up();
    check('dragged', await page.textContent('#cursor-text') !== text);
    await page.screenshot({path: path.join(out, 'desktop.png')});
    await page.uncheck('#cursor-level');
    await page.uncheck('#cursor-time');
  },

  async single_shot() {
    const before = await frames(page);
    await page.click('#single');
    await until('stopped after one', async () => (await state(page)).state === 'stopped');
    await until('its picture', async () => await frames(page) > before);
    check('sweep', (await settings()).sweep === 'single' || (await state(page)).state === 'stopped');
    await page.keyboard.press('Escape');
    await page.click('#runstop');
    await live(page);
  },

  async deep_memory_zooms_and_pans() {
    await page.selectOption('#sweep', 'auto');
    await running(page);
    await page.fill('#horizontal-knobs .value >> nth=0', '1ms');
    await page.keyboard.press('Enter');
    await page.selectOption('#depth', '6000000');
    await until('depth', async () => (await settings()).depth === 6000000);
    await live(page);
    await stopped(page);
    await page.click('#memory');
    await until('the memory', async () => (await state(page)).record.deep && (await state(page)).record.count > 5900000, 60000);
    await page.click('#zoom-all');
    const view = () => page.evaluate(() => { const f = window.graticule.screen.frame; return [f.from, f.to, f.traces[0].samples, f.count]; });
    await until('the whole', async () => (await view())[3] > 5900000);
    const whole = await view();
    const cost = await page.evaluate(() => {
      const s = window.graticule.screen;
      const took = [];
      for (let i = 0; i < 40; i++) {
        const t = performance.now();
        s.draw();
        s.c.getImageData(0, 0, 1, 1);   // what is only queued is drawn now
        took.push(performance.now() - t);
      }
      return took.sort((a, b) => a - b)[20];
    });
    console.log(`  drawing 2 x 6 MS: ${cost.toFixed(1)} ms (median)`);
    check(`drawing takes ${cost} ms`, cost < 200);
    for (let i = 0; i < 14; i++) await page.click('#zoom-in');
    await until('zoomed', async () => { const v = await view(); return v[1] - v[0] < (whole[1] - whole[0]) / 10000; });
    check('samples themselves', (await view())[2]);
    const at = await view();
    await page.focus('#screen');
    await page.keyboard.press('ArrowRight');
    await until('panned', async () => (await view())[0] > at[0]);
    await page.screenshot({path: path.join(out, 'desktop-zoom.png')});
    await page.keyboard.press('0');
    const times = await page.evaluate(async () => {
      const s = window.graticule.screen;
      const took = [];
      for (let i = 0; i < 20; i++) {
        const was = s.frame;
        const t = performance.now();
        s.zoomBy(i % 2 ? 1.6 : 0.6);
        while (s.frame === was && performance.now() - t < 2000) await new Promise((r) => setTimeout(r, 1));
        took.push(performance.now() - t);
      }
      return took.sort((a, b) => a - b);
    });
    console.log(`  zoom to picture: ${times[10].toFixed(0)} ms (median)`);
    check(`zoom to picture ${times[10]} ms`, times[10] < 1000);
  },

  async downloads_in_every_format() {
    const formats = await page.evaluate(() => [...document.getElementById('format').options].map((o) => o.value));
    check(formats.join(), ['csv', 'npy', 'wav', 'json', 'png'].every((f) => formats.includes(f)));
    await page.selectOption('#depth', '6000');
    await until('depth', async () => (await settings()).depth === 6000);
    await running(page);
    await live(page);
    await stopped(page);
    await until('the record', async () => (await state(page)).record.count === 6000);
    for (const f of formats) {
      if (f === 'sr' || f === 'vcd') continue;    // logic alone
      await page.selectOption('#format', f);
      const to = await download(page, () => page.click('#download'));
      check(to, to.endsWith('.' + f) && fs.statSync(to).size > 500);
      if (f === 'npy') fs.copyFileSync(to, path.join(out, 'page.npy'));
    }
    const shot = await download(page, () => page.click('#screenshot'));
    check('the screen', fs.readFileSync(shot).subarray(1, 4).toString() === 'PNG');
    fs.renameSync(shot, path.join(out, 'instrument.png'));
  },

  async records_with_progress() {
    const base = (await settings()).timebase;
    await page.click('#tab-record');
    await page.fill('#rec-rate', '10kS/s');
    await page.selectOption('#rec-format', 'csv');
    await page.click('#rec-go');
    await until('progress', async () => /recording, [1-9]/.test(await page.textContent('#rec-text')));
    check('stop', (await page.textContent('#rec-go')) === 'Stop recording');
    const refused = await page.evaluate(async () => (await fetch('/api/instruments/1/settings', {method: 'POST', body: '{"delay":0}',
      headers: {'content-type': 'application/json'}})).status);
    check(`settings meanwhile: ${refused}`, refused === 409 || refused === 423);
    await page.click('#rec-go');
    await until('done', async () => /done/.test(await page.textContent('#rec-text')));
    await until('the time base of before', async () => Math.abs((await settings()).timebase - base) < 1e-9);
    await page.click('#tab-files');
    const name = await page.textContent('#files a');
    const to = await download(page, () => page.click('#files a'));
    check(name, fs.statSync(to).size > 1000);
    page.once('dialog', (d) => d.accept());
    await page.click('#files button');
    await until('deleted', async () => (await page.textContent('#files')).includes('Nothing'));
  },

  async link_cut_and_restored() {
    const target = new URL(url);
    const sockets = new Set();
    let refuse = false;
    const proxy = net.createServer((a) => {
      if (refuse) { a.destroy(); return; }
      const b = net.connect(target.port, target.hostname);
      for (const [x, y] of [[a, b], [b, a]]) { sockets.add(x); x.pipe(y); x.on('error', () => {}); x.on('close', () => { sockets.delete(x); y.destroy(); }); }
    });
    await new Promise((r) => proxy.listen(0, '127.0.0.1', r));
    const p = await openPage(`http://127.0.0.1:${proxy.address().port}/#2`, {width: 1100, height: 800});
    await until('a frame', () => frames(p));
    refuse = true;
    for (const s of sockets) s.destroy();
    await until('told', async () => (await p.textContent('#state')) === 'No link');
    await new Promise((r) => setTimeout(r, 600));
    refuse = false;
    const was = await frames(p);
    await until('frames again', async () => await frames(p) > was + 2);
    await until('the state again', async () => (await p.textContent('#state')) !== 'No link');
    await p.context().close();
    proxy.close();
  },

  async two_viewers_one_holds_the_controls() {
    const b = await openPage(`${url}/#1`, {width: 1200, height: 800});
    await until('told', async () => (await b.textContent('#people')).includes('another holds'));
    check('disabled', await b.isDisabled('#runstop') && await b.isDisabled('#source'));
    await running(page);
    await live(b);
    await b.click('#take');
    await until('asked', () => page.isVisible('#asking'));
    await page.click('#keep');
    await until('refused', async () => (await b.textContent('#toast')).includes('keeps'));
    await b.click('#take');
    await until('asked again', () => page.isVisible('#asking'));
    await page.click('#give');
    await until('given', () => b.isEnabled('#runstop'));
    check('the first has them no more', await page.isDisabled('#runstop'));
    const before = await settings();
    await b.focus('#knob-timebase');
    await b.keyboard.press('ArrowUp');
    await until('acts', async () => (await settings()).timebase > before.timebase * 1.5);
    await until('the first sees it', async () => Number(await page.getAttribute('#knob-timebase', 'aria-valuenow')) > before.timebase * 1.5);
    await b.context().close();
    await until('free', async () => (await page.textContent('#people')).includes('free'));
    await page.click('#take');
    await until('back', () => page.isEnabled('#runstop'));
  },

  async digital_lanes() {
    await page.selectOption('#instrument', '2');
    await until('the other instrument', async () => (await page.title()).includes('MSO1104Z'));
    await until('its lines', () => page.isVisible('#line-D1'));
    await page.click('#line-D1');
    await page.click('#line-D2');
    await until('lanes', () => page.evaluate(() => window.graticule.screen.lanes().length >= 2));
    await live(page);
    await page.click('#chip-4');
    await until('the refusal', async () => (await page.textContent('#toast')).includes('not available'));
    await until('what is, is shown', async () => (await page.getAttribute('#chip-4', 'aria-pressed')) === 'false');
    await page.screenshot({path: path.join(out, 'desktop-digital.png'), fullPage: true});
  },

  async what_is_no_scope_has_a_console() {
    await page.selectOption('#instrument', '3');
    await until('told', () => page.isVisible('#device-note'));
    await until('no knobs', async () => !await page.isVisible('#vertical'));
    check('no read-outs', !await page.isVisible('.top-readout'));
    await page.fill('#command', '*IDN?');
    await page.keyboard.press('Enter');
    await until('the answer', async () => (await page.textContent('#said')).includes('DMM'));
    await axe(page, 'no scope');
    await page.screenshot({path: path.join(out, 'desktop-console.png')});
    await page.selectOption('#instrument', '1');
    await until('back', () => page.isVisible('#vertical'));
    await until('a frame', () => frames(page));
  },

  async accessible() {
    for (const tab of ['measure', 'cursors', 'fft', 'record', 'files', 'console']) {
      await page.click('#tab-' + tab);
      await axe(page, tab);
    }
    await page.click('#tab-measure');
    await page.click('#help-open');
    await axe(page, 'help');
    await page.click('#help-close');
  },

  async keyboard_reaches_everything() {
    await page.evaluate(() => document.activeElement.blur());
    const seen = new Set();
    for (let i = 0; i < 90; i++) {
      await page.keyboard.press('Tab');
      seen.add(await page.evaluate(() => document.activeElement.id));
    }
    for (const id of ['instrument', 'runstop', 'single', 'screen', 'knob-scale', 'knob-timebase', 'knob-level', 'source', 'download',
      'tab-measure']) check(id + ' is reached', seen.has(id));
    await page.focus('#tab-measure');
    await page.keyboard.press('ArrowRight');
    check('arrows on tabs', await page.getAttribute('#tab-cursors', 'aria-selected') === 'true');
    await page.focus('#screen');
    await page.keyboard.press('r');
    await until('r stops', async () => !(await state(page)).running);
    await page.keyboard.press('r');
    await until('r runs', async () => (await state(page)).running);
  },

  async phone() {
    const p = await openPage(`${url}/#1`, {width: 390, height: 844}, {deviceScaleFactor: 2, isMobile: true, hasTouch: true});
    await until('a frame', () => frames(p));
    await live(p);
    check('no sideways scrolling', await p.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await axe(p, 'phone');
    await p.screenshot({path: path.join(out, 'phone.png')});
    await p.screenshot({path: path.join(out, 'phone-whole.png'), fullPage: true});
    check(p.faults.join('; '), !p.faults.length);
    await p.context().close();
  },

  async signs_in() {
    const [base, token] = otherUrl.split('/#token=');
    const p = await openPage(base, {width: 1200, height: 800});
    await until('asked', () => p.isVisible('#sign-in'));
    await p.fill('#token', 'this-is-the-wrong-one');
    await p.keyboard.press('Enter');
    await until('refused', async () => (await p.textContent('#sign-in-error')).includes('not the token'));
    await axe(p, 'sign in');
    await p.fill('#token', token);
    await p.keyboard.press('Enter');
    await until('a frame', () => frames(p));
    await p.reload();
    await until('a frame after a reload', () => frames(p));
    await p.context().close();
    const q = await openPage(otherUrl, {width: 1200, height: 800});
    await until('a frame by the link', () => frames(q));
    check('the token is out of the address', !q.url().includes('token'));
    await q.context().close();
  },

  async only_documented_calls_and_no_faults() {
    const doc = await (await fetch(url + '/api/openapi.json')).json();
    const known = [];
    for (const [p, methods] of Object.entries(doc.paths))
      for (const m of Object.keys(methods)) known.push([m.toUpperCase(), new RegExp('^' + p.replace(/\{\w+\}/g, '[^/]+') + '$')]);
    const unknown = [...asked].filter((a) => a.includes(' /api/') &&
      !known.some(([m, p]) => a.startsWith(m + ' ') && p.test(a.slice(m.length + 1))));
    check('not in the API description: ' + unknown.join(), !unknown.length);
    check(`${asked.size} calls were seen`, asked.size > 15);
    const faults = page.faults.filter((f) => !/status of 4(09|22|23)/.test(f));
    check(faults.join('; '), !faults.length);
  },
};

browser = await chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage']});
for (const [name, test] of Object.entries(tests)) {
  const begin = Date.now();
  try {
    await test();
    console.log(`ok   ${name} (${Date.now() - begin} ms)`);
    results.push({name, result: 'passed'});
  } catch (e) {
    console.log(`FAIL ${name}: ${e.stack}`);
    results.push({name, result: 'failed', reason: String(e.message).slice(0, 300)});
    if (page) await page.screenshot({path: path.join(out, `failed-${name}.png`)}).catch(() => {});
  }
}
await browser.close();
fs.writeFileSync(path.join(out, 'results.json'), JSON.stringify(results));
