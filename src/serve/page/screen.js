// The glass: grid, traces, lanes, marks, cursors; the map of the record; the spectrum.
import {quantity} from '/knobs.js';

export const colors = ['#f7d038', '#35d0e6', '#f58ad8', '#8fb0ff'];
const laneColor = '#7fe08a';

function fit(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2.5);
  const w = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const h = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; return [ratio, true]; }
  return [ratio, false];
}

// Text that is read also over a trace.
function label(g, text, x, y, color) {
  const m = g.measureText(text);
  g.fillStyle = 'rgba(4,8,10,0.75)';
  g.fillRect(x - 2, y - m.actualBoundingBoxAscent - 2, m.width + 4, m.actualBoundingBoxAscent + m.actualBoundingBoxDescent + 4);
  g.fillStyle = color;
  g.fillText(text, x, y);
}

export class Screen {
  // hooks: view(from, to) when the user zooms or pans, level(v), moved() after a cursor was dragged
  constructor(canvas, map, hooks) {
    this.canvas = canvas;
    this.map = map;
    this.hooks = hooks;
    this.c = canvas.getContext('2d', {alpha: false});
    this.glow = document.createElement('canvas');
    this.grid = document.createElement('canvas');
    this.frame = null;
    this.settings = null;
    this.caps = null;
    this.zoom = null;          // {from, to}, or null: the instrument's own view
    this.persist = false;
    this.selected = null;
    this.cursors = {time: false, level: false, t: [0, 0], y: [0, 0], channel: null, placed: false};
    this.drawn = 0;
    this.queue = [];           // frames that wait for a refresh
    this.owed = [];            // frames that are not drawn yet: the server sends no more than three ahead
    this.dirty = true;
    this.points = new Map();   // pointers that are down
    this.listen();
    new ResizeObserver(() => { this.dirty = true; this.hooks.resized(); }).observe(canvas);
    const loop = () => { this.next(); if (this.dirty) this.draw(); requestAnimationFrame(loop); };
    requestAnimationFrame(loop);
  }

  own() {
    const s = this.settings;
    if (!s || !this.caps) return this.frame ? {from: this.frame.begin, to: this.frame.end} : {from: -1, to: 1};
    const half = this.caps.horizontal_divisions * s.timebase / 2;
    return {from: s.delay - half, to: s.delay + half};
  }

  view() { return this.zoom || this.own(); }

  columns() { return Math.min(2400, Math.max(64, this.canvas.width)); }

  setZoom(from, to) {
    if (from === null) this.zoom = null;
    else {
      const least = this.frame ? 4 * this.frame.dt : 1e-12;
      const f = this.frame;
      const own = this.own();
      const low = f ? Math.min(f.begin, own.from) : own.from;
      const high = f ? Math.max(f.end, own.to) : own.to;
      let w = Math.min(Math.max(to - from, least), high - low);
      from = Math.min(Math.max(from, low), high - w);
      this.zoom = {from, to: from + w};
    }
    this.dirty = true;
    this.hooks.view();
  }

  zoomBy(factor, at = 0.5) {
    const v = this.view();
    const t = v.from + (v.to - v.from) * at;
    this.setZoom(t - (t - v.from) * factor, t + (v.to - t) * factor);
  }

  panBy(part) {
    const v = this.view();
    const d = (v.to - v.from) * part;
    this.setZoom(v.from + d, v.to + d);
  }

  // One a refresh of the display: of two that come close together both are seen. What answers a new view does not wait.
  show(frame) {
    const last = this.queue[this.queue.length - 1] || this.frame;
    if (this.queue.length > 1 || (last && last.view !== frame.view)) this.queue = [];
    this.queue.push(frame);
    this.owed.push(frame.number);
  }

  next() {
    const frame = this.queue.shift();
    if (!frame) return;
    this.frame = frame;
    this.fresh = true;
    this.dirty = true;
    this.hooks.shown(frame);
  }

  // ---- places

  divisions() { return this.caps ? this.caps.vertical_divisions : 8; }

  lanes() { return this.frame ? this.frame.traces.filter((t) => t.logic) : []; }

  laneHeight() {
    const n = this.lanes().length;
    return n ? Math.min(this.canvas.height * 0.5 / n, 30 * this.ratio) : 0;
  }

  plotHeight() { return this.canvas.height - this.laneHeight() * this.lanes().length; }

  x(t) {
    const v = this.view();
    return (t - v.from) / (v.to - v.from) * this.canvas.width;
  }

  y(ch, value) {
    const h = this.plotHeight();
    return h / 2 - (value + ch.offset) / ch.scale * h / this.divisions();
  }

  value(ch, y) {
    const h = this.plotHeight();
    return (h / 2 - y) / (h / this.divisions()) * ch.scale - ch.offset;
  }

  // ---- drawing

  drawGrid() {
    const {width: w, height: full} = this.canvas;
    const h = this.plotHeight();
    const key = [w, full, h].join();
    if (this.gridKey === key) return;
    this.gridKey = key;
    this.grid.width = w;
    this.grid.height = full;
    const g = this.grid.getContext('2d');
    const nx = this.caps ? this.caps.horizontal_divisions : 10;
    const ny = this.divisions();
    g.fillStyle = '#04080a';
    g.fillRect(0, 0, w, full);
    g.lineWidth = 1;
    g.strokeStyle = '#1d2b33';
    g.beginPath();
    for (let i = 1; i < nx; i++) { const x = Math.round(i * w / nx) + 0.5; g.moveTo(x, 0); g.lineTo(x, h); }
    for (let i = 1; i < ny; i++) { const y = Math.round(i * h / ny) + 0.5; g.moveTo(0, y); g.lineTo(w, y); }
    g.stroke();
    g.strokeStyle = '#3a4f5b';
    g.beginPath();
    const cx = Math.round(w / 2) + 0.5;
    const cy = Math.round(h / 2) + 0.5;
    g.moveTo(cx, 0); g.lineTo(cx, h); g.moveTo(0, cy); g.lineTo(w, cy);
    const tick = 4 * this.ratio;
    for (let i = 0; i < nx * 5; i++) { const x = Math.round(i * w / nx / 5) + 0.5; g.moveTo(x, cy - tick); g.lineTo(x, cy + tick); }
    for (let i = 0; i < ny * 5; i++) { const y = Math.round(i * h / ny / 5) + 0.5; g.moveTo(cx - tick, y); g.lineTo(cx + tick, y); }
    g.stroke();
  }

  drawTrace(g, t, ch, color) {
    const h = this.plotHeight();
    const per = h / this.divisions() / ch.scale;
    const k = -t.scale * per;
    const b = h / 2 - (t.offset + ch.offset) * per;
    const v = this.view();
    const sx = this.canvas.width / (v.to - v.from);
    const dx = t.step * sx;
    let x = (t.at - v.from) * sx;
    const data = t.data;
    g.strokeStyle = color;
    g.lineWidth = (t.samples ? 1.7 : 1.3) * this.ratio;
    g.lineJoin = 'bevel';
    if (t.samples) {
      g.beginPath();
      for (let i = 0; i < t.points; i++, x += dx) g.lineTo(x, data[i] * k + b);
      g.stroke();
    } else {
      this.fillEnvelope(g, t, {k, b, x, dx}, color);
    }
    if (t.samples && dx > 9 * this.ratio) {
      g.fillStyle = color;
      x = (t.at - v.from) * sx;
      for (let i = 0; i < t.points; i++, x += dx) g.fillRect(x - 2 * this.ratio, data[i] * k + b - 2 * this.ratio, 4 * this.ratio, 4 * this.ratio);
    }
  }

  // One area along the highest values and back along the lowest: far cheaper than a stroke for each column.
  fillEnvelope(g, t, {k, b, x, dx}, color) {
    const {data, points} = t;
    const half = 0.65 * this.ratio;
    g.fillStyle = color;
    g.beginPath();
    for (let i = 0; i < points;) {
      if (data[2 * i] > data[2 * i + 1]) { i++; continue; }
      const first = i;
      g.moveTo(x + i * dx, data[2 * i + 1] * k + b - half);
      for (i++; i < points && data[2 * i] <= data[2 * i + 1]; i++) g.lineTo(x + i * dx, data[2 * i + 1] * k + b - half);
      for (let n = i - 1; n >= first; n--) g.lineTo(x + n * dx, data[2 * n] * k + b + half);
      g.closePath();
    }
    g.fill();
  }

  drawLanes(g) {
    const lanes = this.lanes();
    const lh = this.laneHeight();
    const top = this.plotHeight();
    const v = this.view();
    const sx = this.canvas.width / (v.to - v.from);
    g.font = `${11 * this.ratio}px system-ui, sans-serif`;
    lanes.forEach((t, n) => {
      const y0 = top + n * lh + lh * 0.82;
      const y1 = top + n * lh + lh * 0.22;
      const dx = t.step * sx;
      let x = (t.at - v.from) * sx;
      g.strokeStyle = '#16222a';
      g.strokeRect(0, top + n * lh, this.canvas.width, lh);
      g.strokeStyle = laneColor;
      g.lineWidth = 1.2 * this.ratio;
      g.beginPath();
      let was = null;
      const busy = [];
      for (let i = 0; i < t.points; i++, x += dx) {
        const low = t.samples ? t.data[i] : t.data[2 * i];
        const high = t.samples ? t.data[i] : t.data[2 * i + 1];
        if (low > high) { was = null; continue; }
        const a = low ? y1 : y0;
        const b = high ? y1 : y0;
        // Where it changes within every column the lane is filled, not so bright.
        const changes = a !== b;
        if (was === null) g.moveTo(x, a);
        else if (changes && busy[busy.length - 1] === i - 1) g.moveTo(x, b);
        else { g.lineTo(x, was); g.lineTo(x, a); }
        if (changes) busy.push(i);
        was = b;
      }
      g.stroke();
      g.fillStyle = 'rgba(127,224,138,0.4)';
      const left = (t.at - v.from) * sx - dx / 2;
      for (const i of busy) g.fillRect(left + i * dx, y1, dx, y0 - y1);
      label(g, t.name, 5 * this.ratio, y0 - 1 * this.ratio, laneColor);
    });
  }

  flag(g, x, y, text, color, right) {
    const r = this.ratio;
    const w = 18 * r;
    const h = 15 * r;
    y = Math.min(Math.max(y, h / 2), this.plotHeight() - h / 2);
    g.fillStyle = color;
    g.beginPath();
    if (right) { g.moveTo(x - w, y - h / 2); g.lineTo(x - 6 * r, y - h / 2); }
    const s = right ? -1 : 1;
    g.moveTo(x, y - h / 2);
    g.lineTo(x + s * (w - 6 * r), y - h / 2);
    g.lineTo(x + s * w, y);
    g.lineTo(x + s * (w - 6 * r), y + h / 2);
    g.lineTo(x, y + h / 2);
    g.fill();
    g.fillStyle = '#000';
    g.font = `700 ${11 * r}px system-ui, sans-serif`;
    g.textAlign = 'center';
    g.textBaseline = 'middle';
    g.fillText(text, x + s * 7 * r, y + 0.5 * r);
    g.textAlign = 'left';
    g.textBaseline = 'alphabetic';
  }

  channelOf(name) { return this.settings && this.settings.channels[name]; }

  colorOf(name) {
    const i = this.caps ? this.caps.analog.indexOf(name) : Number(name) - 1;
    return colors[i] || '#ffffff';
  }

  drawMarks(g) {
    const s = this.settings;
    const r = this.ratio;
    if (!s) return;
    const names = [...this.caps.analog].sort((a, b) => (a === this.selected) - (b === this.selected));
    for (const name of names) {
      const ch = s.channels[name];
      if (ch.enabled) this.flag(g, 0, this.y(ch, 0), name, this.colorOf(name));
    }
    const source = this.channelOf(s.trigger.source);
    if (source && source.enabled) {
      const y = this.y(source, s.trigger.level);
      if (this.levelShown > performance.now()) {
        g.strokeStyle = this.colorOf(s.trigger.source);
        g.setLineDash([6 * r, 5 * r]);
        g.beginPath(); g.moveTo(0, y); g.lineTo(this.canvas.width, y); g.stroke();
        g.setLineDash([]);
        setTimeout(() => { this.dirty = true; }, 1600);
      }
      this.flag(g, this.canvas.width, y, 'T', '#ffb84d', true);
    }
    const x = this.x(0);
    g.fillStyle = '#ffb84d';
    g.beginPath();
    g.moveTo(x - 6 * r, 0); g.lineTo(x + 6 * r, 0); g.lineTo(x, 9 * r);
    g.fill();
  }

  drawCursors(g) {
    const k = this.cursors;
    const r = this.ratio;
    g.lineWidth = 1.2 * r;
    g.setLineDash([7 * r, 4 * r]);
    g.font = `600 ${11 * r}px system-ui, sans-serif`;
    const put = (text, x, y) => { g.fillStyle = '#fff'; g.fillText(text, x, y); };
    if (k.time) {
      k.t.forEach((t, i) => {
        const x = this.x(t);
        g.strokeStyle = '#ffffff';
        g.beginPath(); g.moveTo(x, 0); g.lineTo(x, this.canvas.height); g.stroke();
        put(i ? 'B' : 'A', x + 4 * r, 24 * r);
      });
    }
    const ch = this.channelOf(k.channel);
    if (k.level && ch) {
      k.y.forEach((v, i) => {
        const y = this.y(ch, v);
        g.strokeStyle = this.colorOf(k.channel);
        g.beginPath(); g.moveTo(0, y); g.lineTo(this.canvas.width, y); g.stroke();
        put(i ? 'b' : 'a', this.canvas.width - 34 * r, y - 4 * r);
      });
    }
    g.setLineDash([]);
  }

  drawTraces(f) {
    const order = this.frame.traces.filter((t) => !t.logic && this.channelOf(t.name));
    order.sort((a, b) => (a.name === this.selected) - (b.name === this.selected));
    f.save();
    f.beginPath();
    f.rect(0, 0, this.canvas.width, this.plotHeight());
    f.clip();
    for (const t of order) {
      const ch = this.channelOf(t.name);
      if (ch.enabled) this.drawTrace(f, t, ch, this.colorOf(t.name));
    }
    f.restore();
  }

  // What was there before fades.
  drawPersistent(g) {
    const {width: w, height: h} = this.canvas;
    const f = this.glow.getContext('2d');
    if (this.glow.width !== w || this.glow.height !== h) { this.glow.width = w; this.glow.height = h; }
    if (!this.glowing) f.clearRect(0, 0, w, h);
    if (this.fresh) {
      f.globalCompositeOperation = 'destination-out';
      f.fillStyle = 'rgba(0,0,0,0.06)';
      f.fillRect(0, 0, w, h);
      f.globalCompositeOperation = 'source-over';
    }
    this.drawTraces(f);
    g.drawImage(this.glow, 0, 0);
  }

  draw() {
    [this.ratio] = fit(this.canvas);
    this.dirty = false;
    this.drawGrid();
    const g = this.c;
    g.drawImage(this.grid, 0, 0);
    if (this.frame && this.settings) {
      if (this.persist) this.drawPersistent(g);
      else this.drawTraces(g);
      this.drawLanes(g);
    }
    this.glowing = this.persist;
    this.fresh = false;
    this.drawMarks(g);
    this.drawCursors(g);
    this.drawMap();
    this.drawn++;
    for (const number of this.owed.splice(0)) this.hooks.drawn(number);
  }

  drawMap() {
    const [r] = fit(this.map);
    const g = this.map.getContext('2d');
    const {width: w, height: h} = this.map;
    const v = this.view();
    const own = this.own();
    const from = this.frame ? Math.min(this.frame.begin, own.from) : own.from;
    const to = this.frame ? Math.max(this.frame.end, own.to) : own.to;
    const key = [w, h, v.from, v.to, from, to, this.frame ? this.frame.begin : 0, this.frame ? this.frame.end : 0].join();
    if (this.mapKey === key) return;
    this.mapKey = key;
    const x = (t) => (t - from) / (to - from) * w;
    g.fillStyle = '#070d10';
    g.fillRect(0, 0, w, h);
    if (this.frame) {
      g.fillStyle = '#1e3a46';
      g.fillRect(x(this.frame.begin), h * 0.3, x(this.frame.end) - x(this.frame.begin), h * 0.4);
    }
    g.fillStyle = 'rgba(92,200,255,0.22)';
    g.strokeStyle = '#5cc8ff';
    g.lineWidth = r;
    const a = x(v.from);
    const width = Math.max(3 * r, x(v.to) - a);
    g.fillRect(a, 1, width, h - 2);
    g.strokeRect(a + 0.5, 1.5, width - 1, h - 3);
    g.fillStyle = '#ffb84d';
    const t = x(0);
    g.beginPath(); g.moveTo(t - 4 * r, 0); g.lineTo(t + 4 * r, 0); g.lineTo(t, 6 * r); g.fill();
  }

  // ---- hands

  place() {
    const k = this.cursors;
    const v = this.view();
    const ch = this.channelOf(k.channel);
    k.t = [v.from + (v.to - v.from) * 0.3, v.from + (v.to - v.from) * 0.7];
    if (ch) k.y = [this.value(ch, this.plotHeight() * 0.3), this.value(ch, this.plotHeight() * 0.7)];
    this.dirty = true;
  }

  // What lies under the hand: a cursor, the trigger level, or nothing.
  grab(x, y) {
    const near = 9 * this.ratio;
    const k = this.cursors;
    const s = this.settings;
    for (const i of [0, 1]) {
      if (k.time && Math.abs(this.x(k.t[i]) - x) < near) return {time: i};
      const ch = this.channelOf(k.channel);
      if (k.level && ch && Math.abs(this.y(ch, k.y[i]) - y) < near) return {level: i};
    }
    const source = s && this.channelOf(s.trigger.source);
    if (source && x > this.canvas.width - 26 * this.ratio && Math.abs(this.y(source, s.trigger.level) - y) < 2 * near)
      return {trigger: source};
    return null;
  }

  drag(what, x, y) {
    const v = this.view();
    const k = this.cursors;
    if (what.time !== undefined) k.t[what.time] = v.from + x / this.canvas.width * (v.to - v.from);
    else if (what.level !== undefined) k.y[what.level] = this.value(this.channelOf(k.channel), y);
    else { this.hooks.level(this.value(what.trigger, y)); return; }
    this.dirty = true;
    this.hooks.moved();
  }

  listen() {
    const c = this.canvas;
    const at = (e) => {
      const b = c.getBoundingClientRect();
      return [(e.clientX - b.left) * this.ratio, (e.clientY - b.top) * this.ratio];
    };
    c.addEventListener('wheel', (e) => {
      e.preventDefault();
      const [x] = at(e);
      if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) this.panBy(Math.sign(e.deltaX || e.deltaY) * 0.06);
      else this.zoomBy(e.deltaY < 0 ? 0.8 : 1.25, x / c.width);
    }, {passive: false});
    c.addEventListener('dblclick', () => this.setZoom(null));
    c.addEventListener('pointerdown', (e) => {
      const [x, y] = at(e);
      if (!this.points.size) this.held = this.grab(x, y);
      this.points.set(e.pointerId, [x, y]);
      c.setPointerCapture(e.pointerId);
    });
    c.addEventListener('pointermove', (e) => {
      const was = this.points.get(e.pointerId);
      if (!was) return;
      const [x, y] = at(e);
      if (this.held) this.drag(this.held, x, y);
      else if (this.points.size === 1) { if (x !== was[0]) this.panBy((was[0] - x) / c.width); }
      else {
        const other = [...this.points].find(([id]) => id !== e.pointerId)[1];
        const before = Math.abs(was[0] - other[0]);
        const now = Math.abs(x - other[0]);
        if (before > 8 && now > 8) this.zoomBy(before / now, (x + other[0]) / 2 / c.width);
      }
      this.points.set(e.pointerId, [x, y]);
    });
    const end = (e) => { this.points.delete(e.pointerId); if (!this.points.size) this.held = null; };
    c.addEventListener('pointerup', end);
    c.addEventListener('pointercancel', end);
    c.addEventListener('keydown', (e) => {
      const act = {ArrowLeft: () => this.panBy(-0.1), ArrowRight: () => this.panBy(0.1), '+': () => this.zoomBy(0.5),
        '=': () => this.zoomBy(0.5), '-': () => this.zoomBy(2), 0: () => this.setZoom(null)}[e.key];
      if (!act || e.ctrlKey || e.metaKey) return;
      act();
      e.preventDefault();
    });
    const jump = (e) => {
      const b = this.map.getBoundingClientRect();
      const own = this.own();
      const from = this.frame ? Math.min(this.frame.begin, own.from) : own.from;
      const to = this.frame ? Math.max(this.frame.end, own.to) : own.to;
      const v = this.view();
      const t = from + (e.clientX - b.left) / b.width * (to - from);
      this.setZoom(t - (v.to - v.from) / 2, t + (v.to - v.from) / 2);
    };
    this.map.addEventListener('pointerdown', (e) => { this.map.setPointerCapture(e.pointerId); jump(e); });
    this.map.addEventListener('pointermove', (e) => { if (e.buttons) jump(e); });
  }
}

export function drawSpectrum(canvas, s, color) {
  const [r] = fit(canvas);
  const g = canvas.getContext('2d', {alpha: false});
  const {width: w, height: h} = canvas;
  const top = 20;
  const bottom = -120;
  const y = (db) => (top - db) / (top - bottom) * h;
  g.fillStyle = '#04080a';
  g.fillRect(0, 0, w, h);
  g.strokeStyle = '#1d2b33';
  g.fillStyle = '#93a5b1';
  g.font = `${11 * r}px system-ui, sans-serif`;
  g.lineWidth = 1;
  g.beginPath();
  for (let db = 0; db > bottom; db -= 20) {
    g.moveTo(0, Math.round(y(db)) + 0.5);
    g.lineTo(w, Math.round(y(db)) + 0.5);
  }
  for (let i = 1; i < 10; i++) { g.moveTo(Math.round(i * w / 10) + 0.5, 0); g.lineTo(Math.round(i * w / 10) + 0.5, h); }
  g.stroke();
  g.strokeStyle = color;
  g.lineWidth = 1.3 * r;
  g.beginPath();
  let best = 1;
  for (let i = 0; i < s.db.length; i++) {
    g.lineTo((i + 0.5) / s.db.length * w, y(s.db[i]));
    if (i > 0 && s.db[i] > s.db[best]) best = i;
  }
  g.stroke();
  for (let db = 0; db > bottom; db -= 20) label(g, `${db} dBV`, 4 * r, y(db) - 3 * r, '#93a5b1');
  for (let i = 2; i < 10; i += 2) label(g, quantity(s.to * i / 10, 'Hz', 3), i * w / 10 + 3 * r, h - 4 * r, '#93a5b1');
  // Where one point is one bin, the top of a parabola through three is nearer to the truth.
  const per = Math.round(s.to / s.db.length / s.resolution);
  const [a, b, c] = [s.db[best - 1], s.db[best], s.db[best + 1]];
  const shift = per === 1 && c !== undefined && a + c < 2 * b ? (a - c) / (2 * (a - 2 * b + c)) : 0;
  return {frequency: (best * per + (per - 1) / 2 + shift) * s.resolution, db: b - (a - c) * shift / 4 || b};
}
