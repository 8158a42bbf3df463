#!/usr/bin/env python3
"""grat serve and its instruments: what comes and goes, what does not run by itself, what takes long.

instruments.py --grat GRAT"""
import argparse
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serve_kit import Server, WebSocket  # noqa: E402


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError('%s: %r, wanted %r' % (what, got, wanted))


def until(what, test, seconds=20):
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError('not in time: ' + what)
        time.sleep(0.05)


class Sim:
    def __init__(self, grat, model, port):
        self.process = subprocess.Popen([grat, 'sim', model, '--wires', 'raw:%d' % port], stdout=subprocess.PIPE)
        while not self.process.stdout.readline().startswith(b'ready'):
            pass

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.process.stdout.close()


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Frame:
    def __init__(self, data):
        self.number, self.traces, self.flags, self.columns = struct.unpack_from('<IHHI', data, 4)
        self.start, self.end, self.begin, self.stop, self.dt, self.count = struct.unpack_from('<dddddQ', data, 16)
        self.values, self.names, at = [], [], 72
        for _ in range(self.traces):
            name, _unit, kind, _logic, points, scale, offset = struct.unpack_from('<8s8sBBxxIdd', data, at)
            size, = struct.unpack_from('<I', data, at + 56)
            raw = struct.unpack_from('<%dh' % (size // 2), data, at + 64)
            self.names.append(name.rstrip(b'\0').decode())
            self.values.append([v * scale + offset for v in raw])
            if kind == 1:
                expect('points', len(raw), points)
            at += 64 + (size + 7 & ~7)


def status(s, number):
    return s.json('GET', '/api/instruments/%s' % number)[1]


def lost_and_found(a, folder):
    port = free_port()
    sim = Sim(a.grat, 'ds1104z', port)
    with Server(a.grat, 'TCPIP::127.0.0.1::%d::SOCKET' % port, '--listen', '127.0.0.1:0', '--folder', folder) as s:
        try:
            w = WebSocket(s)
            w.frame()
            sim.end()
            end = time.monotonic() + 30
            trouble = None
            while not trouble and time.monotonic() < end:
                trouble = w.event('status', 3000)['trouble']
            if not trouble:
                raise AssertionError('nobody was told')
            print('  ' + trouble)
            code, answer = s.json('POST', '/api/instruments/1/settings', {'timebase': 1e-3}, X_Graticule_Viewer='')
            if code not in (423, 502, 504, 409):
                raise AssertionError('%d %r' % (code, answer))
            sim = Sim(a.grat, 'ds1104z', port)
            last = w.frame(3000)
            while struct.unpack_from('<I', last, 4)[0] == 0:
                last = w.frame(3000)
            w.close()
        finally:
            sim.end()


def bitscope_is_captured_from(s):
    w = WebSocket(s, '2')
    first = Frame(w.frame())
    if not first.count or not first.names:
        raise AssertionError('an empty frame')
    number = first.number
    for _ in range(3):
        f = Frame(w.frame())
        if f.number <= number:
            raise AssertionError('shot %d after %d' % (f.number, number))
        number = f.number
    w.close()
    time.sleep(0.2)
    expect('stop', s.json('POST', '/api/instruments/2/run', {'action': 'stop'})[0], 200)
    expect('stopped', status(s, 2)['status']['running'], False)
    expect('single', s.json('POST', '/api/instruments/2/run', {'action': 'single'})[0], 200)
    w = WebSocket(s, '2')
    key = w.event('hello')['key']
    until('one shot', lambda: not status(s, 2)['status']['running'])
    code, now = s.json('POST', '/api/instruments/2/settings', {'timebase': 1e-3}, X_Graticule_Viewer=key)
    expect('settings', code, 200)
    if not 0.5e-3 < now['timebase'] < 2e-3:
        raise AssertionError('time base %g' % now['timebase'])
    w.close()


def values_are_the_signal(s):
    w = WebSocket(s, '1')
    w.send({'view': {'from': 0, 'to': 0, 'columns': 600}})
    for _ in range(10):
        f = Frame(w.frame())
        if f.columns == 600 and f.names[0] == '1':
            break
    top, bottom = max(f.values[0]), min(f.values[0])
    if not (0.9 < top < 1.15 and -1.15 < bottom < -0.9):
        raise AssertionError('channel 1 from %g to %g V, wanted a sine of 2 V' % (bottom, top))
    w.close()


def one_acquisition_a_picture(s):
    """In turn while it runs, and said so; together when it is asked for, and it goes on running."""
    w = WebSocket(s, '1')
    key = w.event('hello')['key']
    act = lambda action: s.json('POST', '/api/instruments/1/run', {'action': action}, X_Graticule_Viewer=key)[0]
    record = lambda: status(s, 1)['status']['record']
    s.json('POST', '/api/instruments/1/settings', {'channels': {'2': {'enabled': True}}}, X_Graticule_Viewer=key)
    expect('run', act('run'), 200)
    until('two channels', lambda: len(Frame(w.frame()).names) == 2)
    expect('in turn', record()['in_turn'], True)
    expect('together', act('together'), 200)
    until('one acquisition', lambda: w.frame() and not record()['in_turn'])
    before = Frame(w.frame())
    until('more of them', lambda: Frame(w.frame()).number > before.number + 2)
    expect('runs', status(s, 1)['status']['running'], True)
    expect('all channels', len(Frame(w.frame()).names), 2)
    expect('again', act('in-turn'), 200)
    until('in turn again', lambda: w.frame() and record()['in_turn'])
    s.json('POST', '/api/instruments/1/settings', {'channels': {'2': {'enabled': False}}}, X_Graticule_Viewer=key)
    w.close()


def a_recording_is_seen(s):
    """Its pieces lie on the screen, and are measured beside it."""
    w = WebSocket(s, '2')
    key = w.event('hello')['key']
    w.send({'measure': True})
    path = '/api/instruments/2/'
    expect('start', s.json('POST', path + 'recording', {'action': 'start', 'format': 'raw'},
                           X_Graticule_Viewer=key)[0], 200)
    until('runs', lambda: (status_of(w)['log'] or {}).get('samples', 0) > 3000)
    f = Frame(w.frame())
    now = status_of(w)['settings']
    half = 5 * now['timebase']
    if not now['delay'] - 1.01 * half <= f.begin <= now['delay'] + half:
        raise AssertionError('it begins at %g s, the screen at %g' % (f.begin, now['delay'] - half))
    w.event('measurements', 1000)
    expect('stop', s.json('POST', path + 'recording', {'action': 'stop'}, X_Graticule_Viewer=key)[0], 200)
    until('done', lambda: status_of(w)['log']['state'] == 'done')
    for name in [f['name'] for f in s.json('GET', '/api/files')[1]['files']]:
        s.request('DELETE', '/api/files/' + name)
    w.close()


def status_of(w):
    return w.event('status', 3000)


def measurements_and_files(s):
    code, m = s.json('GET', '/api/instruments/1/measurements')
    expect('measurements', code, 200)
    frequency, unit = m['traces']['1']['frequency']
    if unit != 'Hz' or not 990 < frequency < 1010:
        raise AssertionError('frequency %r' % frequency)
    for form in s.json('GET', '/api/instruments')[1]['formats']:
        code, got, body = s.request('GET', '/api/instruments/1/waveform?format=' + form)
        logic_only = form in ('vcd', 'sr') and code == 422
        if not logic_only and (code != 200 or len(body) < 200 or '.' + form not in got['content-disposition']):
            raise AssertionError('%s: %d, %d bytes, %r' % (form, code, len(body), got))
    expect('no format', s.request('GET', '/api/instruments/1/waveform?format=exe')[0], 422)
    for form, magic in (('png', b'\x89PNG'), ('bmp', b'BM'), ('jpeg', b'\xff\xd8')):
        expect(form, s.request('GET', '/api/instruments/1/screenshot?format=' + form)[2][:len(magic)], magic)


def nothing_is_left_behind(folder):
    expect('files', sorted(os.listdir(folder)), [])


def memory_reading_is_cancelled(s):
    s.json('POST', '/api/instruments/1/settings', {'timebase': 1e-2, 'depth': 12000000})
    time.sleep(0.5)
    s.json('POST', '/api/instruments/1/run', {'action': 'stop'})
    c = s.connect()
    body = b'{"action":"memory"}'
    c.sendall(b'POST /api/instruments/1/run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
              b'Content-Length: %d\r\n\r\n' % len(body) + body)
    time.sleep(0.02)
    expect('cancel', s.json('POST', '/api/instruments/1/run', {'action': 'cancel'})[0], 200)
    answer = c.recv(4096)
    if b' 409 ' not in answer and b' 200 ' not in answer:
        raise AssertionError(answer)
    c.close()
    expect('goes on', s.json('POST', '/api/instruments/1/run', {'action': 'run'})[0], 200)


def autoset_without_a_signal(s):
    code, answer = s.json('POST', '/api/instruments/3/run', {'action': 'autoset'}, timeout=40)
    expect('auto-set', code, 409)
    if 'no signal' not in answer['error']:
        raise AssertionError(answer)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--grat', required=True)
    a = p.parse_args()
    results = []

    def run(function, *args):
        try:
            function(*args)
            print('ok   ' + function.__name__, flush=True)
            results.append({'name': function.__name__, 'result': 'passed'})
        except Exception as error:  # whatever it is, the others still run
            traceback.print_exc()
            print('FAIL %s: %s' % (function.__name__, error), flush=True)
            results.append({'name': function.__name__, 'result': 'failed', 'reason': str(error)[:300]})

    with tempfile.TemporaryDirectory() as folder:
        quiet = ','.join('ch%d=dc:0V' % n for n in (1, 2, 3, 4))
        with Server(a.grat, 'SIM::ds1104z?ch1=sine:1kHz:2V:0V', 'SIM::bitscope', 'SIM::ds1104z?' + quiet, '--listen',
                    '127.0.0.1:0', '--folder', folder) as s:
            for function in (values_are_the_signal, measurements_and_files, one_acquisition_a_picture,
                             bitscope_is_captured_from, a_recording_is_seen,
                             memory_reading_is_cancelled, autoset_without_a_signal):
                run(function, s)
        run(nothing_is_left_behind, folder)
        run(lost_and_found, a, folder)
    if os.environ.get('GRAT_RESULTS'):
        with open(os.path.join(os.environ['GRAT_RESULTS'], 'serve_instruments.json'), 'w', encoding='ascii') as f:
            json.dump(results, f)
    return 1 if any(r['result'] == 'failed' for r in results) else 0


sys.exit(main())
