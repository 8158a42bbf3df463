// The API, and the stream of pictures.
let viewerKey = '';

export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export async function api(path, body, method) {
  const headers = {};
  if (viewerKey) headers['x-graticule-viewer'] = viewerKey;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const reply = await fetch('/api/' + path, {method: method || (body === undefined ? 'GET' : 'POST'), headers,
    body: body === undefined ? undefined : JSON.stringify(body)});
  const type = reply.headers.get('content-type') || '';
  if (!reply.ok) {
    let text = reply.statusText;
    if (type.includes('json')) text = (await reply.json()).error || text;
    throw new ApiError(reply.status, text);
  }
  if (reply.headers.get('content-disposition') || !type.includes('json')) return reply;
  return reply.json();
}

// The names of the layout stand in src/serve/shot.h.
export function decodeFrame(buffer) {
  const d = new DataView(buffer);
  const frame = {number: d.getUint32(4, true), flags: d.getUint16(10, true), columns: d.getUint32(12, true),
    from: d.getFloat64(16, true), to: d.getFloat64(24, true), begin: d.getFloat64(32, true),
    end: d.getFloat64(40, true), dt: d.getFloat64(48, true), count: Number(d.getBigUint64(56, true)),
    view: d.getUint32(64, true), traces: []};
  const name = (at) => {
    let s = '';
    for (let i = 0; i < 8 && d.getUint8(at + i); i++) s += String.fromCharCode(d.getUint8(at + i));
    return s;
  };
  let at = 72;
  for (let i = d.getUint16(8, true); i > 0; i--) {
    const size = d.getUint32(at + 56, true);
    frame.traces.push({name: name(at), unit: name(at + 8), samples: d.getUint8(at + 16) === 1,
      logic: d.getUint8(at + 17) === 1, points: d.getUint32(at + 20, true), scale: d.getFloat64(at + 24, true),
      offset: d.getFloat64(at + 32, true), at: d.getFloat64(at + 40, true), step: d.getFloat64(at + 48, true),
      data: new Int16Array(buffer, at + 64, size / 2)});
    at += 64 + ((size + 7) & ~7);
  }
  return frame;
}

export function decodeSpectrum(buffer) {
  const d = new DataView(buffer);
  return {to: d.getFloat64(24, true), resolution: d.getFloat64(40, true), samples: Number(d.getBigUint64(56, true)),
    db: new Float32Array(buffer, 72, d.getUint32(12, true))};
}

// One WebSocket, opened again by itself; on: {event, frame, spectrum, link}
export class Stream {
  constructor(id, on) {
    this.id = id;
    this.on = on;
    this.wait = 250;
    this.closed = false;
    this.last = {};
    this.open();
  }

  open() {
    const ws = new WebSocket(location.origin.replace(/^http/, 'ws') + '/api/instruments/' + this.id + '/stream',
      'graticule.1');
    ws.binaryType = 'arraybuffer';
    this.ws = ws;
    ws.onopen = () => {
      this.wait = 250;
      this.on.link(true);
      for (const [k, v] of Object.entries(this.last)) ws.send(JSON.stringify({[k]: v}));
    };
    ws.onmessage = (m) => {
      if (typeof m.data === 'string') {
        const e = JSON.parse(m.data);
        if (e.event === 'hello') viewerKey = e.key;
        this.on.event(e);
        return;
      }
      const magic = new DataView(m.data).getUint32(0, true);
      if (magic === 0x31465247) this.on.frame(decodeFrame(m.data));
      else if (magic === 0x31535247) this.on.spectrum(decodeSpectrum(m.data));
    };
    ws.onclose = () => {
      if (this.ws !== ws) return;
      viewerKey = '';
      if (this.closed) return;
      this.on.link(false);
      this.timer = setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(this.wait * 2, 5000);
    };
  }

  // Said again after a break.
  say(key, value) {
    this.last[key] = value;
    if (this.ws.readyState === 1) this.ws.send(JSON.stringify({[key]: value}));
  }

  ack(number) {
    if (this.ws.readyState === 1) this.ws.send('{"ack":' + number + '}');
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.ws.close();
  }
}
