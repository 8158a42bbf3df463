"""The same PyVISA program on our libvisa and on pyvisa-py; the limit of the raw rows is PyVISA on a library that does
nothing but send and recv (bare_visa.c).

"binary, to LF" is query_binary_values with a read termination, 39 062 line feeds among the data: a library that ends a
read at each of them is called as often. "text, to LF" is query of one line. NumPy arrays, because PyVISA needs longer
to make 10 M Python numbers than anybody to transfer them. Blocks are read a few times before the clock starts: at first
most of the time goes into the growing heap.
"""
import os

from kit import HOST, SYSTEM_PYTHON, Sim, run

RAW, VXI = 'TCPIP::%s::5555::SOCKET' % HOST, 'TCPIP::%s::INSTR' % HOST
BLOCK = 10 * 1000 * 1000

PROGRAM = '''
import sys, time, numpy, pyvisa
library, resource, kind, count, size = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
inst = pyvisa.ResourceManager(library).open_resource(resource, write_termination='\\n')
inst.timeout = 60000
socket = 'SOCKET' in resource
inst.read_termination = '\\n' if kind != 'block' else None
if kind != 'block':
    inst.query('*IDN?')
warm = 4 if size and count > 1 else 0
for i in range(warm + count):
    if i == warm:
        begin = time.perf_counter()
    if kind == 'query':
        data = inst.query('*IDN?').strip().encode()
    elif kind == 'text':
        data = inst.query(':TEXT? %d' % size)
    elif kind == 'block' and socket:
        inst.write(':BLOCK? %d' % size)
        data = inst.read_bytes(11 + size + 1)
    else:
        data = inst.query_binary_values(':BLOCK? %d' % size, datatype='B', container=numpy.ndarray)
spent = time.perf_counter() - begin
print(spent / count * 1e6, len(data), hash(data.encode() if kind == 'text' else bytes(data)))
'''


def program(library, name, kind, count, size):
    text = run([SYSTEM_PYTHON, '-c', PROGRAM, library, name, kind, str(count), str(size)], timeout=600,
               env=dict(os.environ, PYTHONHASHSEED='0')).split()
    return float(text[0]), text[1:]


def compare(bench, what, name, kind, counts, most, size=0):
    """counts: repetitions of ours and of the peer's; most: ours may take at most so many times the peer's time."""
    libraries = {'ours': (os.path.join(bench.build, 'libvisa.so.0'), counts[0]), 'pyvisa-py': ('@py', counts[1])}
    if name == RAW and kind in ('query', 'block'):
        libraries['limit'] = (bench.tool('libbench_bare_visa.so'), counts[0])
    small = [program(library, name, kind, 1, min(size, 20000))[1] for library, _ in libraries.values()]
    if any(s != small[0] for s in small):
        raise RuntimeError('%s: the answers differ: %r' % (what, small))
    times = bench.median({who: lambda which=which: program(which[0], name, kind, which[1], size)[0]
                          for who, which in libraries.items()}, 3 if bench.quick else 5)
    bench.row(what, 'us', times, {'pyvisa-py': most}, 'PyVISA (rows_visa.py) %s %s' % (name, kind))


def rows(bench):
    queries = (500, 200) if bench.quick else (3000, 1000)
    with Sim(bench.grat, 'plain@' + HOST, '--wires', 'raw,vxi11'):
        compare(bench, 'PyVISA query over raw', RAW, 'query', queries, 1 / 1.5)
        compare(bench, 'PyVISA query over vxi11', VXI, 'query', queries, 1 / 3)
        compare(bench, 'PyVISA 10 MB over raw', RAW, 'block', (10, 10), 1 / 1.5, BLOCK)
        compare(bench, 'PyVISA 10 MB over raw, binary, to LF', RAW, 'lines', (10, 3), 1 / 5, BLOCK)
        compare(bench, 'PyVISA 10 MB over raw, text, to LF', RAW, 'text', (10, 10), 1, BLOCK)
        compare(bench, 'PyVISA 10 MB over vxi11', VXI, 'block', (10, 2), 1 / 3, BLOCK)
        compare(bench, 'PyVISA 10 MB over vxi11, binary, to LF', VXI, 'lines', (10, 1), 1 / 50, BLOCK)
        compare(bench, 'PyVISA 10 MB over vxi11, text, to LF', VXI, 'text', (10, 2), 1 / 3, BLOCK)
