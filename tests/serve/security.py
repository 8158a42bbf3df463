#!/usr/bin/env python3
"""Hostile and clumsy clients of grat serve: security.py --grat GRAT [--slow N]"""
import argparse
import gzip
import json
import os
import re
import resource
import socket
import stat
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serve_kit import Server, WebSocket  # noqa: E402

TOKEN = 'correct-horse_battery0'


def expect(what, got, wanted):
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    if got not in wanted:
        raise AssertionError('%s: %r, wanted %r' % (what, got, wanted))


# ---- the gate


def listening(port):
    """Addresses, as the kernel writes them."""
    found = []
    for name in ('/proc/net/tcp', '/proc/net/tcp6'):
        with open(name, encoding='ascii') as f:
            for line in f.readlines()[1:]:
                words = line.split()
                address, _, at = words[1].partition(':')
                if words[3] == '0A' and int(at, 16) == port:
                    found.append(address)
    return found


def listens_on_loopback_alone(s):
    expect('127.0.0.1', listening(s.port), ['0100007F'])


def listens_where_it_is_told(grat, folder):
    for address, wanted in (('127.0.0.9', ['0900007F']), ('[::1]', ['00000000000000000000000001000000'])):
        with Server(grat, 'SIM::plain', '--listen', address + ':0', '--folder', folder) as s:
            expect(address, listening(s.port), wanted)


def foreign_origin(s):
    for origin in ('http://evil.example', 'null', 'https://' + s.host, 'http://localhost:1',
                   'http://' + s.host + '.evil'):
        expect(origin, s.request('GET', '/api/instruments', Origin=origin)[0], 403)
        expect(origin, s.request('POST', '/api/instruments/1/run', {'action': 'stop'}, Origin=origin)[0], 403)
        w = WebSocket(s, origin=origin)
        expect('WebSocket of ' + origin, w.open, False)
        w.close()
    expect('own', s.request('GET', '/api/instruments', Origin='http://' + s.host)[0], 200)
    expect('cross-site', s.request('GET', '/api/instruments/1/screenshot', Sec_Fetch_Site='cross-site')[0], 403)
    expect('a link to the page', s.request('GET', '/', Sec_Fetch_Site='cross-site')[0], 200)


def rebinding_host(s):
    for host in ('evil.example:%d' % s.port, 'evil.example', 'localhost.evil.example', '192.0.2.7:%d' % s.port,
                 'x' * 300, '[::1',
                 '127.0.0.1:%d@evil' % s.port):
        expect(host[:40], s.request('GET', '/api/instruments', Host=host)[0], 421)
        expect(host[:40], s.request('GET', '/', Host=host)[0], 421)
        w = WebSocket(s, origin='http://' + host, Host=host)
        expect('WebSocket for ' + host[:40], w.open, False)
        w.close()
    expect('none', s.request('GET', '/api/instruments', Host=None)[0] in (0, 400, 403, 404, 421), True)
    for host in ('127.0.0.1:%d' % s.port, 'localhost:%d' % s.port, '[::1]:%d' % s.port):
        expect(host, s.request('GET', '/api/instruments', Host=host)[0], 200)


def headers_of_answers(s):
    _, got, _ = s.request('GET', '/')
    for name, text in (('content-security-policy', "default-src 'none'"), ('x-content-type-options', 'nosniff'),
                       ('x-frame-options', 'DENY'), ('cross-origin-resource-policy', 'same-origin')):
        if text not in got.get(name, ''):
            raise AssertionError('%s: %r' % (name, got.get(name)))
    expect('no CORS', 'access-control-allow-origin' in got, False)
    tag = got['etag']
    expect('not modified', s.request('GET', '/', If_None_Match=tag)[0], 304)


def forms_of_others(s):
    for kind in ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'):
        expect(kind, s.request('POST', '/api/instruments/1/run', b'{"action":"stop"}', Content_Type=kind)[0], 415)
    expect('no length', s.request('POST', '/api/instruments/1/run', Transfer_Encoding='chunked')[0], (400, 411))


def methods_and_paths(s):
    expect('PUT', s.request('PUT', '/api/files/x', b'x')[0], (403, 405))
    expect('DELETE', s.request('DELETE', '/api/instruments/1')[0], 405)
    expect('POST of the page', s.request('POST', '/', {})[0], 404)
    for path in ('/api', '/api/', '/api/instruments/', '/api/instruments/99', '/api/instruments/1/', '/favicon.ico',
                 '/app.js/..',
                 '/api/instruments/1/nothing'):
        expect(path, s.request('GET', path)[0], (404, 405) if 'app' not in path else (200, 404))


def broken_bodies(s):
    for body in (b'', b'{', b'[]', b'"x"', b'{"action":', b'\xff\xfe', b'{"a":1,"a":2}', b'[' * 5000,
                 b'{"x":' * 40 + b'1' + b'}' * 40,
                 b'{"action":"stop"}garbage'):
        expect(body[:20], s.request('POST', '/api/instruments/1/run', body)[0], (400, 411, 422))
    for settings in ({'timebase': 'x'}, {'timebase': 1e999}, {'nothing': 1}, {'channels': {'9': {}}},
                     {'channels': {'1': 3}}, {},
                     {'trigger': {'source': 'x' * 100}}, {'timebase': -1}, {'channels': {'1': {'scale': 1e300}}},
                     {'trigger': {'source': ':RST'}}):
        text = json.dumps(settings).replace('Infinity', '1e999').encode()
        expect(text[:40], s.request('POST', '/api/instruments/1/settings', text)[0], (400, 422))
    expect('two lines', s.request('POST', '/api/instruments/1/scpi', {'command': '*IDN?\n*RST'})[0], 422)


# ---- sizes


def oversized_requests(s):
    expect('a long header', s.request('GET', '/api/instruments', X='y' * 100000)[0] in (0, 400, 403, 413, 431), True)
    expect('a long path', s.request('GET', '/api/files/' + 'a' * 6000)[0] in (0, 400, 403, 404, 414), True)
    many = {'X-%d' % i: 'y' * 50 for i in range(500)}
    expect('many headers', s.request('GET', '/api/instruments', **many)[0] in (0, 400, 403, 413, 431), True)
    for n in ('10000000', '99999999999999999999', '-1', 'x'):
        expect('Content-Length ' + n, s.request('POST', '/api/instruments/1/run', b'{}', Content_Length=n)[0] in (0,
                                                                                                                  400,
                                                                                                                  403,
                                                                                                                  411,
                                                                                                                  413),
               True)
    expect('64 KiB and more', s.request('POST', '/api/instruments/1/run', b' ' * 70000)[0] in (0, 413), True)


def oversized_frames(s):
    w = WebSocket(s)
    expect('open', w.open, True)
    w.send(b'{"view":"' + b'x' * 5000 + b'"}')
    expect('5 KB', w.closed(), (1009, 0))
    w = WebSocket(s)
    w.send(b'{', announce=1 << 40)
    try:
        w.s.sendall(b'x' * 20000)
    except OSError:
        pass
    expect('a terabyte announced', w.closed(), (1009, 1002, 0))
    w = WebSocket(s)
    w.send(b'{"x":"' + b'y' * 1000, fin=False)
    try:
        for _ in range(20):
            w.send(b'y' * 1000, opcode=0, fin=False)
    except OSError:
        pass
    expect('fragments without end', w.closed(), (1009, 0))
    w = WebSocket(s)
    w.send(b'\0\1\2', opcode=2)
    expect('binary', w.closed(), (1003, 0))
    w = WebSocket(s)
    w.send(b'not JSON')
    expect('no JSON', w.closed(), (1007, 0))
    w = WebSocket(s)
    try:
        for _ in range(3000):
            w.send(b'{"ack":1}')
    except OSError:
        pass
    expect('a flood', w.closed(5000), (1008, 0))
    w = WebSocket(s, Sec_WebSocket_Protocol=None)
    expect('no subprotocol', w.open, False)
    w = WebSocket(s, instrument='77')
    expect('no such instrument', w.open, False)


def strange_views(s):
    w = WebSocket(s)
    for view in ({'from': 1e308, 'to': -1e308, 'columns': 1e18}, {'from': 0, 'to': 1e-300, 'columns': 4096},
                 {'columns': -5},
                 {'from': None, 'to': [], 'columns': 'x'}, {'from': -1e300, 'to': 1e300, 'columns': 4096}):
        w.send({'view': view})
        w.frame()
    w.send({'spectrum': 'x' * 500, 'measure': 3, 'visible': 'no', 'ack': -10 ** 15})
    w.frame()
    w.close()


# ---- what stands between


def answers(s, data):
    """The statuses on one connection, and whether the server closed it."""
    found = b''
    with s.connect(2) as c:
        c.sendall(data)
        try:
            while True:
                more = c.recv(65536)
                if not more:
                    return [int(n) for n in re.findall(rb'HTTP/1\.[01] (\d+)', found)], True
                found += more
        except TimeoutError:
            return [int(n) for n in re.findall(rb'HTTP/1\.[01] (\d+)', found)], False
        except OSError:
            return [int(n) for n in re.findall(rb'HTTP/1\.[01] (\d+)', found)], True


def smuggling(s, folder):
    """Where two programs could differ about the end of a body, nothing behind it is taken for a request."""
    kept = os.path.join(folder, 'kept.csv')
    with open(kept, 'w', encoding='ascii') as f:
        f.write('t')
    host = b'Host: localhost\r\n'
    evil = b'DELETE /api/files/kept.csv HTTP/1.1\r\n' + host + b'\r\n'
    body = b'{"action":"stop"}'
    post = b'POST /api/instruments/1/run HTTP/1.1\r\n' + host + b'Content-Type: application/json\r\n'
    get = b'GET /api/instruments HTTP/1.1\r\n' + host
    n, m = len(body), len(body) + len(evil)
    chunked = b'Transfer-Encoding: chunked\r\n'
    for name, head in (('two lengths', post + b'Content-Length: %d\r\nContent-Length: %d\r\n' % (n, m)),
                       ('the other way round', post + b'Content-Length: %d\r\nContent-Length: %d\r\n' % (m, n)),
                       ('twice the same', post + b'Content-Length: %d\r\nContent-Length: %d\r\n' % (n, n)),
                       ('length and chunks', post + b'Content-Length: %d\r\n' % n + chunked),
                       ('chunks and length', post + chunked + b'Content-Length: %d\r\n' % n),
                       ('chunks', post + chunked), ('chunks of a GET', get + chunked),
                       ('a list', post + b'Content-Length: %d, %d\r\n' % (n, n)),
                       ('a sign', post + b'Content-Length: +%d\r\n' % n),
                       ('hexadecimal', post + b'Content-Length: 0x%x\r\n' % n),
                       ('a blank before the colon', post + b'Content-Length : %d\r\n' % n),
                       ('a GET with a body', get + b'Content-Length: %d\r\n' % len(evil))):
        behind = evil if name == 'a GET with a body' else body + evil
        statuses, closed = answers(s, head + b'\r\n' + behind)
        if not os.path.exists(kept) or len(statuses) > 1 or (not closed and statuses != [200]):
            raise AssertionError('%s: %r, %s, %s' % (name, statuses, 'closed' if closed else 'open',
                                                     'kept' if os.path.exists(kept) else 'DELETED'))
    expect('two requests are two', answers(s, (get + b'\r\n') * 2)[0], [200, 200])
    for name, head in (('two hosts', get + b'Host: evil.example\r\n'),
                       ('the whole address', b'GET http://evil.example/api/instruments HTTP/1.1\r\n' + host)):
        expect(name, answers(s, head + b'\r\n')[0][0] in (400, 403, 421), True)
    os.unlink(kept)


def no_other_protocol(s):
    """HTTP/2 would go past what is checked here."""
    for data in (b'GET /api/instruments HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n'
                 b'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n',
                 b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0'):
        statuses, closed = answers(s, data)
        if not closed or any(n < 400 for n in statuses):
            raise AssertionError('%r: %r, %s' % (data[:20], statuses, 'closed' if closed else 'open'))


def compressed_bombs(s):
    """Nothing is decompressed: neither bodies nor frames."""
    bomb = gzip.compress(b' ' * 50000000)
    before = s.memory()
    expect('body', s.request('POST', '/api/instruments/1/run', bomb[:60000], Content_Encoding='gzip')[0] in (400, 413),
           True)
    w = WebSocket(s, Sec_WebSocket_Extensions='permessage-deflate; client_max_window_bits')
    expect('open', w.open, True)
    expect('not agreed upon', 'extensions' in w.answer.lower(), False)
    w.s.sendall(bytes([0xc1, 0x80 | 126, 4, 0]) + b'\0\0\0\0' + bomb[:1024])
    expect('a compressed frame', w.closed(), (1002, 0))
    if s.memory() - before > 30:
        raise AssertionError('%.0f MiB more' % (s.memory() - before))


# ---- the folder


def path_traversal(s, folder, secret):
    with open(os.path.join(folder, 'good.csv'), 'w', encoding='ascii') as f:
        f.write('t,1\n')
    with open(os.path.join(folder, '.hidden'), 'w', encoding='ascii') as f:
        f.write('hidden')
    os.symlink(secret, os.path.join(folder, 'link.csv'))
    os.mkdir(os.path.join(folder, 'sub'))
    os.mkfifo(os.path.join(folder, 'fifo.csv'))
    status, got, body = s.request('GET', '/api/files/good.csv')
    expect('good', (status, body), (((200, b't,1\n'),)[0],))
    expect('attachment', 'attachment' in got['content-disposition'], True)
    name = os.path.basename(secret)
    for path in ('../' + name, '..%2f' + name, '%2e%2e/' + name, '%2e%2e%2f' + name, '..%252f' + name,
                 '....//' + name, '/' + secret,
                 secret, '%2fetc%2fpasswd', 'link.csv', '.hidden', 'sub', 'sub/../../' + name, 'fifo.csv',
                 'good.csv%00.png', '..', '.',
                 '..\\' + name, 'good.csv/', 'x' * 500):
        for method in ('GET', 'DELETE'):
            status, _, body = s.request(method, '/api/files/' + path)
            if status == 200 or b'SECRET' in body or b'root:' in body or b'hidden' in body:
                raise AssertionError('%s %s: %d %r' % (method, path, status, body[:60]))
    for path in ('/../../../../etc/passwd', '/..%2f..%2fetc/passwd', '//etc/passwd', '/%2e%2e/%2e%2e/etc/passwd',
                 '/page/app.js'):
        status, _, body = s.request('GET', path)
        expect(path, status in (0, 400, 403, 404) and b'root:' not in body, True)
    if not os.path.exists(secret):
        raise AssertionError('the secret is gone')
    expect('listed', [f['name'] for f in s.json('GET', '/api/files')[1]['files']], (['good.csv'],))
    expect('deleted', s.request('DELETE', '/api/files/good.csv')[0], 200)


# ---- slow, many


def slow_connections(s, count, folder):
    """Some send a byte now and then, some nothing; the others are served all the same, and a download that is on its
    way stays."""
    size = 40 << 20
    with open(os.path.join(folder, 'large.bin'), 'wb') as f:
        f.truncate(size)
    download, taken = s.connect(), 0
    download.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    download.sendall(('GET /api/files/large.bin HTTP/1.1\r\nHost: %s\r\n\r\n' % s.host).encode())
    slow, trickling, begin = [], set(), time.monotonic()
    worst = 0
    w = WebSocket(s)
    w.frame()
    for i in range(count):
        c = socket.socket()
        c.settimeout(5)
        try:
            c.connect(('127.0.0.1', s.port))
            if i % 3:
                c.sendall(b'GET / HTTP/1.1\r\nHost: x')
                trickling.add(c)
            slow.append(c)
        except OSError:
            c.close()
        if i % 100 == 99:
            for k in slow[-100:]:
                try:
                    k.send(b'y' if k in trickling else b'')
                except OSError:
                    pass
            t = time.monotonic()
            expect('amid %d slow ones' % (i + 1), s.request('GET', '/api/instruments')[0], 200)
            worst = max(worst, time.monotonic() - t)
            w.frame()
            for _ in range(20):
                taken += len(download.recv(16384))
    while taken < size:
        more = len(download.recv(1 << 20))
        if not more:
            raise AssertionError('the download ended after %d bytes' % taken)
        taken += more
    download.close()
    os.unlink(os.path.join(folder, 'large.bin'))
    print('  %d slow connections in %.1f s, slowest answer %.0f ms, %.0f MiB' %
          (count, time.monotonic() - begin, worst * 1e3, s.memory()))
    if worst > 3:
        raise AssertionError('an answer took %.1f s' % worst)
    for c in slow:
        c.close()
    w.frame()
    w.close()


def slow_requests_end(s):
    """Nothing, a header and a body that come byte by byte: each ends, and soon."""
    post = b'POST /api/instruments/1/run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    begun = {'silent': b'GET / HTTP/1.1\r\nHost: local', 'header': b'GET / HTTP/1.1\r\nHost: localhost\r\nX: ',
             'body': post + b'Content-Length: 5000\r\n\r\n'}
    left, begin = {}, time.monotonic()
    for name, data in begun.items():
        left[name] = s.connect(0.05)
        left[name].sendall(data)
    took = {}
    while left and time.monotonic() - begin < 40:
        for name, c in list(left.items()):
            try:
                if name != 'silent':
                    c.sendall(b' ')
                ended = c.recv(100) == b''
            except TimeoutError:
                ended = False
            except OSError:
                ended = True
            if ended:
                took[name] = time.monotonic() - begin
                left.pop(name).close()
        time.sleep(0.2)
    print('  ended after %s' % ', '.join('%s %.0f s' % i for i in took.items()))
    if left or max(took.values()) > 30:
        raise AssertionError('not ended: %s' % ' '.join(left))


def viewer_that_never_reads(s):
    """Its queue is bounded; another one goes on."""
    deaf = [WebSocket(s) for _ in range(5)]
    for d in deaf:
        d.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        d.send({'view': {'from': 0, 'to': 0, 'columns': 4096}})
    before = s.memory()
    w = WebSocket(s)
    w.send({'view': {'from': 0, 'to': 0, 'columns': 4096}})
    begin = time.monotonic()
    frames = 0
    while time.monotonic() - begin < 1.5:
        w.frame()
        frames += 1
    grown = s.memory() - before
    print('  %d frames in 1.5 s beside 5 that never read, %.1f MiB more' % (frames, grown))
    if frames < 8 or grown > 60:
        raise AssertionError('%d frames, %.1f MiB' % (frames, grown))
    for d in deaf + [w]:
        d.close()


def slow_reader_of_a_file(s, folder):
    with open(os.path.join(folder, 'large.bin'), 'wb') as f:
        f.truncate(200 << 20)
    c = s.connect()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.sendall(('GET /api/files/large.bin HTTP/1.1\r\nHost: %s\r\n\r\n' % s.host).encode())
    before = s.memory()
    time.sleep(0.3)
    expect('others', s.request('GET', '/api/instruments')[0], 200)
    if s.memory() - before > 40:
        raise AssertionError('%.0f MiB for one reader' % (s.memory() - before))
    c.close()
    os.unlink(os.path.join(folder, 'large.bin'))


def too_many_viewers(s):
    all_of_them = [WebSocket(s) for _ in range(70)]
    n = sum(w.open for w in all_of_them)
    expect('viewers', n, 64)
    expect('requests', s.request('GET', '/api/instruments')[0], 200)
    for w in all_of_them:
        w.close()


# ---- who holds the controls


def one_holds_the_controls(s):
    time.sleep(0.3)     # those before are gone
    a = WebSocket(s)
    key_a = a.event('hello')['key']
    expect('the first one', a.event('viewers')['holding'], True)
    b = WebSocket(s)
    key_b = b.event('hello')['key']
    expect('the second one', b.event('viewers')['holding'], False)
    path = '/api/instruments/1/'
    expect('b acts', s.request('POST', path + 'run', {'action': 'run'}, X_Graticule_Viewer=key_b)[0], 423)
    expect('a script acts', s.request('POST', path + 'scpi', {'command': '*IDN?'})[0], 423)
    expect('a wrong key', s.request('POST', path + 'run', {'action': 'run'}, X_Graticule_Viewer='0' * 32)[0], 423)
    expect('a acts', s.request('POST', path + 'run', {'action': 'run'}, X_Graticule_Viewer=key_a)[0], 200)
    expect('b takes', s.json('POST', path + 'control', {'action': 'give'}, X_Graticule_Viewer=key_b)[0], 409)
    expect('b asks', s.json('POST', path + 'control', {'action': 'take'}, X_Graticule_Viewer=key_b)[1]['held'], False)
    expect('a keeps', s.json('POST', path + 'control', {'action': 'keep'}, X_Graticule_Viewer=key_a)[1]['held'], True)
    s.json('POST', path + 'control', {'action': 'take'}, X_Graticule_Viewer=key_b)
    s.json('POST', path + 'control', {'action': 'give'}, X_Graticule_Viewer=key_a)
    expect('b has them', s.request('POST', path + 'run', {'action': 'run'}, X_Graticule_Viewer=key_b)[0], 200)
    expect('a has not', s.request('POST', path + 'run', {'action': 'run'}, X_Graticule_Viewer=key_a)[0], 423)
    b.close()
    for _ in range(50):
        status = s.request('POST', path + 'run', {'action': 'run'})[0]
        if status == 200:
            break
        time.sleep(0.1)
    expect('free when the holder is gone', status, 200)
    a.close()


# ---- token and TLS


def token_needed(s):
    expect('page', s.request('GET', '/')[0], 200)
    expect('known', s.json('GET', '/api/session')[1], ({'token_needed': True, 'known': False},))
    for auth in (None, 'Bearer wrong', 'Bearer ' + TOKEN[:-1], 'Bearer ' + TOKEN + 'x', 'Basic ' + TOKEN, 'Bearer'):
        for method, path, body in (('GET', '/api/instruments', None), ('GET', '/api/files', None), ('GET',
                                                                                                    '/api/files/x',
                                                                                                    None),
                                   ('POST', '/api/instruments/1/run', {'action': 'stop'}), ('POST', '/api/discover',
                                                                                            {})):
            expect('%s %s' % (path, auth), s.request(method, path, body, Authorization=auth)[0], 401)
        w = WebSocket(s, Authorization=auth)
        expect('WebSocket', w.open, False)
        w.close()
    expect('right', s.request('GET', '/api/instruments', Authorization='Bearer ' + TOKEN)[0], 200)
    expect('in the URL', s.request('GET', '/api/instruments?token=' + TOKEN)[0], 401)
    expect('wrong', s.request('POST', '/api/session', {'token': 'wrong'})[0], 403)
    expect('of another kind', s.request('POST', '/api/session', {'token': [TOKEN]})[0], 403)
    status, got, _ = s.request('POST', '/api/session', {'token': TOKEN})
    cookie = got.get('set-cookie', '')
    expect('sign in', status, 200)
    for flag in ('HttpOnly', 'SameSite=Strict', 'Secure'):
        if flag not in cookie or TOKEN in cookie:
            raise AssertionError('cookie: %s' % cookie)
    pair = cookie.split(';')[0]
    expect('by cookie', s.request('GET', '/api/instruments', Cookie=pair)[0], 200)
    expect('a wrong one', s.request('GET', '/api/instruments', Cookie=pair[:-1] + 'x')[0], 401)
    w = WebSocket(s, Cookie=pair)
    expect('WebSocket by cookie', w.open, True)
    w.frame()
    w.close()
    with socket.create_connection(('127.0.0.1', s.port), 12) as c:      # no TLS
        c.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
        try:
            plain = c.recv(1000)
        except ConnectionError:
            plain = b''
        expect('in plain text', b'200 OK' in plain, False)


def certificate_kept(grat, folder, config, fingerprint):
    where = os.path.join(config, 'graticule', 'serve')
    mode = stat.S_IMODE(os.stat(os.path.join(where, 'key.pem')).st_mode)
    expect('mode of the key', oct(mode), oct(0o600))
    with Server(grat, 'SIM::plain', '--https', '--listen', '127.0.0.1:0', '--folder', folder, config=config) as again:
        expect('the same certificate', again.fingerprint, fingerprint)


def beyond_loopback(grat, folder, config):
    with Server(grat, 'SIM::plain', '--listen', '0.0.0.0:0', '--folder', folder, config=config) as s:
        expect('TLS', s.tls, True)
        if len(s.token) < 16:
            raise AssertionError('token: %r' % s.token)
        expect('without', s.request('GET', '/api/instruments')[0], 401)
        expect('with', s.request('GET', '/api/instruments', Authorization='Bearer ' + s.token)[0], 200)
        expect('rebinding', s.request('GET', '/', Host='evil.example')[0], 421)


class Runner:
    def __init__(self):
        self.results = []

    def run(self, function, *args):
        name = function.__name__
        try:
            function(*args)
            print('ok   %s' % name, flush=True)
            self.results.append({'name': name, 'result': 'passed'})
        except Exception as error:  # whatever it is, the others still run
            traceback.print_exc()
            print('FAIL %s: %s' % (name, error), flush=True)
            self.results.append({'name': name, 'result': 'failed', 'reason': str(error)[:300]})


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--grat', required=True)
    p.add_argument('--slow', type=int, default=2000, help='slow connections: twice as many as the server keeps')
    a = p.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    a.slow = min(a.slow, hard - 200) if hard > 0 else a.slow
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, a.slow + 200)), hard))
    run = Runner()
    with tempfile.TemporaryDirectory() as top:
        folder, config = os.path.join(top, 'folder'), os.path.join(top, 'config')
        secret = os.path.join(top, 'secret.csv')
        os.mkdir(folder)
        with open(secret, 'w', encoding='ascii') as f:
            f.write('SECRET')
        with Server(a.grat, 'SIM::ds1104z', '--listen', '127.0.0.1:0', '--folder', folder) as s:
            for function in (listens_on_loopback_alone, foreign_origin, rebinding_host, headers_of_answers,
                             forms_of_others, methods_and_paths,
                             broken_bodies,
                             oversized_requests, oversized_frames, strange_views):
                run.run(function, s)
            run.run(path_traversal, s, folder, secret)
            run.run(smuggling, s, folder)
            run.run(no_other_protocol, s)
            run.run(compressed_bombs, s)
            run.run(one_holds_the_controls, s)
            run.run(viewer_that_never_reads, s)
            run.run(slow_reader_of_a_file, s, folder)
            run.run(too_many_viewers, s)
            run.run(slow_connections, s, a.slow, folder)
            run.run(slow_requests_end, s)
        token = os.path.join(top, 'token')
        with open(token, 'w', encoding='ascii') as f:
            f.write(TOKEN + '\n')
        with Server(a.grat, 'SIM::ds1104z', '--listen', '127.0.0.1:0', '--https', '--token-file', token, '--folder',
                    folder,
                    config=config) as s:
            run.run(token_needed, s)
            fingerprint = s.fingerprint
        run.run(certificate_kept, a.grat, folder, config, fingerprint)
        run.run(listens_where_it_is_told, a.grat, folder)
        run.run(beyond_loopback, a.grat, folder, config)
    out = os.environ.get('GRAT_RESULTS')
    if out:
        with open(os.path.join(out, 'serve_security.json'), 'w', encoding='ascii') as f:
            json.dump(run.results, f)
    return 1 if any(r['result'] == 'failed' for r in run.results) else 0


sys.exit(main())
