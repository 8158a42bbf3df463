// Quantities with units, and knobs.
const prefixes = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, ''], [1e-3, 'm'], [1e-6, 'µ'], [1e-9, 'n'], [1e-12, 'p']];

export function quantity(v, unit, digits = 4) {
  if (v === null || v === undefined || !Number.isFinite(v)) return '–';
  // Rounded first, so that 999.99 mV is 1 V. What is less than a tenth of the least prefix is a rest of rounding.
  const round = Number(v.toPrecision(digits));
  const size = Math.abs(round);
  if (size < 1e-13) return '0 ' + unit;
  const best = prefixes.find((p) => size >= p[0] * 0.9999995) || prefixes[prefixes.length - 1];
  return String(Number((round / best[0]).toPrecision(digits))) + ' ' + best[1] + unit;
}

// "500m", "500mV", "1.5 ms", "-2"; null when it is none of these.
export function parseQuantity(text, unit) {
  const m = /^\s*([+-]?[\d.]+(?:e[+-]?\d+)?)\s*([GMkmuµnp]?)\s*(\S*)\s*$/.exec(text.replace('−', '-'));
  if (!m || !Number.isFinite(Number(m[1]))) return null;
  let scale = 1;
  let rest = m[3];
  if (m[2]) {
    const p = prefixes.find((q) => q[1] === (m[2] === 'u' ? 'µ' : m[2]));
    scale = p[0];
  }
  if (rest === 'min' && unit === 's') { scale = 60; rest = 's'; }
  if (m[2] === 'm' && rest === 'in' && unit === 's') { scale = 60; rest = 's'; }
  if (rest === 'h' && unit === 's') { scale = 3600; rest = 's'; }
  if (rest && rest.toLowerCase() !== unit.toLowerCase()) return null;
  return Number(m[1]) * scale;
}

// The next of 1, 2, 5, 10 … upwards or downwards.
export function ladder(v, steps) {
  let e = Math.floor(Math.log10(v) + 1e-9);
  const m = v / 10 ** e;
  let i = steps > 0 ? (m < 1.999 ? 0 : m < 4.999 ? 1 : 2) : (m <= 1.001 ? 0 : m <= 2.001 ? 1 : m <= 5.001 ? 2 : 3);
  i += steps;
  while (i > 2) { i -= 3; e++; }
  while (i < 0) { i += 3; e--; }
  return Number(([1, 2, 5][i] * 10 ** e).toPrecision(6));
}

const svg = 'http://www.w3.org/2000/svg';

function make(tag, attrs, parent) {
  const e = document.createElementNS(svg, tag);
  for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v);
  if (parent) parent.append(e);
  return e;
}

// options: name, unit, log (1-2-5), step() (linear), min(), max(), change(value)
export class Knob {
  constructor(parent, options) {
    this.o = options;
    this.v = 0;
    this.angle = 0;
    this.turned = -1e9;
    const box = document.createElement('div');
    box.className = 'knob';
    const name = document.createElement('span');
    name.className = 'name';
    name.textContent = options.name;
    name.setAttribute('aria-hidden', 'true');
    this.less = this.button(box, '−', -1);
    this.dial = document.createElement('div');
    this.dial.className = 'dial';
    this.dial.tabIndex = 0;
    this.dial.setAttribute('role', 'slider');
    this.dial.setAttribute('aria-label', options.label || options.name);
    if (options.id) this.dial.id = options.id;
    this.draw(options.color);
    this.more = this.button(null, '+', 1);
    this.entry = document.createElement('input');
    this.entry.className = 'value';
    this.entry.setAttribute('aria-label', (options.label || options.name) + ', value');
    this.entry.autocomplete = 'off';
    this.entry.spellcheck = false;
    box.replaceChildren(name, this.less, this.dial, this.more, this.entry);
    parent.append(box);
    this.listen();
  }

  button(parent, text, by) {
    const b = document.createElement('button');
    b.type = 'button';
    b.className = 'step';
    b.textContent = text;
    b.tabIndex = -1;
    b.setAttribute('aria-label', (this.o.label || this.o.name) + (by > 0 ? ': more' : ': less'));
    b.addEventListener('click', () => this.turn(by));
    if (parent) parent.append(b);
    return b;
  }

  draw(color) {
    const s = make('svg', {viewBox: '0 0 64 64', width: 58, height: 58, 'aria-hidden': 'true'}, this.dial);
    make('circle', {cx: 32, cy: 32, r: 29, fill: '#0b1216', stroke: '#31424d', 'stroke-width': 2}, s);
    for (let i = 0; i < 12; i++)
      make('line', {x1: 32, y1: 4.5, x2: 32, y2: 8, stroke: '#566974', 'stroke-width': 1.4,
        transform: `rotate(${30 * i} 32 32)`}, s);
    this.cap = make('g', {}, s);
    make('circle', {cx: 32, cy: 32, r: 21, fill: '#26343d', stroke: '#3f525e', 'stroke-width': 1.5}, this.cap);
    this.mark = make('line', {x1: 32, y1: 13, x2: 32, y2: 23, stroke: color || '#5cc8ff', 'stroke-width': 4,
      'stroke-linecap': 'round'}, this.cap);
  }

  listen() {
    this.dial.addEventListener('keydown', (e) => {
      const by = {ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10}[e.key];
      if (e.key === 'Enter') this.entry.focus();
      else if (by) this.turn(this.o.log && Math.abs(by) > 3 ? Math.sign(by) * 3 : e.shiftKey ? by * 10 : by);
      else return;
      e.preventDefault();
      e.stopPropagation();
    });
    this.dial.addEventListener('wheel', (e) => {
      e.preventDefault();
      this.turn(e.deltaY < 0 ? 1 : -1);
    }, {passive: false});
    let at = null;
    let sum = 0;
    this.dial.addEventListener('pointerdown', (e) => {
      at = [e.clientX, e.clientY];
      sum = 0;
      this.dial.setPointerCapture(e.pointerId);
    });
    this.dial.addEventListener('pointermove', (e) => {
      if (!at) return;
      sum += (e.clientX - at[0]) - (e.clientY - at[1]);
      at = [e.clientX, e.clientY];
      const per = this.o.log ? 22 : 5;
      const steps = Math.trunc(sum / per);
      if (steps) { sum -= steps * per; this.turn(steps); }
    });
    const end = () => { at = null; };
    this.dial.addEventListener('pointerup', end);
    this.dial.addEventListener('pointercancel', end);
    this.entry.addEventListener('focus', () => this.entry.select());
    this.entry.addEventListener('keydown', (e) => {
      if (e.key === 'Enter') { this.entry.blur(); this.dial.focus(); }
      if (e.key === 'Escape') { this.show(); this.dial.focus(); }
      e.stopPropagation();
    });
    this.entry.addEventListener('change', () => {
      const v = parseQuantity(this.entry.value, this.o.unit);
      if (v === null) this.show();
      else this.put(v);
    });
  }

  limit(v) {
    const low = this.o.min ? this.o.min() : -Infinity;
    const high = this.o.max ? this.o.max() : Infinity;
    return Math.min(high, Math.max(low, v));
  }

  turn(steps) {
    if (this.dial.getAttribute('aria-disabled') === 'true') return;
    let v = this.v;
    if (this.o.log) {
      for (let i = 0; i < Math.abs(steps); i++) v = ladder(v || this.o.min(), Math.sign(steps));
    } else {
      const step = this.o.step();
      v = Number((Math.round(v / step + steps) * step).toPrecision(10));
    }
    this.put(v);
    this.angle += 15 * steps;
    this.cap.setAttribute('transform', `rotate(${this.angle} 32 32)`);
  }

  put(v) {
    v = this.limit(v);
    if (this.o.log && !(v > 0)) return;
    this.turned = performance.now();
    this.v = v;
    this.show();
    this.o.change(v);
  }

  // From the instrument; not while a hand is on the knob.
  set(v) {
    if (v === null || performance.now() - this.turned < 700) return;
    if (v === this.v && this.shown) return;
    this.v = v;
    this.show();
  }

  show() {
    this.shown = true;
    const text = quantity(this.v, this.o.unit);
    if (document.activeElement !== this.entry || this.entry.value === '') this.entry.value = text;
    // Assistive programs read no exponents.
    const plain = (v) => v.toFixed(12).replace(/\.?0+$/, '');
    this.dial.setAttribute('aria-valuenow', plain(this.v));
    this.dial.setAttribute('aria-valuemin', plain(this.o.min ? this.o.min() : -1e9));
    this.dial.setAttribute('aria-valuemax', plain(this.o.max ? this.o.max() : 1e9));
    this.dial.setAttribute('aria-valuetext', text);
  }

  enable(on) {
    this.dial.setAttribute('aria-disabled', String(!on));
    this.less.disabled = this.more.disabled = this.entry.disabled = !on;
  }
}
