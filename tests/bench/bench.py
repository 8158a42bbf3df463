#!/usr/bin/env python3
"""Ours, the peers and the limit, side by side on the same simulated instrument.

bench.py --build BUILD_DIR [--quick]    prints a table and writes BUILD_DIR/bench.json

Server on core 0, every client on core 1. The rounds of all contestants are interleaved; medians are compared. The
bytes of the answers are compared before anything is timed.
"""
import argparse
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

SYSTEM_PYTHON = '/usr/bin/python3'
HOST = '127.0.0.1'
RAW, VXI = 'TCPIP::%s::5555::SOCKET' % HOST, 'TCPIP::%s::INSTR' % HOST
CORE_PORT = 20111
BLOCK = 10 * 1000 * 1000

VISA_LOOP = '''
import sys, time, pyvisa
resource, kind, count, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
inst = pyvisa.ResourceManager('@py').open_resource(resource, read_termination='\\n', write_termination='\\n')
inst.timeout = 60000
inst.chunk_size = 1 << 20
inst.query('*IDN?')
begin = time.perf_counter()
for i in range(count):
    if kind == 'query':
        data = inst.query('*IDN?').strip().encode()
    else:
        data = inst.query_binary_values(':BLOCK? %d' % size, datatype='B', container=bytes)
spent = time.perf_counter() - begin
total = 0
if size < 100000:
    for b in data:
        total = (total * 31 + b) & 0xFFFFFFFFFFFFFFFF
print(spent, len(data), '%x' % total)
'''
VISA_ONCE = '''
import pyvisa
print(pyvisa.ResourceManager('@py').open_resource('%s').query('*IDN?').strip())
''' % VXI
SAVETXT = '''
import sys, time, numpy
n = int(sys.argv[2])
data = numpy.column_stack([numpy.arange(n) * 1e-9, (numpy.arange(n) * 3 // 16 % 256) * 0.04 - 5.12,
                           (numpy.arange(n) * 4 // 16 % 256) * 0.04 - 5.12])
begin = time.perf_counter()
numpy.savetxt(sys.argv[1], data, delimiter=',', fmt='%.9g')
print(time.perf_counter() - begin)
'''


def pinned(core, command):
    return ['taskset', '-c', str(core)] + command if shutil.which('taskset') else command


def run(command, timeout=120):
    done = subprocess.run(pinned(1, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
    if done.returncode:
        raise RuntimeError('%s: %s' % (' '.join(command)[:100], (done.stderr or done.stdout).decode()[-200:]))
    return done.stdout


def whole(command):
    """Seconds of a whole process."""
    begin = time.perf_counter()
    run(command)
    return time.perf_counter() - begin


class Sim:
    def __init__(self, grat, *args):
        self.process = subprocess.Popen(pinned(0, [grat, 'sim'] + list(args)), stdout=subprocess.PIPE)

    def __enter__(self):
        for line in self.process.stdout:
            if line.startswith(b'ready'):
                return self
        raise RuntimeError('grat sim did not get ready')

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        self.process.stdout.close()


class Bench:
    def __init__(self, args):
        self.build, self.quick = args.build, args.quick
        self.grat = os.path.join(args.build, 'src', 'cli', 'grat')
        self.rows = []

    def tool(self, name):
        return os.path.join(self.build, 'tests', 'bench', name)

    def median(self, contestants, rounds):
        """{name: median} of {name: function giving a number}; one that fails is left out and named."""
        values = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, function in contestants.items():
                if values[name] is None:
                    continue
                try:
                    values[name].append(function())
                except (RuntimeError, OSError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
                    print('bench: %s: %s' % (name, error), file=sys.stderr)
                    values[name] = None
        return {name: statistics.median(v) for name, v in values.items() if v}

    def row(self, what, unit, times, want, command, ours='ours', limit='limit'):
        if ours not in times:
            print('bench: %s: ours did not run' % what, file=sys.stderr)
            return
        peers = {k: v for k, v in times.items() if k not in (ours, limit)}
        self.rows.append({'what': what, 'unit': unit, 'ours': times[ours], 'limit': times.get(limit), 'peers': peers,
                          'of_limit': times[ours] / times[limit] if limit in times else None,
                          'of_best_peer': times[ours] / min(peers.values()) if peers else None,
                          'want': want, 'command': command})

    # ---- one connection ----------------------------------------------------------------------------

    def loops(self):
        for kind, count, slow, size in (('query', 3000, 300, 0), ('block', 20, 5, BLOCK)):
            if self.quick:
                count, slow = max(3, count // 10), max(2, slow // 10)
            for wire, name in (('raw', RAW), ('vxi11', VXI)):
                self.loop(kind, wire, name, (count, slow, size))

    def loop(self, kind, wire, name, amount):
        count, slow, size = amount
        port = '5555' if wire == 'raw' else str(CORE_PORT)
        ours = [self.tool('bench_client'), 'lib', wire, name, port, kind]
        bare = [self.tool('bench_client'), 'bare', wire, HOST, port, kind]
        visa = [SYSTEM_PYTHON, '-c', VISA_LOOP, name, kind]
        small = [run(c + ['2', str(min(size, 50000))]).split()[1:] for c in (ours, bare)]
        if small[0] != small[1]:
            raise RuntimeError('%s over %s: the answers differ: %r' % (kind, wire, small))

        def each(command, n):
            return lambda: float(run(command + [str(n), str(size)]).split()[0]) / n * 1e6
        contestants = {'limit': each(bare, count), 'ours': each(ours, count), 'pyvisa-py': each(visa, slow)}
        lxi = shutil.which('lxi')
        if lxi and kind == 'query':
            contestants['lxi'] = lambda: self.lxi_benchmark(lxi, wire, slow)
        times = self.median(contestants, 3 if self.quick else 5)
        what = '%s over %s%s' % (kind, wire, '' if kind == 'query' else ' (%d MB)' % (size // 1000000))
        self.row(what, 'us', times, 'at most 1.10 of the limit', ' '.join(ours + [str(count), str(size)]))

    @staticmethod
    def lxi_benchmark(lxi, wire, count):
        more = ['-r', '-p', '5555'] if wire == 'raw' else []
        text = run([lxi, 'benchmark', '-a', HOST, '-c', str(count)] + more).decode()
        return 1e6 / float(re.search(r'([\d.]+)\s*requests/second', text).group(1))

    # ---- whole processes -----------------------------------------------------------------------------

    def processes(self, what, want, commands, rounds):
        def once(name, command):
            return lambda: whole(command) * 1000
        seconds = self.median({name: once(name, command) for name, command in commands.items()}, rounds)
        memory = {name: self.peak(commands[name]) for name in seconds}
        shown = ' '.join(commands['ours'])
        self.row(what, 'ms', seconds, want, shown)
        self.row(what + ', max RSS', 'MiB', memory, 'less than the peers', shown)

    def peak(self, command):
        done = subprocess.run([self.tool('bench_peak')] + command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              timeout=120, check=True)
        return float(done.stderr.split()[-1]) / 1024

    def one_query(self):
        commands = {'ours': [self.grat, 'query', VXI, '*IDN?'], 'pyvisa-py': [SYSTEM_PYTHON, '-c', VISA_ONCE]}
        if shutil.which('lxi'):
            commands['lxi'] = ['lxi', 'scpi', '-a', HOST, '*IDN?']
        self.processes('one query, whole process', 'less than the peers', commands, 3 if self.quick else 11)

    def screenshot(self, folder):
        out = os.path.join(folder, 'shot')
        commands = {'ours': [self.grat, 'screenshot', VXI, '-o', out + '.png']}
        if shutil.which('lxi'):
            commands['lxi'] = ['lxi', 'screenshot', '-a', HOST, out + '-lxi.png']
        pipe = "echo ':display:data?' | nc -N %s 5555 | tail -c +12 | head -c 1152054 > %s.bmp && " % (HOST, out)
        text = subprocess.run(['convert', '-version'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False).stdout if shutil.which('convert') else b''
        if b'ImageMagick' in text:
            commands['nc+convert'] = ['sh', '-c', pipe + 'convert %s.bmp %s-c.png' % (out, out)]
        if shutil.which('ffmpeg'):
            commands['nc+ffmpeg'] = ['sh', '-c', pipe + 'ffmpeg -v error -y -i %s.bmp %s-f.png' % (out, out)]
        self.processes('screenshot to PNG, whole process', 'less than the peers', commands, 3 if self.quick else 9)

    # ---- files -------------------------------------------------------------------------------------------

    def table(self, folder):
        n, part = (1000000, 100000) if self.quick else (10000000, 500000)
        out = os.path.join(folder, 'table.csv')
        ours = [self.tool('bench_table'), out, str(n)]
        savetxt = [SYSTEM_PYTHON, '-c', SAVETXT, out, str(part)]
        contestants = {'ours': lambda: float(run(ours)),
                       'numpy.savetxt (from %d)' % part: lambda: float(run(savetxt)) * n / part}
        if shutil.which('sigrok-cli'):
            raw = os.path.join(folder, 'raw.bin')
            with open(raw, 'wb') as f:
                f.write(b'\x00\x01\x02\x03' * (part // 4))
            sigrok = ['sigrok-cli', '-I', 'binary:numchannels=2', '-i', raw, '-O', 'csv', '-o', out]
            contestants['sigrok-cli 2 logic channels (from %d)' % part] = lambda: whole(sigrok) * n / part
        times = self.median(contestants, 2 if self.quick else 3)
        self.row('CSV of %d samples x 2' % n, 's', times, 'less than the peers', ' '.join(ours))

    def run_all(self):
        parts = [('plain', lambda folder: (self.loops(), self.one_query())), ('ds1104z', self.screenshot)]
        with tempfile.TemporaryDirectory() as folder:
            for model, part in parts:
                with Sim(self.grat, model + '@' + HOST, '--vxi-port=%d' % CORE_PORT):
                    part(folder)
            self.table(folder)

    def show(self):
        line = '%-36s %4s %10s %10s %8s  %-46s %s'
        print(line % ('what', 'unit', 'ours', 'limit', 'ratio', 'peers (ours/peer)', 'want'))
        for r in self.rows:
            peers = ', '.join('%s %.4g (%.2f)' % (n, v, r['ours'] / v) for n, v in r['peers'].items())
            print(line % (r['what'], r['unit'], '%.4g' % r['ours'], '%.4g' % r['limit'] if r['limit'] else '-',
                          '%.2f' % r['of_limit'] if r['of_limit'] else '-', peers, r['want']))
        for r in self.rows:
            print('%s: %s' % (r['what'], r['command']))
        with open(os.path.join(self.build, 'bench.json'), 'w') as f:
            json.dump(self.rows, f, indent=1)


def enter_namespace():
    if os.environ.get('GRAT_BENCH_INSIDE'):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s.fileno(), 0x8914, struct.pack('16sH14s', b'lo', 0x41, b''))  # SIOCSIFFLAGS: up
        return
    options = '-n' if os.geteuid() == 0 else '-Urn'
    if shutil.which('unshare') and subprocess.run(['unshare', options, 'true'], check=False).returncode == 0:
        os.environ['GRAT_BENCH_INSIDE'] = '1'
        os.execvp('unshare', ['unshare', options, sys.executable] + sys.argv)


def main():
    parser = argparse.ArgumentParser(description='Ours, the peers and the limit.')
    parser.add_argument('--build', required=True)
    parser.add_argument('--quick', action='store_true')
    args = parser.parse_args()
    enter_namespace()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bench = Bench(args)
    bench.run_all()
    bench.show()
    return 0


if __name__ == '__main__':
    sys.exit(main())
