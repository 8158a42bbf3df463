"""One instrument on the LAN: queries, blocks, whole processes."""
import os
import re
import shutil
import subprocess

from kit import HOST, SYSTEM_PYTHON, Sim, run

RAW, VXI = 'TCPIP::%s::5555::SOCKET' % HOST, 'TCPIP::%s::INSTR' % HOST
CORE_PORT = 20111
BLOCK = 100 * 1000 * 1000
BLOCK_OF_PYVISA = 10 * 1000 * 1000

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


def ours_and_bare(bench, wire, name, kind):
    port = '5555' if wire == 'raw' else str(CORE_PORT)
    return ([bench.tool('bench_client'), 'lib', wire, name, port, kind],
            [bench.tool('bench_client'), 'bare', wire, HOST, port, kind])


def same_bytes(ours, bare, size):
    small = [run(c + ['2', str(min(size, 50000))]).split()[1:] for c in (ours, bare)]
    if small[0] != small[1]:
        raise RuntimeError('the answers differ: %r' % small)


def each(command, n, size, scale=1.0):
    return lambda: float(run(command + [str(n), str(size)]).split()[0]) / n * 1e6 * scale


def lxi_benchmark(wire, count):
    more = ['-r', '-p', '5555'] if wire == 'raw' else []
    text = run(['lxi', 'benchmark', '-a', HOST, '-c', str(count)] + more).decode()
    return 1e6 / float(re.search(r'([\d.]+)\s*requests/second', text).group(1))


def query(bench, wire, name):
    ours, bare = ours_and_bare(bench, wire, name, 'query')
    same_bytes(ours, bare, 0)
    count, slow = (300, 100) if bench.quick else (3000, 300)
    visa = [SYSTEM_PYTHON, '-c', VISA_LOOP, name, 'query']
    contestants = {'limit': each(bare, count, 0), 'ours': each(ours, count, 0), 'pyvisa-py': each(visa, slow, 0)}
    if shutil.which('lxi'):
        contestants['lxi'] = lambda: lxi_benchmark(wire, count)
    times = bench.median(contestants, 3 if bench.quick else 7)
    want = {'limit': 1.15} if wire == 'raw' else {'lxi': 1.0}
    bench.row('query over %s' % wire, 'us', times, want, ' '.join(ours + [str(count), '0']))


def block(bench, wire, name):
    ours, bare = ours_and_bare(bench, wire, name, 'block')
    same_bytes(ours, bare, BLOCK)
    visa = [SYSTEM_PYTHON, '-c', VISA_LOOP, name, 'block']
    count = 2 if bench.quick else 10
    contestants = {'limit': each(bare, count, BLOCK), 'ours': each(ours, count, BLOCK)}
    times = bench.median(contestants, 3 if bench.quick else 7)
    scaled = each(visa, 1, BLOCK_OF_PYVISA, BLOCK / BLOCK_OF_PYVISA)
    times.update(bench.median({'pyvisa-py (from 10 MB)': scaled}, 1))
    want = {'limit': 1 / 0.95} if wire == 'raw' else {'pyvisa-py': 1 / 3, 'limit': 2.0}
    bench.row('100 MB block over %s' % wire, 'us', times, want, ' '.join(ours + [str(count), str(BLOCK)]))


def processes(bench, what, wants, commands, rounds):
    def once(command):
        return lambda: bench.process(command)[0] * 1000
    times = bench.median({name: once(command) for name, command in commands.items()}, rounds)
    shown = ' '.join(commands['ours'])
    bench.row(what, 'ms', times, wants, shown)
    memory = {name: bench.process(commands[name])[1] for name in times}
    bench.row(what + ', max RSS', 'MiB', memory, {'lxi': 8 / memory['lxi']} if 'lxi' in memory else {}, shown)


def one_query(bench):
    commands = {'ours': [bench.grat, 'query', VXI, '*IDN?'], 'pyvisa-py': [SYSTEM_PYTHON, '-c', VISA_ONCE]}
    if shutil.which('lxi'):
        commands['lxi'] = ['lxi', 'scpi', '-a', HOST, '*IDN?']
    processes(bench, 'one query, whole process', {'lxi': 1.0, 'pyvisa-py': 1 / 40}, commands, 3 if bench.quick else 11)


def screenshot(bench):
    out = os.path.join(bench.folder, 'shot')
    commands = {'ours': [bench.grat, 'screenshot', VXI, '-o', out + '.png']}
    wants = {}
    if shutil.which('lxi'):
        commands['lxi'] = ['lxi', 'screenshot', '-a', HOST, out + '-lxi.png']
        wants['lxi'] = 1.0
    pipe = "echo ':display:data?' | nc -N %s 5555 | tail -c +12 | head -c 1152054 > %s.bmp && " % (HOST, out)
    text = subprocess.run(['convert', '-version'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False).stdout if shutil.which('convert') else b''
    if b'ImageMagick' in text:
        commands['nc+convert'] = ['sh', '-c', pipe + 'convert %s.bmp %s-c.png' % (out, out)]
        wants['nc+convert'] = 1.0
    if shutil.which('ffmpeg'):
        commands['nc+ffmpeg'] = ['sh', '-c', pipe + 'ffmpeg -v error -y -i %s.bmp %s-f.png' % (out, out)]
        wants['nc+ffmpeg'] = 1.0
    processes(bench, 'screenshot to PNG, whole process', wants, commands, 3 if bench.quick else 9)


def rows(bench):
    with Sim(bench.grat, 'plain@' + HOST, '--vxi-port=%d' % CORE_PORT):
        for wire, name in (('raw', RAW), ('vxi11', VXI)):
            query(bench, wire, name)
            block(bench, wire, name)
        one_query(bench)
    with Sim(bench.grat, 'ds1104z@' + HOST, '--vxi-port=%d' % CORE_PORT):
        screenshot(bench)
