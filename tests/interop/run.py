#!/usr/bin/env python3
"""Other people's programs against our simulators, and our files in other people's readers.

run.py --grat PATH [NAME…]    all checks, or those named; needs a network namespace of its own and makes one
"""
import argparse
import csv
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import zlib

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import CHECKS, Bench, Skip, Wrong, check, expect, need, run  # noqa: E402

SYSTEM_PYTHON = '/usr/bin/python3'
BMP_BYTES = 1152054


def need_modules(*names):
    if not os.path.exists(SYSTEM_PYTHON):
        raise Skip('%s is not there' % SYSTEM_PYTHON)
    for name in names:
        if subprocess.run([SYSTEM_PYTHON, '-c', 'import ' + name], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, timeout=60).returncode:
            raise Skip('%s has no module %s' % (SYSTEM_PYTHON, name))


class Place:
    def __init__(self, grat, folder):
        self.grat, self.folder = grat, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def scope(self, *options, model='ds1104z', address='127.0.0.1'):
        args = ['%s@%s' % (model, address)]
        args += ['--option=' + option for option in options]
        return Bench(self.grat, *args)

    def run(self, *args, **more):
        return run([self.grat] + list(args), **more)


# ---- files, judged without our own code --------------------------------------------------------------

def check_bmp(data):
    expect(data[:2] == b'BM', 'not a BMP: %r' % data[:8])
    size, offset = struct.unpack('<I', data[2:6])[0], struct.unpack('<I', data[10:14])[0]
    width, height, _, depth = struct.unpack('<iiHH', data[18:30])
    expect((width, abs(height), depth) == (800, 480, 24), '%d x %d at %d bits' % (width, height, depth))
    expect(size == BMP_BYTES, 'the header says %d bytes' % size)
    expect(len(data) >= BMP_BYTES and len(data) <= BMP_BYTES + 2, '%d bytes, not %d' % (len(data), BMP_BYTES))
    expect(len(set(data[offset:offset + 800 * 480 * 3:7])) > 8, 'the picture is empty')


def check_png(data):
    """Walks every chunk with its CRC, inflates, and returns what follows IEND."""
    expect(data[:8] == b'\x89PNG\r\n\x1a\n', 'not a PNG: %r' % data[:8])
    pos, pixels, width, height = 8, b'', 0, 0
    while True:
        expect(pos + 12 <= len(data), 'the PNG ends before IEND')
        length, kind = struct.unpack('>I4s', data[pos:pos + 8])
        body = data[pos + 8:pos + 8 + length]
        crc = struct.unpack('>I', data[pos + 8 + length:pos + 12 + length])[0]
        expect(crc == zlib.crc32(kind + body), 'chunk %s has a wrong CRC' % kind.decode())
        pos += 12 + length
        if kind == b'IHDR':
            width, height = struct.unpack('>II', body[:8])
        if kind == b'IDAT':
            pixels += body
        if kind == b'IEND':
            break
    expect((width, height) == (800, 480), 'the PNG is %d x %d' % (width, height))
    expect(len(zlib.decompress(pixels)) > 480, 'the PNG has no pixels')
    return data[pos:]


# ---- lxi-tools ---------------------------------------------------------------------------------------

@check
def lxi_discover(place):
    lxi = need('lxi')
    with place.scope():
        text = run([lxi, 'discover', '-t', '1'], timeout=15).decode('utf-8', 'replace')
    expect('127.0.0.1' in text and 'DS1104Z' in text, 'it does not list the scope: %r' % text[-300:])


@check
def lxi_scpi_vxi11(place):
    lxi = need('lxi')
    with place.scope():
        text = run([lxi, 'scpi', '-a', '127.0.0.1', '*IDN?'], timeout=15).decode()
    expect(text.startswith('RIGOL TECHNOLOGIES,DS1104Z,'), 'it prints %r' % text[:200])


@check
def lxi_scpi_raw(place):
    lxi = need('lxi')
    with place.scope():
        text = run([lxi, 'scpi', '-a', '127.0.0.1', '-r', '-p', '5555', '*IDN?'], timeout=15).decode()
    expect(text.startswith('RIGOL TECHNOLOGIES,DS1104Z,'), 'it prints %r' % text[:200])


@check
def lxi_screenshot(place):
    """lxi finds the model by *IDN? and writes what comes: the PNG and possibly the message's LF."""
    lxi = need('lxi')
    theirs, ours = place.path('lxi.png'), place.path('grat.png')
    with place.scope('running=0'):
        run([lxi, 'screenshot', '-a', '127.0.0.1', theirs], timeout=30)
        place.run('screenshot', 'TCPIP::127.0.0.1::INSTR', '-o', ours)
    with open(theirs, 'rb') as f:
        data = f.read()
    expect(check_png(data) in (b'', b'\n'), 'more than a line feed follows the PNG')
    with open(ours, 'rb') as f:
        expect(check_png(f.read()) == b'', 'something follows our PNG')
    compare_pictures(theirs, ours)


def compare_pictures(one, two):
    need_modules('PIL')
    script = ('import sys\nfrom PIL import Image\na, b = (Image.open(p).convert("RGB") for p in sys.argv[1:])\n'
              'sys.exit(a.size != b.size or a.tobytes() != b.tobytes())')
    run([SYSTEM_PYTHON, '-c', script, one, two])


# ---- PyVISA ------------------------------------------------------------------------------------------

NOTEBOOK = '''
import sys, pyvisa
rm = pyvisa.ResourceManager('@py')
inst = rm.open_resource('TCPIP::127.0.0.1::INSTR')
print(inst.query('*IDN?').strip())
data = inst.query_binary_values(':DISPLAY:DATA?', datatype='B')
open(sys.argv[1], 'wb').write(bytes(data))
'''

SOCKET = '''
import pyvisa
rm = pyvisa.ResourceManager('@py')
inst = rm.open_resource('TCPIP::127.0.0.1::5555::SOCKET', read_termination='\\n', write_termination='\\n')
inst.timeout = 5000
print(inst.query('*IDN?'))
inst.write(':CHAN2:SCAL 0.5')
print(float(inst.query(':CHAN2:SCAL?')))
inst.close()
'''

REPEAT = '''
import pyvisa
rm = pyvisa.ResourceManager('@py')
for i in range(20):
    inst = rm.open_resource('TCPIP::127.0.0.1::INSTR')
    inst.timeout = 5000
    first = inst.query('*IDN?')
    assert first == inst.query('*IDN?') and 'DS1104Z' in first, first
    inst.clear()
    assert inst.query('*IDN?') == first
    inst.read_stb()
    inst.close()
print('same')
'''


@check
def pyvisa_notebook(place):
    """The steps of the notebook that this began with."""
    need_modules('pyvisa', 'pyvisa_py')
    with place.scope():
        text = run([SYSTEM_PYTHON, '-c', NOTEBOOK, place.path('pyvisa.bmp')], timeout=60).decode()
    expect(text.startswith('RIGOL TECHNOLOGIES,DS1104Z,'), '*IDN? gave %r' % text[:200])
    with open(place.path('pyvisa.bmp'), 'rb') as f:
        data = f.read()
    expect(len(data) == BMP_BYTES, '%d bytes, not %d' % (len(data), BMP_BYTES))
    check_bmp(data)


@check
def pyvisa_socket(place):
    need_modules('pyvisa', 'pyvisa_py')
    with place.scope():
        lines = run([SYSTEM_PYTHON, '-c', SOCKET], timeout=60).decode().split('\n')
    expect(lines[0].startswith('RIGOL TECHNOLOGIES,DS1104Z,') and lines[1] == '0.5', 'it prints %r' % lines)


@check
def pyvisa_links(place):
    """Twenty links one after another, each with a clear and a serial poll."""
    need_modules('pyvisa', 'pyvisa_py')
    with place.scope():
        expect(run([SYSTEM_PYTHON, '-c', REPEAT], timeout=60) == b'same\n', 'not the same answers')


# ---- netcat --------------------------------------------------------------------------------------------

@check
def nc_screenshot(place):
    need('nc')
    with place.scope():
        data = run("echo ':display:data?' | nc -N 127.0.0.1 5555 | tail -c +12", shell=True, timeout=20)
    check_bmp(data)


# ---- sigrok --------------------------------------------------------------------------------------------

@check
def sigrok_scan(place):
    sigrok = need('sigrok-cli')
    with place.scope():
        text = run([sigrok, '-d', 'rigol-ds:conn=tcp-raw/127.0.0.1/5555', '--scan'], timeout=30).decode()
    expect('DS1104Z' in text, 'it does not find the scope: %r' % text[:300])


def sigrok_volts(text):
    values = []
    for line in text.split('\n'):
        try:
            values.append(float(line.strip().split(',')[0]))
        except ValueError:
            continue
    return values


def csv_volts(path):
    with open(path, newline='') as f:
        rows = [row for row in csv.reader(f) if row and not row[0].startswith('#')]
    return [float(row[1]) for row in rows[1:]]


@check
def sigrok_capture(place):
    """The same record read by both: sigrok's capture leaves the scope stopped, then we read what it shows."""
    sigrok = need('sigrok-cli')
    with place.scope('noise=0', 'ch1=sine:1kHz:2V:0V'):
        resource = 'TCPIP::127.0.0.1::5555::SOCKET'
        place.run('write', resource, ':CHAN1:PROB 1;:CHAN1:SCAL 0.5;:TIM:MAIN:SCAL 0.0002;:TRIG:EDG:LEV 0')
        text = run([sigrok, '-d', 'rigol-ds:conn=tcp-raw/127.0.0.1/5555', '--channels', 'CH1', '--frames', '1',
                    '-O', 'csv:header=false:label=off'], timeout=40).decode()
        place.run('write', resource, ':STOP')
        place.run('capture', resource, '--current', '--channels', '1', '-o', place.path('ours.csv'))
    theirs, ours = sigrok_volts(text), csv_volts(place.path('ours.csv'))
    expect(len(theirs) == len(ours), 'sigrok has %d samples, we have %d' % (len(theirs), len(ours)))
    code = 8 * 0.5 / 200
    worst = max(abs(a - b) for a, b in zip(theirs, ours))
    expect(max(ours) - min(ours) > 1, 'the signal is flat')
    expect(worst <= code * 1.01, 'the samples differ by %.4f V, a code is %.4f V' % (worst, code))


# ---- wireshark -----------------------------------------------------------------------------------------

def sniffed(place, name, work):
    """Runs work() under tshark on lo and returns the capture file."""
    tshark = need('tshark')
    path = place.path(name + '.pcapng')
    sniffer = subprocess.Popen([tshark, '-i', 'lo', '-w', path, '-q'], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    try:
        os.set_blocking(sniffer.stderr.fileno(), False)
        deadline, said = time.monotonic() + 15, b''
        while b'Capture started' not in said and b'Capturing on' not in said:
            said += sniffer.stderr.read() or b''
            if sniffer.poll() is not None:
                raise Skip('tshark cannot capture here: %s' % said.decode('utf-8', 'replace').strip()[-200:])
            expect(time.monotonic() < deadline, 'tshark did not start')
            time.sleep(0.02)
        time.sleep(1)
        work()
        time.sleep(1)
    finally:
        if sniffer.poll() is None:
            sniffer.send_signal(signal.SIGINT)
            try:
                sniffer.wait(10)
            except subprocess.TimeoutExpired:
                sniffer.kill()
                sniffer.wait()
        sniffer.stderr.close()
    return path


def dissect(path, wanted):
    tshark = need('tshark')
    frames = run([tshark, '-r', path, '-T', 'fields', '-e', 'frame.protocols'], timeout=60).decode()
    for protocol in wanted:
        expect(re.search(r'\b%s\b' % protocol, frames), 'no frame is dissected as %s' % protocol)
    bad = run([tshark, '-r', path, '-Y', '_ws.malformed', '-T', 'fields', '-e', 'frame.number'], timeout=60).decode()
    expect(not bad.strip(), 'malformed frames: %s' % ' '.join(bad.split())[:100])


@check
def tshark_vxi11(place):
    def work():
        place.run('query', 'TCPIP::127.0.0.1::INSTR', '*IDN?')
        place.run('screenshot', 'TCPIP::127.0.0.1::INSTR', '-o', place.path('shark.png'))
    need('tshark')
    with place.scope():
        path = sniffed(place, 'vxi11', work)
    dissect(path, ['portmap', 'vxi11_core'])


@check
def tshark_discovery(place):
    need('tshark')
    with place.scope():
        path = sniffed(place, 'discovery', lambda: place.run('list', timeout=30))
    dissect(path, ['portmap'])


# ---- numpy, pandas -------------------------------------------------------------------------------------

READ_BACK = '''
import sys, numpy, pandas
npy, npz, text = numpy.load(sys.argv[1]), numpy.load(sys.argv[2]), pandas.read_csv(sys.argv[3])
names = list(npy.dtype.names or [])
columns = [npy[n] for n in names] if names else list(npy.T if npy.shape[0] > npy.shape[1] else npy)
assert len(columns) == text.shape[1], (names, list(text.columns))
assert len(columns[0]) == len(text) > 100, (len(columns[0]), len(text))
assert all(k.kind == 'f' or k.kind == 'i' for k in text.dtypes), text.dtypes
for a, b in zip(columns, text.columns):
    span = float(numpy.ptp(a)) or 1.0
    assert float(numpy.max(numpy.abs(a - text[b].to_numpy()))) < span * 1e-3, b
assert len(npz.files) >= 2, npz.files
assert any(npz[k].shape == columns[0].shape for k in npz.files), [(k, npz[k].shape) for k in npz.files]
step = numpy.diff(columns[0])
assert step.min() > 0 and step.max() - step.min() < step.mean() * 1e-3
assert numpy.ptp(columns[1]) > 0
print(len(columns[0]))
'''


@check
def numpy_pandas(place):
    """Our files in their readers, without an option."""
    need_modules('numpy', 'pandas')
    names = [place.path('trace.' + ending) for ending in ('npy', 'npz', 'csv')]
    with place.scope('running=0'):
        outputs = [word for name in names for word in ('-o', name)]
        place.run('capture', 'TCPIP::127.0.0.1::5555::SOCKET', '--current', '--channels', '1,2', *outputs)
    run([SYSTEM_PYTHON, '-c', READ_BACK] + names, timeout=60)


# ---- our own client ----------------------------------------------------------------------------------------

@check
def grat_list(place):
    """Two instruments on two addresses, each found once a wire and with its own identity."""
    with Bench(place.grat, 'ds1104z@127.0.0.1', 'mso1104z@127.0.0.2'):
        text = place.run('list', timeout=30).decode()
    expect('127.0.0.1' in text and '127.0.0.2' in text, 'it lists %r' % text[:300])
    expect('DS1104Z' in text and 'MSO1104Z' in text, 'without their models: %r' % text[:300])


@check
def grat_over_both_wires(place):
    with place.scope():
        answers = [place.run('query', 'TCPIP::127.0.0.1::%s' % tail, '*IDN?') for tail in ('INSTR', '5555::SOCKET')]
    expect(answers[0] == answers[1] and answers[0].startswith(b'RIGOL'), 'the answers are %r' % answers)


# ---- main ----------------------------------------------------------------------------------------------------

def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack('16sH14s', b'lo', 0x1 | 0x40, b'')
        fcntl.ioctl(s.fileno(), 0x8914, request)  # SIOCSIFFLAGS: IFF_UP | IFF_RUNNING


def enter_namespace(arguments):
    unshare = shutil.which('unshare')
    for options in (['-n'],) if os.geteuid() == 0 else (['-Urn'],):
        if unshare and subprocess.run([unshare] + options + ['true'], stderr=subprocess.DEVNULL).returncode == 0:
            again = [sys.executable, os.path.abspath(sys.argv[0]), '--inside']
            os.execv(unshare, ['unshare'] + options + again + arguments)
    return 'no network namespace can be made here (unshare %s)' % ' '.join(options)


def run_check(function, place):
    begin = time.monotonic()
    try:
        function(place)
        result, reason = 'passed', ''
    except Skip as skip:
        result, reason = 'skipped', str(skip)
    except Wrong as wrong:
        result, reason = 'failed', str(wrong)
    except Exception as error:  # a bug of the check itself is a failure, and the others still run
        traceback.print_exc()
        result, reason = 'failed', '%s: %s' % (type(error).__name__, error)
    word = {'passed': 'ok  ', 'failed': 'FAIL', 'skipped': 'skip'}[result]
    print('%s %s%s (%.1f s)' % (word, function.__name__, ': ' + reason if reason else '', time.monotonic() - begin),
          flush=True)
    return {'name': function.__name__, 'result': result, 'reason': reason}


def finish(results, name='peers'):
    folder = os.environ.get('GRAT_RESULTS')
    if folder:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name + '.json'), 'w') as f:
            json.dump(results, f, indent=1)
    count = {kind: sum(r['result'] == kind for r in results) for kind in ('passed', 'failed', 'skipped')}
    print('%(passed)d passed, %(failed)d failed, %(skipped)d skipped' % count)
    if count['failed']:
        return 1
    return 0 if count['passed'] else 77


def skip_all(chosen, name, why):
    return finish([{'name': c.__name__, 'result': 'skipped', 'reason': why} for c in chosen], name)


def main(checks, name, prepare):
    """name.json gets the results; prepare() runs once inside the namespace and may say False for nothing to run."""
    parser = argparse.ArgumentParser(description='Other programs against our simulators.')
    parser.add_argument('--grat', required=True)
    parser.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('names', nargs='*')
    args = parser.parse_args()
    args.grat = os.path.abspath(args.grat)
    chosen = [c for c in checks if not args.names or c.__name__ in args.names]
    if not args.inside:
        return skip_all(chosen, name, enter_namespace(['--grat', args.grat] + args.names))
    if prepare() is False:
        return skip_all(chosen, name, 'the loopback interface cannot be prepared')
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        return finish([run_check(c, Place(args.grat, folder)) for c in chosen], name)


if __name__ == '__main__':
    sys.exit(main(CHECKS, 'peers', loopback_up))
