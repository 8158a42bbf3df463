"""A server of our own, and clients that say exactly what they are told to."""
import base64
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def need(program):
    path = shutil.which(program)
    if not path:
        raise RuntimeError('%s is missing: tools/install-deps check installs it' % program)
    return path


def node_modules(out):
    """playwright-core and axe-core, installed below `out` once for each lock file."""
    with open(os.path.join(HERE, 'package-lock.json'), 'rb') as f:
        place = os.path.join(out, 'node-' + hashlib.sha256(f.read()).hexdigest()[:12])
    if os.path.exists(os.path.join(place, 'done')):
        return os.path.join(place, 'node_modules')
    os.makedirs(place, exist_ok=True)
    for name in ('package.json', 'package-lock.json'):
        shutil.copy(os.path.join(HERE, name), place)
    done = subprocess.run([need('npm'), 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=place, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise RuntimeError('npm ci failed: %s' % done.stdout.decode()[-2000:])
    with open(os.path.join(place, 'done'), 'w', encoding='ascii'):
        pass
    return os.path.join(place, 'node_modules')


class Server:
    """grat serve on a free port, for a with statement."""
    def __init__(self, grat, *args, config=None):
        # fontconfig keeps its tables until the process ends
        kept = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lsan.supp')
        env = dict(os.environ, GRATICULE_CONFIG='/dev/null',
                   LSAN_OPTIONS='suppressions=%s:print_suppressions=0' % kept)
        if config:
            env['XDG_CONFIG_HOME'] = config
        self.process = subprocess.Popen([grat, 'serve', '--json', *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=env)
        self.said = ''

    def __enter__(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError('grat serve did not start: %s' % self.process.stderr.read().decode())
        ready = json.loads(line)
        self.url, self.fingerprint = ready['url'], ready['fingerprint']
        self.base, _, fragment = self.url.partition('/#token=')
        self.base = self.base.rstrip('/')
        self.token = fragment
        self.tls = self.base.startswith('https')
        self.port = int(self.base.rsplit(':', 1)[1])
        self.host = 'localhost:%d' % self.port
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=30)
        self.said = err.decode()
        if self.process.returncode != 0:
            raise RuntimeError('grat serve ended with %d: %s' % (self.process.returncode, self.said[-2000:]))

    def memory(self):
        """MiB."""
        with open('/proc/%d/status' % self.process.pid, encoding='ascii') as f:
            for line in f:
                if line.startswith('VmRSS'):
                    return int(line.split()[1]) / 1024
        return 0

    def connect(self, timeout=10):
        s = socket.create_connection(('127.0.0.1', self.port), timeout)
        if self.tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            s = context.wrap_socket(s)
        return s

    def raw(self, data, timeout=10):
        """What comes back on a connection of its own until the server closes it, or has answered whole."""
        with self.connect(timeout) as s:
            try:
                s.sendall(data)
            except OSError:
                pass
            out = b''
            try:
                while not whole(out):
                    more = s.recv(65536)
                    if not more:
                        break
                    out += more
            except (TimeoutError, OSError):
                pass
            return out

    def request(self, method, path, body=None, timeout=10, **headers):
        """(status, headers, body); a header None is left out. The names have _ for -."""
        sent = {'Host': self.host}
        if body is not None:
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
            sent['Content-Type'] = 'application/json'
            sent['Content-Length'] = str(len(body))
        sent.update({k.replace('_', '-'): v for k, v in headers.items()})
        text = '%s %s HTTP/1.1\r\n' % (method, path)
        text += ''.join('%s: %s\r\n' % (k, v) for k, v in sent.items() if v is not None)
        answer = self.raw(text.encode('latin-1') + b'\r\n' + (body or b''), timeout)
        head, _, rest = answer.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        status = int(lines[0].split()[1]) if lines[0].startswith('HTTP/') else 0
        got = {}
        for line in lines[1:]:
            name, _, value = line.partition(':')
            got[name.lower()] = value.strip()
        return status, got, rest

    def json(self, method, path, body=None, **headers):
        status, _, rest = self.request(method, path, body, **headers)
        return status, json.loads(rest) if rest.startswith(b'{') else None


def whole(answer):
    head, mark, rest = answer.partition(b'\r\n\r\n')
    if not mark or head.startswith(b'HTTP/1.1 101'):
        return bool(mark)
    for line in head.lower().split(b'\r\n'):
        if line.startswith(b'content-length:'):
            return len(rest) >= int(line.split(b':')[1])
    return False


class WebSocket:
    """The client's side of RFC 6455, as far as the tests go."""
    def __init__(self, server, instrument='1', origin='own', timeout=10, **headers):
        self.s = server.connect(timeout)
        scheme = 'https' if server.tls else 'http'
        sent = {'Host': server.host, 'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
                'Sec-WebSocket-Key': base64.b64encode(os.urandom(16)).decode(),
                'Sec-WebSocket-Protocol': 'graticule.1',
                'Origin': '%s://%s' % (scheme, server.host) if origin == 'own' else origin}
        sent.update({k.replace('_', '-'): v for k, v in headers.items()})
        text = 'GET /api/instruments/%s/stream HTTP/1.1\r\n' % instrument
        text += ''.join('%s: %s\r\n' % (k, v) for k, v in sent.items() if v is not None)
        self.s.sendall(text.encode() + b'\r\n')
        self.buffer, self.answer = b'', ''
        self.open = self.head()

    def head(self):
        try:
            while b'\r\n\r\n' not in self.buffer:
                more = self.s.recv(4096)
                if not more:
                    return False
                self.buffer += more
        except OSError:
            return False
        head, _, self.buffer = self.buffer.partition(b'\r\n\r\n')
        self.answer = head.decode('latin-1')
        return b' 101 ' in head.split(b'\r\n')[0]

    def send(self, data, opcode=1, fin=True, announce=None):
        if isinstance(data, (dict, list)):
            data = json.dumps(data).encode()
        n = len(data) if announce is None else announce
        head = bytes([opcode | (0x80 if fin else 0)])
        if n < 126:
            head += bytes([0x80 | n])
        elif n < 65536:
            head += bytes([0x80 | 126]) + struct.pack('>H', n)
        else:
            head += bytes([0x80 | 127]) + struct.pack('>Q', n)
        mask = os.urandom(4)
        self.s.sendall(head + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(data)))

    def take(self, n):
        while len(self.buffer) < n:
            more = self.s.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more
        out, self.buffer = self.buffer[:n], self.buffer[n:]
        return out

    def receive(self):
        """(opcode, payload)"""
        a, b = self.take(2)
        n = b & 0x7f
        if n == 126:
            n, = struct.unpack('>H', self.take(2))
        elif n == 127:
            n, = struct.unpack('>Q', self.take(8))
        return a & 15, self.take(n)

    def event(self, name, most=200):
        for _ in range(most):
            opcode, data = self.receive()
            if opcode == 2:
                self.ack()
            if opcode == 1:
                e = json.loads(data)
                if e['event'] == name:
                    return e
        raise RuntimeError('no event %s' % name)

    def ack(self):
        self.send({'ack': 1})

    def frame(self, most=200):
        for _ in range(most):
            opcode, data = self.receive()
            if opcode == 2 and data[:4] == b'GRF1':
                self.ack()
                return data
        raise RuntimeError('no frame')

    def closed(self, most=500):
        """The status that the server closes with; 0 when it just went."""
        try:
            for _ in range(most):
                opcode, data = self.receive()
                if opcode == 8:
                    return struct.unpack('>H', data[:2])[0] if len(data) >= 2 else 0
        except (EOFError, ConnectionError):
            return 0
        return None

    def close(self):
        self.s.close()
