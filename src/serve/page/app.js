// The page: what the instrument says is shown, what hands do becomes calls of the API.
import {api, ApiError, Stream} from '/net.js';
import {Knob, parseQuantity, quantity} from '/knobs.js';
import {Screen, colors, drawSpectrum} from '/screen.js';

const $ = (id) => document.getElementById(id);
let stream = null;
let instrument = null;       // what GET /api/instruments/ID says
let caps = null;
let settings = null;
let status = null;
let people = {holding: true, count: 1};
let selected = null;         // channel
let rate = {n: 0, since: performance.now()};
let seen = null;             // the last frame
let knobs = {};

// ---- small things

let toastTimer;
function toast(text) {
  $('toast').textContent = text;
  $('toast').classList.add('on');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $('toast').classList.remove('on'), 6000);
}

async function call(path, body, method) {
  try {
    return await api(`instruments/${instrument.id}/${path}`, body, method);
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) signIn();
    else toast(e.message);
    return null;
  }
}

function option(select, value, text) {
  const o = document.createElement('option');
  o.value = value;
  o.textContent = text;
  select.append(o);
}

function mayAct() { return people.holding || people.holder === null; }

// ---- settings: shown at once, sent a little later, corrected by the instrument

let pending = null;
let sending = false;
let pendingTimer;
let touched = 0;

function merge(into, from) {
  for (const [k, v] of Object.entries(from)) {
    if (v && typeof v === 'object' && !Array.isArray(v)) merge(into[k] = into[k] || {}, v);
    else into[k] = v;
  }
}

function change(part) {
  if (!settings) return;
  merge(settings, structuredClone(part));
  pending = pending || {};
  merge(pending, part);
  touched = performance.now();
  showSettings();
  if (!pendingTimer && !sending) pendingTimer = setTimeout(send, 60);
}

async function send() {
  pendingTimer = null;
  const body = pending;
  pending = null;
  sending = true;
  const now = await call('settings', body);
  sending = false;
  if (now && !pending) take(now);
  else if (!now && status) { touched = 0; take(status.settings); }
  if (pending) pendingTimer = setTimeout(send, 60);
}

function take(now) {
  if (!now || pending || sending || performance.now() - touched < 300) return;
  settings = structuredClone(now);   // what hands change is not what the instrument said
  showSettings();
}

// ---- screen

const screen = new Screen($('screen'), $('map'), {
  view: sendView,
  resized: () => { sendView(); },
  level: (v) => { screen.levelShown = performance.now() + 1500; change({trigger: {level: v}}); },
  moved: showCursors,
  shown: (frame) => {
    if (!seen || seen.number !== frame.number) rate.n++;
    seen = frame;
    $('empty').hidden = true;
  },
  drawn: (number) => { if (stream) stream.ack(number); },
});
window.graticule = {screen, get settings() { return settings; }, get status() { return status; },
  get stream() { return stream; }, get people() { return people; }};

let viewTimer = null;
let viewNumber = 0;
let viewKey = '';
function sendView() {
  if (viewTimer) return;
  viewTimer = setTimeout(() => {
    viewTimer = null;
    const v = screen.view();
    if (settings && caps) showTime();
    const key = [v.from, v.to, screen.columns()].join();
    if (!stream || key === viewKey) return;
    viewKey = key;
    stream.say('view', {from: v.from, to: v.to, columns: screen.columns(), number: ++viewNumber});
  }, 12);
}

setInterval(() => {
  const now = performance.now();
  const fps = rate.n * 1000 / (now - rate.since);
  rate = {n: 0, since: now};
  $('ro-frames').textContent = seen ? `${quantity(seen.count, 'S', 3)}/ch` + (fps > 0.5 ? ` · ${fps.toFixed(0)}/s` : '') +
    (status && status.record && status.record.in_turn ? ' · channels in turn' : '') : '';
  describeScreen();
}, 1000);

function describeScreen() {
  if (!settings || !caps) return;
  const on = caps.analog.filter((n) => settings.channels[n].enabled);
  const text = `${status ? status.state : ''}, ${quantity(settings.timebase, 's')} per division, ` +
    on.map((n) => `channel ${n} ${quantity(settings.channels[n].scale, settings.channels[n].unit)} per division`).join(', ');
  if ($('screen-text').textContent !== text) $('screen-text').textContent = text;
}

// ---- panels

function buildPanels() {
  knobs = {};
  $('channel-panel').replaceChildren();
  $('horizontal-knobs').replaceChildren();
  $('trigger-knobs').replaceChildren();
  $('channel-tabs').replaceChildren();
  $('chips').replaceChildren();
  const scope = caps !== null;
  for (const id of ['vertical', 'horizontal', 'trigger']) $(id).hidden = !scope;
  $('digital').hidden = !scope || !caps.digital.length;
  document.querySelector('main').classList.toggle('no-scope', !scope);
  for (const id of ['runstop', 'single', 'force', 'autoset', 'memory', 'together', 'download', 'format', 'zoom-in', 'zoom-out', 'zoom-fit',
    'zoom-all', 'persist', 'tab-measure', 'tab-cursors', 'tab-fft', 'tab-record']) $(id).hidden = !scope;
  if (!scope) {
    openTab('console');
    return;
  }
  selected = selected && caps.analog.includes(selected) ? selected : caps.analog[0];
  screen.selected = selected;
  caps.analog.forEach((name, i) => {
    const tab = document.createElement('button');
    tab.type = 'button';
    tab.role = 'tab';
    tab.id = 'channel-tab-' + name;
    tab.className = 'c' + i;
    tab.textContent = 'CH' + name;
    tab.setAttribute('aria-controls', 'channel-panel');
    tab.addEventListener('click', () => choose(name));
    $('channel-tabs').append(tab);
    const chip = document.createElement('button');
    chip.type = 'button';
    chip.id = 'chip-' + name;
    chip.className = 'chip c' + i;
    chip.innerHTML = '<b></b><span></span>';
    chip.firstChild.textContent = 'CH' + name;
    chip.addEventListener('click', () => toggle(name));
    $('chips').append(chip);
  });
  arrows($('channel-tabs'));
  buildChannel();
  knobs.timebase = new Knob($('horizontal-knobs'), {id: 'knob-timebase', name: 'Time / div', label: 'Time base', unit: 's',
    log: true, min: () => caps.min_timebase, max: () => caps.max_timebase, change: (v) => { change({timebase: v}); sendView(); }});
  knobs.delay = new Knob($('horizontal-knobs'), {id: 'knob-delay', name: 'Position', label: 'Delay after the trigger', unit: 's',
    step: () => settings.timebase / 10, change: (v) => { change({delay: v}); sendView(); }});
  knobs.level = new Knob($('trigger-knobs'), {id: 'knob-level', name: 'Level', label: 'Trigger level', unit: 'V', color: '#ffb84d',
    step: () => (settings.channels[settings.trigger.source] || {scale: 1}).scale / 10,
    change: (v) => { screen.levelShown = performance.now() + 1500; change({trigger: {level: v}}); }});
  knobs.holdoff = new Knob($('trigger-knobs'), {id: 'knob-holdoff', name: 'Hold-off', unit: 's', color: '#ffb84d', log: true,
    min: () => 1.6e-8, max: () => 10, change: (v) => change({holdoff: v})});
  fillSelects();
  buildLines();
  buildCursors();
}

function fillSelects() {
  for (const id of ['source', 'fft-source', 'cursor-channel']) $(id).replaceChildren();
  for (const name of caps.analog) {
    option($('source'), name, 'CH' + name);
    option($('fft-source'), name, 'CH' + name);
    option($('cursor-channel'), name, 'CH' + name);
  }
  for (const name of caps.digital) option($('source'), name, name);
  option($('source'), 'line', 'Mains');
  $('averages').replaceChildren();
  for (let n = 2; n <= 1024; n *= 2) option($('averages'), n, n);
  delete $('depth').dataset.share;
  screen.cursors.channel = caps.analog[0];
}

// The memory is shared by the channels that are on; eight lines count as one.
function fillDepths() {
  const pods = settings.digital.on ? new Set(caps.digital.map((n, i) => settings.digital.lines[n] ? i >> 3 : -1)) : new Set();
  pods.delete(-1);
  const on = caps.analog.filter((n) => settings.channels[n].enabled).length + pods.size;
  const share = on > 2 ? 4 : on > 1 ? 2 : 1;
  if ($('depth').dataset.share === String(share)) return;
  $('depth').dataset.share = share;
  $('depth').replaceChildren();
  option($('depth'), 0, 'Auto');
  const steps = caps.driver.startsWith('rigol') ? [12e3, 120e3, 1.2e6, 12e6, 24e6].filter((n) => n <= caps.max_depth).map((n) => n / share)
    : [1e3, 1e4, 1e5, 1e6, 1e7, 1e8].flatMap((n) => [n, 2 * n, 5 * n]).filter((n) => n <= caps.max_depth);
  for (const n of steps) option($('depth'), n, quantity(n, 'S'));
}

function arrows(list) {
  if (list.dataset.arrows) return;
  list.dataset.arrows = '1';
  list.addEventListener('keydown', (e) => {
    const by = {ArrowRight: 1, ArrowLeft: -1}[e.key];
    if (!by) return;
    const tabs = [...list.querySelectorAll('[role=tab]')];
    const next = tabs[(tabs.indexOf(document.activeElement) + by + tabs.length) % tabs.length];
    next.focus();
    next.click();
    e.preventDefault();
  });
}

function buildChannel() {
  const box = $('channel-panel');
  const i = caps.analog.indexOf(selected);
  const name = selected;
  const put = (part) => change({channels: {[name]: part}});
  const ch = () => settings.channels[name];
  const probe = () => (settings && ch().probe) || 1;
  box.replaceChildren();
  box.setAttribute('aria-labelledby', 'channel-tab-' + name);
  knobs.scale = new Knob(box, {id: 'knob-scale', name: 'Volts / div', label: `CH${name} volts per division`, unit: 'V', log: true,
    color: colors[i], min: () => caps.min_scale * probe(), max: () => caps.max_scale * probe(), change: (v) => put({scale: v})});
  knobs.offset = new Knob(box, {id: 'knob-offset', name: 'Position', label: `CH${name} offset`, unit: 'V', color: colors[i],
    step: () => ch().scale / 10, change: (v) => put({offset: v})});
  const row = document.createElement('div');
  row.className = 'switches';
  row.innerHTML = '<label class="check"><input type="checkbox" id="ch-on"> On</label>' +
    '<label class="check"><input type="checkbox" id="ch-bw"> BW limit</label>' +
    '<label class="check"><input type="checkbox" id="ch-invert"> Invert</label>' +
    '<label for="ch-coupling">Coupling <select id="ch-coupling"><option value="dc">DC</option><option value="ac">AC</option>' +
    '<option value="gnd">GND</option></select></label><label for="ch-probe">Probe <select id="ch-probe"></select></label>';
  box.append(row);
  for (const p of [0.1, 1, 10, 100, 1000]) option($('ch-probe'), p, p + '×');
  $('ch-on').addEventListener('change', (e) => put({enabled: e.target.checked}));
  $('ch-bw').addEventListener('change', (e) => put({bandwidth_limit: e.target.checked}));
  $('ch-invert').addEventListener('change', (e) => put({invert: e.target.checked}));
  $('ch-coupling').addEventListener('change', (e) => put({coupling: e.target.value}));
  $('ch-probe').addEventListener('change', (e) => put({probe: Number(e.target.value)}));
}

function choose(name) {
  selected = name;
  screen.selected = name;
  screen.dirty = true;
  buildChannel();
  showSettings();
}

function toggle(name) {
  if (!settings) return;
  const on = settings.channels[name].enabled;
  if (!mayAct()) { choose(name); return; }
  if (on && selected !== name) { choose(name); return; }
  change({channels: {[name]: {enabled: !on}}});
  choose(name);
}

function buildLines() {
  $('lines').replaceChildren();
  for (const name of caps.digital) {
    const b = document.createElement('button');
    b.type = 'button';
    b.id = 'line-' + name;
    b.textContent = name;
    b.addEventListener('click', () => change({digital: {on: true, lines: {[name]: !settings.digital.lines[name]}}}));
    $('lines').append(b);
  }
}

function setSelect(select, value) {
  const v = String(value);
  if (document.activeElement === select && performance.now() - touched < 1000) return;
  if (![...select.options].some((o) => o.value === v)) option(select, v, select.id === 'depth' ? quantity(Number(v), 'S') : select.id === 'averages' && v === '0' ? '–' : v);
  if (select.value !== v) select.value = v;
}

function showChannels() {
  caps.analog.forEach((name) => {
    const ch = settings.channels[name];
    const chip = $('chip-' + name);
    chip.classList.toggle('off', !ch.enabled);
    chip.setAttribute('aria-pressed', String(ch.enabled));
    chip.lastChild.textContent = ch.enabled ? `${quantity(ch.scale, ch.unit)}/ ${ch.coupling.toUpperCase()} ${ch.probe}×` : 'off';
    const tab = $('channel-tab-' + name);
    tab.setAttribute('aria-selected', String(name === selected));
    tab.tabIndex = name === selected ? 0 : -1;
  });
  const ch = settings.channels[selected];
  knobs.scale.o.unit = knobs.offset.o.unit = ch.unit;
  knobs.scale.set(ch.scale);
  knobs.offset.set(ch.offset);
  $('ch-on').checked = ch.enabled;
  $('ch-bw').checked = ch.bandwidth_limit;
  $('ch-invert').checked = ch.invert;
  setSelect($('ch-coupling'), ch.coupling);
  setSelect($('ch-probe'), ch.probe);
}

function showSettings() {
  screen.settings = caps ? settings : null;
  screen.dirty = true;
  if (!settings || !caps) return;
  showChannels();
  knobs.timebase.set(settings.timebase);
  knobs.delay.set(settings.delay);
  knobs.level.set(settings.trigger.level);
  knobs.holdoff.set(settings.holdoff);
  setSelect($('acq'), settings.acq);
  setSelect($('averages'), settings.averages);
  $('averages').disabled = settings.acq !== 'average' || !mayAct();
  fillDepths();
  setSelect($('depth'), settings.depth);
  setSelect($('source'), settings.trigger.source);
  setSelect($('slope'), settings.trigger.slope);
  setSelect($('sweep'), settings.sweep);
  $('digital-on').checked = settings.digital.on;
  for (const name of caps.digital) $('line-' + name).setAttribute('aria-pressed', String(settings.digital.lines[name]));
  const t = settings.trigger;
  const arrow = {rising: '↑', falling: '↓', either: '↕'}[t.slope] || t.slope;
  showTime();
  $('ro-rate').textContent = quantity(settings.rate, 'S/s', 3);
  $('ro-trigger').textContent = `T ${arrow} ${/^\d/.test(t.source) ? 'CH' : ''}${t.source} ${quantity(t.level, 'V')}`;
  sendView();
}

function showTime() {
  const v = screen.view();
  const div = (v.to - v.from) / caps.horizontal_divisions;
  const zoomed = screen.zoom ? `   zoom ${quantity(div, 's', 3)}/div` : '';
  const text = `${quantity(settings.timebase, 's')}/div` + (settings.delay ? `  ${quantity(settings.delay, 's')}` : '') + zoomed;
  if ($('ro-time').textContent !== text) $('ro-time').textContent = text;
}

// ---- state

const stateWords = {stopped: ['Stopped', 'stop'], pretrigger: ['Arming', 'wait'], waiting: ['Waiting', 'wait'],
  triggered: ['Triggered', 'run'], auto: ['Auto', 'run'], '': ['Ready', '']};

function showStatus() {
  const s = status;
  // A quick answer is not worth a word.
  const busy = {memory: 'Reading memory', autoset: 'Auto-set', screenshot: 'Screenshot', recording: 'Recording', console: 'Console'}[s.busy];
  // Arming lasts no time worth showing while it runs by itself.
  const state = s.state === 'pretrigger' && s.running && settings && settings.sweep === 'auto' ? 'auto' : s.state;
  const [word, kind] = !s.open ? ['No contact', 'stop'] : busy ? [busy, 'wait'] : stateWords[state] || [state, ''];
  $('state').textContent = word;
  $('state').className = 'pill ' + kind;
  $('runstop').textContent = s.running ? 'Stop' : 'Run';
  $('runstop').className = 'big ' + (s.running ? 'is-running' : 'is-stopped');
  $('cancel').hidden = !s.busy;
  $('memory').disabled = s.running || !!s.busy;
  $('together').hidden = !s.scope || !caps || caps.driver === 'picoscope' || caps.driver === 'bitscope';
  $('together').setAttribute('aria-pressed', String(s.together));
  $('trouble').hidden = !s.trouble;
  $('trouble').textContent = s.trouble || '';
  const empty = !seen && s.scope;
  $('empty').hidden = !empty;
  if (empty) $('empty').textContent = s.running ? 'waiting for a trigger …' : 'no record yet: press Run or Single';
  $('device-note').hidden = s.scope || !s.open;
  $('device-note').textContent = 'This instrument shows no traces here: use the console, or take a screenshot.';
  showLog(s.log);
  if (s.scope) take(s.settings);
  allow();
}

function allow() {
  const may = mayAct();
  for (const id of ['runstop', 'single', 'force', 'autoset', 'together', 'acq', 'depth', 'source', 'slope', 'sweep', 'digital-on', 'rec-go'])
    $(id).disabled = !may;
  for (const b of document.querySelectorAll('#lines button, #channel-panel .switches input, #channel-panel .switches select'))
    b.disabled = !may;
  for (const k of Object.values(knobs)) k.enable(may);
}

function showPeople() {
  const p = people;
  $('people').textContent = p.count > 1
    ? `${p.count} viewers · ` + (p.holding ? 'you hold the controls' : p.holder ? 'another holds the controls' : 'controls are free')
    : p.holding ? '' : 'controls are free';
  $('take').hidden = p.holding;
  $('take').disabled = p.asker === p.you;
  $('take').textContent = p.asker === p.you ? 'Asked …' : 'Take controls';
  $('release').hidden = !p.holding || p.count < 2;
  const asked = p.holding && p.asker !== null;
  $('asking').hidden = !asked;
  if (asked) $('asking-text').textContent = `Viewer ${p.asker} asks for the controls; they get them in 10 s unless you keep them.`;
  if (p.refused) toast('The one who holds the controls keeps them.');
  allow();
}

function onEvent(e) {
  if (e.event === 'status') { status = e; if (e.open && !instrument.identity) describe(); showStatus(); }
  else if (e.event === 'viewers') { people = e; showPeople(); }
  else if (e.event === 'measurements') showMeasured(e.traces);
}

function onLink(on) {
  if (on) return;
  $('state').textContent = 'No link';
  $('state').className = 'pill stop';
}

// ---- measurements, cursors, spectrum

function showMeasured(traces) {
  if (!caps) return;
  const names = Object.keys(traces);
  const rows = names.length ? Object.keys(traces[names[0]]) : [];
  const key = names.join() + ':' + rows.join();
  const table = $('measured');
  if (table.dataset.key !== key) {
    table.dataset.key = key;
    const head = document.createElement('tr');
    const corner = document.createElement('td');
    head.append(corner);
    for (const r of rows) {
      const th = document.createElement('th');
      th.scope = 'col';
      th.textContent = r;
      head.append(th);
    }
    table.tHead.replaceChildren(head);
    table.tBodies[0].replaceChildren(...names.map((n) => {
      const tr = document.createElement('tr');
      const th = document.createElement('th');
      th.scope = 'row';
      th.textContent = 'CH' + n;
      th.className = 'c' + caps.analog.indexOf(n);
      tr.append(th, ...rows.map(() => document.createElement('td')));
      return tr;
    }));
  }
  names.forEach((n, i) => rows.forEach((r, k) => {
    const [v, unit] = traces[n][r] || [null, ''];
    table.tBodies[0].rows[i].cells[k + 1].textContent = unit === '%' && v !== null ? v.toFixed(1) + ' %' : quantity(v, unit);
  }));
}

function buildCursors() {
  $('cursor-knobs').replaceChildren();
  const k = screen.cursors;
  const step = () => { const v = screen.view(); return (v.to - v.from) / 200; };
  const level = () => settings.channels[k.channel].scale / 25;
  const moved = () => { screen.dirty = true; showCursors(); };
  knobs.cursor = {enable() {}};
  const make = (name, unit, s, put) => new Knob($('cursor-knobs'), {name, label: 'Cursor ' + name, unit, step: s, color: '#fff', change: put});
  screen.cursorKnobs = {
    A: make('A', 's', step, (v) => { k.t[0] = v; moved(); }), B: make('B', 's', step, (v) => { k.t[1] = v; moved(); }),
    a: make('a', 'V', level, (v) => { k.y[0] = v; moved(); }), b: make('b', 'V', level, (v) => { k.y[1] = v; moved(); })};
}

function showCursors() {
  const k = screen.cursors;
  const box = screen.cursorKnobs;
  const out = [];
  if (!box) return;
  const unit = settings && settings.channels[k.channel] ? settings.channels[k.channel].unit : 'V';
  ['A', 'B'].forEach((n, i) => { box[n].set(k.t[i]); box[n].enable(k.time); });
  ['a', 'b'].forEach((n, i) => { box[n].o.unit = unit; box[n].set(k.y[i]); box[n].enable(k.level); });
  const dt = k.t[1] - k.t[0];
  const dy = k.y[1] - k.y[0];
  if (k.time) out.push(`Δt ${quantity(dt, 's', 5)}   1/Δt ${quantity(dt ? 1 / Math.abs(dt) : NaN, 'Hz', 5)}`);
  if (k.level) out.push(`Δ ${quantity(dy, unit, 5)}`);
  if (k.time && k.level && dt) out.push(`slope ${quantity(dy / dt, unit + '/s', 4)}`);
  $('cursor-text').textContent = out.join('     ');
}

function onSpectrum(s) {
  if ($('spectrum').hidden) return;
  const name = $('fft-source').value;
  const peak = drawSpectrum($('spectrum'), s, screen.colorOf(name));
  $('fft-text').textContent = `peak ${quantity(peak.frequency, 'Hz', 4)} at ${peak.db.toFixed(1)} dBV · ` +
    `resolution ${quantity(s.resolution, 'Hz', 3)} · ${quantity(s.samples, 'S', 4)}`;
}

// ---- tabs

function openTab(id) {
  for (const tab of document.querySelectorAll('#tabs [role=tab]')) {
    const on = tab.id === 'tab-' + id;
    tab.setAttribute('aria-selected', String(on));
    tab.tabIndex = on ? 0 : -1;
    $(tab.getAttribute('aria-controls')).hidden = !on;
  }
  $('spectrum').hidden = id !== 'fft';
  if (stream) {
    stream.say('measure', id === 'measure');
    stream.say('spectrum', id === 'fft' ? $('fft-source').value : null);
  }
  if (id === 'files') listFiles();
  if (id === 'cursors' && !screen.cursors.placed) {
    screen.cursors.placed = screen.cursors.time = true;
    $('cursor-time').checked = true;
    screen.place();
  }
  showCursors();
}

function openTabName() { return document.querySelector('#tabs [aria-selected=true]').id.slice(4); }

// ---- recordings, files, console

function showLog(log) {
  const running = log && log.state === 'running';
  $('rec-go').textContent = running ? 'Stop recording' : 'Start recording';
  $('rec-bar').hidden = !running;
  if (!log) return;
  const part = log.duration > 0 && log.rate ? log.samples / log.rate / log.duration : 0;
  if (log.duration > 0) $('rec-bar').value = Math.min(1, part);
  else $('rec-bar').removeAttribute('value');
  const text = `${log.file}: ${{running: 'recording', done: 'done', failed: 'failed'}[log.state]}, ` +
    `${quantity(log.samples, 'S', 4)}/channel at ${quantity(log.rate, 'S/s', 3)}, ${log.lost} lost in ${log.gaps} gaps, ` +
    `${log.seconds.toFixed(1)} s${log.error ? ': ' + log.error : ''}`;
  $('rec-text').textContent = text;
  if (!running && showLog.was) listFiles();
  showLog.was = running;
}

function numberFrom(id, unit) {
  const text = $(id).value.trim();
  if (!text) return undefined;
  const v = parseQuantity(text, unit);
  if (v === null) throw new Error(`${text}: a number in ${unit} is wanted`);
  return v;
}

async function record() {
  if (status.log && status.log.state === 'running') { await call('recording', {action: 'stop'}); return; }
  try {
    await call('recording', {action: 'start', format: $('rec-format').value, rate: numberFrom('rec-rate', 'S/s'),
      duration: numberFrom('rec-time', 's')});
  } catch (e) { toast(e.message); }
}

async function listFiles() {
  let files;
  try { ({files} = await api('files')); } catch (e) { toast(e.message); return; }
  $('files').replaceChildren(...files.map((f) => {
    const li = document.createElement('li');
    const a = document.createElement('a');
    a.href = '/api/files/' + encodeURIComponent(f.name);
    a.textContent = f.name;
    a.download = f.name;
    const size = document.createElement('span');
    size.className = 'size';
    size.textContent = quantity(f.size, 'B', 3) + '  ' + new Date(f.modified * 1000).toLocaleString();
    const del = document.createElement('button');
    del.type = 'button';
    del.textContent = 'Delete';
    del.setAttribute('aria-label', 'Delete ' + f.name);
    del.addEventListener('click', async () => {
      if (!confirm(`Delete ${f.name}?`)) return;
      try { await api('files/' + encodeURIComponent(f.name), undefined, 'DELETE'); } catch (e) { toast(e.message); }
      listFiles();
    });
    li.append(a, size, del);
    return li;
  }));
  if (!files.length) $('files').innerHTML = '<li>Nothing has been recorded yet.</li>';
}

const typed = [];
let typedAt = 0;
function say(text, kind) {
  const line = document.createElement('div');
  line.className = kind;
  line.textContent = text;
  $('said').append(line);
  while ($('said').childNodes.length > 400) $('said').firstChild.remove();
  $('said').scrollTop = $('said').scrollHeight;
}

async function ask() {
  const command = $('command').value.trim();
  if (!command) return;
  typed.push(command);
  typedAt = typed.length;
  $('command').value = '';
  say('> ' + command, 'q');
  try {
    const r = await api(`instruments/${instrument.id}/scpi`, {command});
    if (r.reply !== undefined) say(r.reply + (r.cut ? ` … (${r.bytes} bytes)` : ''), 'a');
  } catch (e) { say(e.message, 'e'); }
}

async function save(path, fallback) {
  const reply = await call(path);
  if (!reply) return;
  const blob = await reply.blob();
  const name = /filename="([^"]+)"/.exec(reply.headers.get('content-disposition') || '');
  const a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = name ? name[1] : fallback;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}

// ---- instruments

function title(i) {
  const id = i.identity;
  const what = id ? id.model : i.title || i.name;
  return what ? `${what} · ${i.resource}` : i.resource;
}

async function listInstruments() {
  const all = await api('instruments');
  const select = $('instrument');
  const had = instrument ? instrument.id : select.value;
  select.replaceChildren();
  for (const i of all.instruments) option(select, i.id, title(i));
  if (!all.instruments.length) option(select, '', all.discovering ? 'searching …' : 'none yet: Search');
  if (had) select.value = had;
  if (!$('format').options.length) {
    for (const f of all.formats) { option($('format'), f, f.toUpperCase()); if (f !== 'png' && f !== 'svg') option($('rec-format'), f, f.toUpperCase()); }
    $('format').value = 'npy';
  }
  return all;
}

async function describe() {
  const id = instrument.id;
  try {
    const full = await api(`instruments/${id}`);
    if (instrument.id !== id) return;
    instrument = full;
    if (JSON.stringify(full.caps) !== JSON.stringify(caps) || !knobs.scale) {
      caps = full.caps;
      screen.caps = caps;
      screen.gridKey = '';
      settings = full.status ? structuredClone(full.status.settings) : null;
      buildPanels();
    }
    document.title = full.identity ? `${full.identity.model} – Graticule` : 'Graticule';
    if (full.status) { status = full.status; showStatus(); showSettings(); }
    const entry = [...$('instrument').options].find((o) => o.value === id);
    if (entry) entry.textContent = title(full);
  } catch (e) {
    if (e.status === 401) signIn();
    else { $('trouble').hidden = false; $('trouble').textContent = e.message; }
  }
}

function open(i) {
  if (stream) stream.close();
  instrument = i;
  caps = settings = status = seen = null;
  knobs = {};
  screen.frame = screen.settings = screen.caps = null;
  screen.queue = [];
  screen.owed = [];
  screen.setZoom(null);
  viewKey = '';
  history.replaceState(null, '', '#' + i.id);
  stream = new Stream(i.id, {event: onEvent, frame: (frame) => screen.show(frame), spectrum: onSpectrum, link: onLink});
  openTab(openTabName());
  describe();
}

async function search() {
  $('search').disabled = true;
  $('search').lastChild.textContent = 'Searching …';
  try {
    await api('discover', {});
    for (let busy = true; busy;) {
      await new Promise((r) => setTimeout(r, 700));
      const all = await listInstruments();
      busy = all.discovering;
      if (!instrument && all.instruments.length) open(all.instruments[0]);
    }
  } catch (e) { toast(e.message); }
  $('search').disabled = false;
  $('search').lastChild.textContent = 'Search';
}

function signIn() {
  if (!$('sign-in').open) $('sign-in').showModal();
}

async function enter(token) {
  await api('session', {token});
  if ($('sign-in').open) $('sign-in').close();
  await begin();
}

async function begin() {
  const wanted = location.hash.slice(1);
  const all = await listInstruments();
  const first = all.instruments.find((i) => i.id === wanted) || all.instruments[0];
  if (first) { $('instrument').value = first.id; open(first); }
  else search();
}

async function start() {
  const given = /^#token=([\w-]+)/.exec(location.hash);
  if (given) {
    history.replaceState(null, '', location.pathname);
    try { await enter(given[1]); return; } catch (e) { $('sign-in-error').textContent = e.message; }
  }
  const s = await api('session');
  if (s.known) await begin();
  else signIn();
}

// ---- hands

const run = (action) => call('run', {action});
$('instrument').addEventListener('change', async () => {
  const all = await api('instruments');
  const i = all.instruments.find((k) => k.id === $('instrument').value);
  if (i) open(i);
});
$('search').addEventListener('click', search);
$('runstop').addEventListener('click', () => run(status && status.running ? 'stop' : 'run'));
$('together').addEventListener('click', () => run(status && status.together ? 'in-turn' : 'together'));
for (const a of ['single', 'force', 'autoset', 'memory', 'cancel']) $(a).addEventListener('click', () => run(a));
$('take').addEventListener('click', () => call('control', {action: 'take'}));
$('release').addEventListener('click', () => call('control', {action: 'release'}));
$('give').addEventListener('click', () => call('control', {action: 'give'}));
$('keep').addEventListener('click', () => call('control', {action: 'keep'}));
$('zoom-in').addEventListener('click', () => screen.zoomBy(0.5));
$('zoom-out').addEventListener('click', () => screen.zoomBy(2));
$('zoom-fit').addEventListener('click', () => screen.setZoom(null));
$('zoom-all').addEventListener('click', () => { if (seen) screen.setZoom(seen.begin, seen.end); });
$('persist').addEventListener('click', () => {
  screen.persist = !screen.persist;
  $('persist').setAttribute('aria-pressed', String(screen.persist));
  screen.dirty = true;
});
$('screenshot').addEventListener('click', () => save('screenshot?format=png', 'screen.png'));
$('download').addEventListener('click', () => save('waveform?format=' + $('format').value, 'waveform.' + $('format').value));
$('acq').addEventListener('change', (e) => change({acq: e.target.value}));
$('averages').addEventListener('change', (e) => change({averages: Number(e.target.value)}));
$('depth').addEventListener('change', (e) => change({depth: Number(e.target.value)}));
$('source').addEventListener('change', (e) => change({trigger: {source: e.target.value}}));
$('slope').addEventListener('change', (e) => change({trigger: {slope: e.target.value}}));
$('sweep').addEventListener('change', (e) => change({sweep: e.target.value}));
$('digital-on').addEventListener('change', (e) => change({digital: {on: e.target.checked}}));
$('cursor-time').addEventListener('change', (e) => { screen.cursors.time = e.target.checked; screen.dirty = true; showCursors(); });
$('cursor-level').addEventListener('change', (e) => {
  screen.cursors.level = e.target.checked;
  if (e.target.checked && screen.cursors.y[0] === screen.cursors.y[1]) screen.place();
  screen.dirty = true;
  showCursors();
});
$('cursor-channel').addEventListener('change', (e) => { screen.cursors.channel = e.target.value; screen.place(); showCursors(); });
$('fft-source').addEventListener('change', () => openTab('fft'));
$('record').addEventListener('submit', (e) => { e.preventDefault(); record(); });
$('ask').addEventListener('submit', (e) => { e.preventDefault(); ask(); });
$('command').addEventListener('keydown', (e) => {
  const by = {ArrowUp: -1, ArrowDown: 1}[e.key];
  if (!by) return;
  typedAt = Math.min(typed.length, Math.max(0, typedAt + by));
  $('command').value = typed[typedAt] || '';
  e.preventDefault();
});
for (const tab of document.querySelectorAll('#tabs [role=tab]')) tab.addEventListener('click', () => openTab(tab.id.slice(4)));
arrows($('tabs'));
$('help-open').addEventListener('click', () => $('help').showModal());
$('help-close').addEventListener('click', () => $('help').close());
$('sign-in').addEventListener('cancel', (e) => e.preventDefault());
$('sign-in-form').addEventListener('submit', async (e) => {
  e.preventDefault();
  try { await enter($('token').value.trim()); } catch (x) { $('sign-in-error').textContent = x.message; }
});
document.addEventListener('visibilitychange', () => { if (stream) stream.say('visible', !document.hidden); });
document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || /INPUT|SELECT|TEXTAREA/.test(e.target.tagName) || document.querySelector('dialog[open]')) return;
  const act = {r: () => $('runstop').click(), s: () => $('single').click(), f: () => $('force').click(),
    a: () => $('autoset').click(), '[': () => knobs.timebase && knobs.timebase.turn(1),
    ']': () => knobs.timebase && knobs.timebase.turn(-1), '?': () => $('help').showModal()}[e.key.toLowerCase()];
  if (act) act();
  else if (/^[1-4]$/.test(e.key) && caps && caps.analog[e.key - 1]) {
    const name = caps.analog[e.key - 1];
    if (selected === name || !settings.channels[name].enabled) toggle(name);
    else choose(name);
  } else return;
  e.preventDefault();
});

start().catch((e) => { $('trouble').hidden = false; $('trouble').textContent = e.message; });
